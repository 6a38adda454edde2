"""`costtui demo`: the product on a simulated host."""

import signal
import sys
import time
from types import FrameType

from costtui.cli import top
from costtui.cli.given import Given
from costtui.cli.picture import now_ms, stored_json
from costtui.demo.run import DemoOptions, simulated_host
from costtui.errors import CosttuiError, UsageError

HEADLESS_SECONDS = 5


def run(given: Given) -> int:
    """The screen on a simulated host; without a terminal, or headless, its status after some seconds."""
    seconds = _number(given.value("--seconds"), "--seconds", HEADLESS_SECONDS)
    seed = _number(given.value("--seed"), "--seed", 1)
    theme = top.known_theme(given.value("--theme"))
    flags = given.flags("--headless", "--no-history")
    given.no_more()
    painted = "--headless" not in flags and not given.plain and sys.stdin.isatty() and sys.stdout.isatty()
    options = DemoOptions(given.state_dir if given.state else None, seed, "--no-history" not in flags)
    previous = signal.signal(signal.SIGTERM, _leave)
    try:
        with simulated_host(options, now_ms(), top.load if painted else None) as state_dir:
            given.state = str(state_dir)
            if painted:
                return top.screen(given, state_dir, theme)
            return _headless(given, seconds, as_json="--headless" in flags)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _leave(number: int, _frame: FrameType | None) -> None:
    """SIGTERM unwinds, so that the children and the folder go too."""
    raise SystemExit(128 + number)


def _number(text: str | None, name: str, default: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"{name} needs a whole number, not {text!r}")
    return int(text)


def _headless(given: Given, seconds: int, *, as_json: bool) -> int:
    from costtui.cli import status

    time.sleep(seconds)
    body = stored_json(given.state_dir)
    if body is None:
        raise CosttuiError("the demo wrote no picture; try again with --state-dir DIR and see DIR/agent.log")
    if not as_json:
        print("costtui demo: a simulated host (no terminal here; `costtui demo --headless` prints JSON)")
    print(status.rendered(body, given, {"--json"} if as_json else set()))
    return 0

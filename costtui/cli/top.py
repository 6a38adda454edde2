"""`costtui`: the live screen, over an agent that runs already or that it starts after asking."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from costtui.cli.given import Given, nearest
from costtui.cli.picture import now_ms
from costtui.errors import CosttuiError, StoreBusy, UsageError
from costtui.store.lock import holder_pid

if TYPE_CHECKING:
    from costtui.tui.options import ThemeName

QUESTION = """\
No agent samples on this host yet (state: {state_dir}).
  y  start one that goes on after you leave     n  only while this screen is open     q  leave
"""


def run(given: Given) -> int:
    """Open the screen; where there is no terminal, print the status instead."""
    theme = known_theme(given.value("--theme"))
    flags = given.flags("--read-only")
    given.no_more()
    if given.plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return _plain(given)
    if os.environ.get("TERM", "dumb") == "dumb":
        raise CosttuiError("this terminal (TERM=dumb) cannot be painted on; try `costtui --plain`")
    if given.config_path is not None:
        from costtui.config.load import load

        load(given.config_path, now_ms())
    if "--read-only" in flags:
        return screen(given, given.state_dir, theme, may_steer=False)
    with _sampling(given) as go_on:
        return screen(given, given.state_dir, theme) if go_on else 0


def load() -> None:
    """Import what the screen needs, which takes 0.4 s."""
    import_module("costtui.tui.app")


def known_theme(name: str | None) -> "ThemeName | None":
    """A theme that exists. Raises UsageError for any other name."""
    from costtui.tui.options import THEMES

    if name is None:
        return None
    known = {theme: theme for theme in THEMES}
    if name not in known:
        raise UsageError(f"--theme: no {name!r}{nearest(name, THEMES)}; known: {', '.join(THEMES)}")
    return known[name]


def screen(given: Given, state_dir: Path, theme: "ThemeName | None" = None, *, may_steer: bool = True) -> int:
    """The screen over a state directory, until the user leaves."""
    from costtui.tui.feed import StoreFeed
    from costtui.tui.first import first_frame
    from costtui.tui.options import ScreenOptions

    options = ScreenOptions(theme=theme or ("mono" if given.no_color else None), ascii_only=given.ascii_only)
    feed = StoreFeed.open(state_dir)
    try:
        with first_frame(feed, now_ms(), options):
            from costtui.cli.actor import actor
            from costtui.tui.app import CosttuiApp
            from costtui.tui.archive import Archive
            from costtui.tui.helm import Helm

            helm = Helm(state_dir, actor(given.environ), now_ms) if may_steer else None
            app = CosttuiApp(feed, now_ms, options, helm, Archive(state_dir, now_ms))
            app.run()
        return app.return_code or 0
    finally:
        feed.close()


def _plain(given: Given) -> int:
    """Status once; on a terminal it goes on, a block of lines whenever something changed."""
    from costtui.cli import status

    given.arguments = ["--watch"] if given.plain and sys.stdout.isatty() else []
    given.verb = "status"
    return status.run(given)


@contextlib.contextmanager
def _sampling(given: Given) -> Iterator[bool]:
    """See that an agent samples; False when the user would rather leave."""
    if holder_pid(given.state_dir) is not None:
        yield True
        return
    sys.stdout.write(QUESTION.format(state_dir=given.state_dir))
    sys.stdout.flush()
    answer = _answer()
    if answer == "q":
        yield False
        return
    from costtui.agent.start import start_background
    from costtui.cli.agent import options_of

    if answer == "y":
        with contextlib.suppress(StoreBusy):
            start_background(options_of(given))
        yield True
        return
    with _while_open(given):
        yield True


def _answer() -> str:
    while True:
        try:
            word = input("[y/n/q] ").strip().lower()[:1]
        except EOFError:
            return "q"
        if word in ("y", "n", "q"):
            return word


@contextlib.contextmanager
def _while_open(given: Given) -> Iterator[None]:
    """An agent that ends with this process, however that ends."""
    from costtui.demo.children import started

    argv = ["costtui.agent", "--detached", "--state-dir", str(given.state_dir.absolute())]
    if given.config_path is not None:
        argv += ["--config", str(given.config_path.absolute())]
    process = started(argv, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

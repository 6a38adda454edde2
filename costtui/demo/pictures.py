"""`python -m costtui.demo.pictures FOLDER [SECONDS]`: the screenshots of the README, from a running simulated host."""

import asyncio
import contextlib
import sys
import time
from pathlib import Path

from costtui.demo.gateway import ACTOR
from costtui.demo.run import DemoOptions, simulated_host
from costtui.tui.app import CosttuiApp
from costtui.tui.archive import Archive
from costtui.tui.feed import StoreFeed
from costtui.tui.helm import Helm
from costtui.tui.options import ScreenOptions

SAMPLED_SECONDS = 90
"""Long enough for sparklines, for what an engine can do at best, and for every number to be a measured one."""
SETTLED_SECONDS = 1.0
"""What a screen asks of the ledger comes a moment after the key."""
WIDE, SMALL = (120, 40), (80, 24)
PICTURES: tuple[tuple[str, tuple[int, int], tuple[str, ...], ScreenOptions], ...] = (
    ("overview-120x40", WIDE, (), ScreenOptions()),
    ("overview-80x24", SMALL, (), ScreenOptions()),
    ("gpus-120x40", WIDE, ("2",), ScreenOptions()),
    ("routes-120x40", WIDE, ("3",), ScreenOptions()),
    ("spend-120x40", WIDE, ("4",), ScreenOptions()),
    ("spend-by-model-80x24", SMALL, ("4", "g"), ScreenOptions()),
    ("versus-120x40", WIDE, ("5",), ScreenOptions()),
    ("budgets-120x40", WIDE, ("6",), ScreenOptions()),
    ("requests-120x40", WIDE, ("7",), ScreenOptions()),
    ("bills-120x40", WIDE, ("8", "down", "down"), ScreenOptions()),
    ("advice-120x40", WIDE, ("9",), ScreenOptions()),
    ("idle-map-80x24", SMALL, ("9", "g"), ScreenOptions()),
    ("shift-120x40", WIDE, ("s", "right", "right", "right", "right"), ScreenOptions()),
    ("warnings-80x24", SMALL, ("w",), ScreenOptions()),
    ("overview-80x24-mono-ascii", SMALL, (), ScreenOptions(theme="mono", ascii_only=True)),
)


async def draw(state_dir: Path, folder: Path, now_ms: int) -> None:
    """Every picture of one moment; a form is looked at and left without a change."""
    for name, size, keys, options in PICTURES:
        with contextlib.closing(StoreFeed.open(state_dir)) as feed:
            (folder / f"{name}.svg").write_text(await _drawn(feed, state_dir, now_ms, size, keys, options))


async def _drawn(
    feed: StoreFeed, state_dir: Path, now_ms: int, size: tuple[int, int], keys: tuple[str, ...], options: ScreenOptions
) -> str:
    def clock() -> int:
        return now_ms

    app = CosttuiApp(feed, clock, options, Helm(state_dir, ACTOR, clock), Archive(state_dir, clock))
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause(SETTLED_SECONDS)
        return app.export_screenshot(title="costtui")


def main(arguments: list[str]) -> None:
    """Run the host, wait, draw."""
    folder = Path(arguments[0])
    seconds = int(arguments[1]) if len(arguments) > 1 else SAMPLED_SECONDS
    folder.mkdir(exist_ok=True)
    with simulated_host(DemoOptions(), time.time_ns() // 1_000_000) as state_dir:
        time.sleep(seconds)
        asyncio.run(draw(state_dir, folder, time.time_ns() // 1_000_000))


if __name__ == "__main__":
    main(sys.argv[1:])

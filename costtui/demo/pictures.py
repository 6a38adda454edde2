"""`python -m costtui.demo.pictures FOLDER [SECONDS]`: the screenshots of the README, from a running simulated host."""

import asyncio
import sys
import time
from pathlib import Path

from costtui.demo.run import DemoOptions, simulated_host
from costtui.tui.feed import StoreFeed
from costtui.tui.options import ScreenOptions
from costtui.tui.screenshot import svg_of

SAMPLED_SECONDS = 90
"""Long enough for sparklines, for what an engine can do at best, and for every number to be a measured one."""
WIDE, SMALL = (120, 40), (80, 24)
PICTURES: tuple[tuple[str, tuple[int, int], tuple[str, ...], ScreenOptions], ...] = (
    ("overview-120x40", WIDE, (), ScreenOptions()),
    ("overview-80x24", SMALL, (), ScreenOptions()),
    ("gpus-120x40", WIDE, ("2",), ScreenOptions()),
    ("warnings-80x24", SMALL, ("w",), ScreenOptions()),
    ("overview-80x24-mono-ascii", SMALL, (), ScreenOptions(theme="mono", ascii_only=True)),
)


async def draw(state_dir: Path, folder: Path, now_ms: int) -> None:
    """Every picture of one moment."""
    for name, size, keys, options in PICTURES:
        feed = StoreFeed.open(state_dir)
        try:
            svg = await svg_of(feed, now_ms, size, keys=keys, options=options)
        finally:
            feed.close()
        (folder / f"{name}.svg").write_text(svg)


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

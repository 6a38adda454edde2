"""The screen as a program, for tests on a real pseudo-terminal: `python -m tests.tui.program [hostile N]`."""

import sys
import time

from costtui.tui.app import CosttuiApp
from tests.tui.hostile import hostile_status, payloads
from tests.tui.pictures import NOW_MS, FixedFeed


class HostileFeed(FixedFeed):
    """Another attack at every look."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = payloads(count, seed=2)

    def look(self, now_ms: int):  # type: ignore[no-untyped-def]  # as in FixedFeed
        if self._left:
            self.picture = hostile_status(self._left.pop())
        return self.picture


class HastyClock:
    """Runs 40 times as fast as time, so that every look is due."""

    def __call__(self) -> int:
        return NOW_MS + time.monotonic_ns() // 25_000


def main() -> int:
    feed = HostileFeed(int(sys.argv[2])) if "hostile" in sys.argv else FixedFeed()
    app = CosttuiApp(feed, HastyClock())
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())

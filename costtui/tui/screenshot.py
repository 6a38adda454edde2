"""A picture of the screen without a terminal."""

from costtui.report.schema import Status
from costtui.tui.app import CosttuiApp
from costtui.tui.archive import Archive
from costtui.tui.feed import Feed, History
from costtui.tui.options import ScreenOptions


class OnePicture:
    """A feed that always hands out the same picture, with histories if there are any."""

    def __init__(self, status: Status | None, histories: dict[str, History] | None = None) -> None:
        self._status = status
        self._histories = histories or {}

    def look(self, now_ms: int) -> Status | None:
        """See `Feed.look`."""
        del now_ms
        return self._status

    def history(self, uuid: str, now_ms: int) -> History:
        """See `Feed.history`."""
        del now_ms
        return self._histories.get(uuid, ())

    def close(self) -> None:
        """Nothing to close."""


async def svg_of(
    feed: Feed,
    now_ms: int,
    size: tuple[int, int],
    *,
    keys: tuple[str, ...] = (),
    options: ScreenOptions | None = None,
    archive: Archive | None = None,
) -> str:
    """The screen as SVG at `size` (columns, lines), after the user pressed `keys`; `archive` for spend and the past."""
    app = CosttuiApp(feed, lambda: now_ms, options, archive=archive)
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return app.export_screenshot(title="costtui")

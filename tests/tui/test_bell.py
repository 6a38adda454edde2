"""The terminal's bell rings once for each alert that begins, and only where it is asked for."""

import msgspec
import pytest

from costtui.report.schema import Status, Warn
from costtui.tui.app import CosttuiApp
from tests.tui.pictures import FixedClock, FixedFeed, status

pytestmark = pytest.mark.anyio
LOST = Warn(key="gpu-lost:6", level="critical", text="GPU 6 LOST")
NEAR = Warn(key="budget:day", level="warn", text="budget day is near its limit")
NOTE = Warn(key="note", level="info", text="a note")


def told(*warnings: Warn, bell: bool = True) -> Status:
    picture = status()
    config = msgspec.structs.replace(picture.config, bell=bell)
    return msgspec.structs.replace(picture, warnings=warnings, config=config)


async def rings(monkeypatch: pytest.MonkeyPatch, *pictures: Status) -> int:
    """How often it rang over these pictures, the first of which was there when the screen opened."""
    rung: list[int] = []
    monkeypatch.setattr(CosttuiApp, "bell", lambda _: rung.append(1))
    feed = FixedFeed(pictures[0])
    app = CosttuiApp(feed, FixedClock())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for picture in pictures:
            feed.picture = picture
            app._stale = True
            app.look()
    return len(rung)


@pytest.mark.parametrize(
    ("pictures", "often"),
    [
        ((told(LOST), told(LOST)), 0),  # it was there before anybody looked
        ((told(), told(LOST), told(LOST), told(LOST, NEAR)), 2),
        ((told(), told(LOST), told(), told(LOST)), 2),
        ((told(), told(NOTE)), 0),
        ((told(bell=False), told(LOST, bell=False)), 0),
    ],
)
async def test_each_alert_that_begins_rings_once(
    pictures: tuple[Status, ...], often: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await rings(monkeypatch, *pictures) == often

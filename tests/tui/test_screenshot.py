"""Pictures for people who have no terminal at hand."""

import pytest

from costtui.tui.feed import SLOTS
from costtui.tui.options import ScreenOptions
from costtui.tui.screenshot import OnePicture, svg_of
from tests.tui.pictures import NOW_MS, status

pytestmark = pytest.mark.anyio


async def test_a_picture_is_drawn_at_a_size_after_keys_without_a_terminal() -> None:
    feed = OnePicture(status(), {"GPU-00000000": (100,) * SLOTS})
    overview = await svg_of(feed, NOW_MS, (80, 24))
    gpus = await svg_of(feed, NOW_MS, (160, 40), keys=("2",), options=ScreenOptions(theme="dark"))
    assert overview.startswith("<svg")
    assert "17.43" in overview
    assert "█" * SLOTS in gpus


async def test_the_same_picture_gives_the_same_drawing() -> None:
    drawings = {await svg_of(OnePicture(status()), NOW_MS, (80, 24)) for _ in range(2)}
    assert len(drawings) == 1

"""No string from outside steers the terminal, on any screen."""

import re
from dataclasses import replace

import pytest

from costtui.domain.clean import clean
from costtui.tui.app import CosttuiApp
from costtui.tui.form import Form
from costtui.tui.frame import framed, text_of
from costtui.tui.pane import Pane
from costtui.tui.scene import Choices, Scene
from tests.tui.archives import table
from tests.tui.hostile import MARK, hostile_status, payloads
from tests.tui.pictures import NOW_MS, FixedClock, FixedFeed
from tests.tui.test_frame import VIEWS

CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e0fff\ud800-\udfff]"
)


@pytest.mark.parametrize("view", VIEWS)
def test_no_control_character_of_the_data_reaches_a_line(view: str) -> None:
    for text in payloads(80):
        picture, opened = hostile_status(text), frozenset(map(str, range(990, 1_001)))
        choices = Choices(view=view, expanded=opened)  # type: ignore[arg-type]
        form = Form("shift", {text: (text, "b")}, text, (50, 50), (50, 50), reason=text, told=(text,), problem=text)
        whole = Scene(picture, NOW_MS, 200, 60, choices, spend=table(text=text), requests=picture.decisions)
        frame = framed(replace(whole, form=form) if view == "help" else whole)
        shown = text_of(frame)
        assert not CONTROL.search(shown), text.encode("unicode-escape")
        assert all("\n" not in run.text for line in frame.lines for run in line)
        assert MARK in shown


@pytest.mark.anyio
async def test_markup_in_a_name_is_shown_and_never_becomes_a_link_or_an_action() -> None:
    feed = FixedFeed(hostile_status("[@click=app.quit]press[/] [link=http://evil.example]me[/link]"))
    app = CosttuiApp(feed, FixedClock())
    async with app.run_test(size=(200, 60)) as pilot:
        for key in ("1", "2", "3", "w", "i"):
            await pilot.press(key)
            await pilot.pause()
            segments = [part for strip in app.query_one(Pane).render_lines(app.screen.region) for part in strip]
            assert not [part for part in segments if part.style and (part.style.meta or part.style.link)]
            assert "[@click=app.quit]press[/]" in "".join(part.text for part in segments)


@pytest.mark.anyio
async def test_a_row_with_an_attack_is_copied_without_it() -> None:
    app = CosttuiApp(FixedFeed(hostile_status("\x1b]52;c;eA==\x1b\\evil")), FixedClock())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", "y")
        assert "\x1b" not in app.clipboard
        assert clean(app.clipboard, 500) == app.clipboard

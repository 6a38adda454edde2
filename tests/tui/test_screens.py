"""Spend, requests, routes and the past: what keys show, how often they are asked for, and that nothing acts on then."""

from pathlib import Path

import msgspec
import pytest

from costtui.report.schema import Decision
from costtui.tui.app import CosttuiApp
from costtui.tui.steps import stepped
from tests.tui.archives import FixedArchive
from tests.tui.pictures import NOW_MS, FixedClock, FixedFeed, carried, decisions, engine, gpu, status
from tests.tui.steered import config_file, helm, text

SIZE = (80, 24)
MINUTE = 60_000
pytestmark = pytest.mark.anyio


def app_of(archive: FixedArchive | None = None, clock: FixedClock | None = None, **more: object) -> CosttuiApp:
    return CosttuiApp(FixedFeed(carried()), clock or FixedClock(), archive=archive or FixedArchive(), **more)  # type: ignore[arg-type]  # answers by hand


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("4",), "BY PROVIDER"),
        (("4",), "≥~1002.00"),
        (("4",), "SELF-HOSTED: shares of rent and power, in no sum above"),
        (("4", "g"), "BY MODEL"),
        (("4", "g", "g", "g", "g"), "BY TOKEN KIND"),
        (("4", "g", "g", "g", "g", "g"), "BY PROVIDER"),
        (("7",), "from the cache"),
        (("7", "j", "enter"), "usage estimated"),
        (("7", "slash", *"gpt5", "enter"), "~0.01052"),
        (("3",), "API, left alone:"),
        (("3",), "until 14:04 by ana, then idle-first"),
    ],
)
async def test_a_key_shows_what_it_names(keys: tuple[str, ...], found: str) -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert found in text(app)


async def test_a_filter_leaves_other_requests_out() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("7", "slash", *"gpt5", "enter")
        assert "llama" not in text(app)
        await pilot.press("slash", *"nobody", "enter")
        assert "no request matches the filter" in text(app)


@pytest.mark.parametrize("keys", [("end",), ("pagedown",) * 7, ("end", "pageup"), ("end", "enter", "up"), ("home",)])
async def test_every_request_is_drawn_when_the_cursor_comes_to_it(keys: tuple[str, ...]) -> None:
    class Long(FixedArchive):
        def requests(self, at_ms: int) -> tuple[Decision, ...]:
            return tuple(msgspec.structs.replace(decisions()[0], id=number) for number in range(200, 0, -1))

    app = app_of(Long())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("7", *keys)
        lines = text(app).splitlines()
        assert len(lines) == SIZE[1]
        assert all(line.strip() for line in lines)


async def test_models_of_one_maker_are_told_apart_where_both_names_do_not_fit() -> None:
    app = app_of(FixedArchive("meta-llama/Llama-3.1-8B-Instruct"))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("4", "g")
        assert "Llama-3.1-8B-Instru" in text(app)
        assert "meta-llama/" not in text(app)


@pytest.mark.parametrize(("tokens", "words"), [(0, "never asked"), (7, "no request of late")])
async def test_an_idle_engine_that_made_tokens_today_is_not_called_never_asked(tokens: int, words: str) -> None:
    idle = engine("mixtral", "mixtral", (0,), "idle", last_request_at=None, output_tokens_today=tokens)
    picture = status(gpus=(gpu(0, "idle loaded", engine="mixtral"),), engines=(idle,))
    app = CosttuiApp(FixedFeed(picture), FixedClock())
    async with app.run_test(size=SIZE):
        assert f"mixtral, {words}" in text(app)


async def test_requests_are_asked_every_five_seconds_and_only_while_they_are_looked_at() -> None:
    archive, clock = FixedArchive(), FixedClock()
    app = app_of(archive, clock)
    async with app.run_test(size=SIZE) as pilot:
        assert archive.asked == []
        await pilot.press("7")
        for _ in range(12):
            clock.now_ms += 1_000
            app.look()
        assert archive.asked == ["requests"] * 4
        await pilot.press("1")
        clock.now_ms += 60_000
        app.look()
        assert len(archive.asked) == 4


async def test_brackets_look_back_and_the_header_says_the_moment() -> None:
    archive = FixedArchive()
    app = app_of(archive)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("[", "[")
        assert text(app).startswith(" PAST Mon 23 Nov 11:59")
        assert archive.asked[-1] == f"picture {NOW_MS // MINUTE * MINUTE - 2 * MINUTE}"
        await pilot.press("]")
        assert text(app).startswith(" PAST Mon 23 Nov 12:00")
        await pilot.press("]")
        assert "PAST" not in text(app)


@pytest.mark.parametrize("key", ["0", "escape"])
@pytest.mark.parametrize("view", ["1", "2", "3", "4", "7", "w", "i"])
async def test_one_key_returns_from_the_past_on_every_screen(view: str, key: str) -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(view, "[")
        assert "PAST Mon 23 Nov 12:00" in text(app)
        await pilot.press(key)
        assert "PAST" not in text(app)


@pytest.mark.parametrize("key", ["s", "p", "d", "u"])
async def test_nothing_can_be_changed_while_looking_back(tmp_path: Path, key: str) -> None:
    config_file(tmp_path)
    app = app_of(helm=helm(tmp_path))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("[", key)
        assert "nothing can be changed in it" in text(app)
        assert "┌" not in text(app)


async def test_where_nothing_is_kept_looking_back_says_so() -> None:
    archive = FixedArchive()
    archive.closed = True
    app = app_of(archive)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("[")
        assert "nothing is kept" in text(app)
        assert "PAST" not in text(app)


async def test_leaving_lets_the_archive_go() -> None:
    archive = FixedArchive()
    async with app_of(archive).run_test(size=SIZE) as pilot:
        await pilot.press("q")
    assert archive.closed


def test_steps_are_minutes_at_first_and_hours_later_and_lead_back_the_same_way() -> None:
    at: int | None = None
    seen = []
    for _ in range(70):
        at = stepped(at, NOW_MS, -1)
        assert at is not None
        seen.append((NOW_MS // MINUTE * MINUTE - at) // MINUTE)
    assert seen[:16] == [*range(1, 16), 20]
    assert seen[-1] - seen[-2] in (30, 360)
    back = []
    while at is not None:
        back.append((NOW_MS // MINUTE * MINUTE - at) // MINUTE)
        at = stepped(at, NOW_MS, 1)
    assert back == seen[::-1]

"""The application under a pilot: what keys do, and that nothing is drawn without news."""

from pathlib import Path

import msgspec
import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from costtui.report.schema import Agent
from costtui.tui.app import CosttuiApp
from costtui.tui.frame import text_of
from costtui.tui.options import THEMES, ScreenOptions
from costtui.tui.pane import Pane
from tests.tui.pictures import FixedClock, FixedFeed, eight_gpus, gpu, status

SIZE = (80, 24)
pytestmark = pytest.mark.anyio


def app_of(feed: FixedFeed | None = None, clock: FixedClock | None = None, **options: object) -> CosttuiApp:
    return CosttuiApp(feed or FixedFeed(), clock or FixedClock(), ScreenOptions(**options))  # type: ignore[arg-type]


def text(app: CosttuiApp) -> str:
    assert app.frame is not None
    return text_of(app.frame)


async def pressed(app: CosttuiApp, *keys: str) -> str:
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        return text(app)


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("2",), "10 min"),
        (("2", "1"), "serves / held by"),
        (("w",), "GPU 4 empty for 6 days: 59.76 $/day"),
        (("i",), "connection refused at 127.0.0.1:8001"),
        (("question_mark",), "idle time included"),
        (("w", "escape"), "serves / held by"),
        (("o",), "o by idle $"),
        (("o", "O"), "o by idle $ rev"),
        (("enter",), "\n  0   ● busy"),
        (("t",), "theme: dark"),
        (("m",), "the mouse is the terminal's"),
        (("m", "m"), "the mouse is ours"),
    ],
)
async def test_a_key_shows_what_it_names(keys: tuple[str, ...], found: str) -> None:
    shown = (
        await pressed(app_of(), "question_mark", "end")
        if keys == ("question_mark",)
        else await pressed(app_of(), *keys)
    )
    assert found in shown


async def test_a_filter_is_typed_kept_and_dropped() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("slash", *"mixtralq")
        assert "filter: mixtralq_" in text(app)
        await pilot.press("backspace", "enter")
        assert "mixtral-8x7b" in text(app)
        assert "LOST   " not in text(app)
        assert "filter: mixtral" in text(app)
        await pilot.press("escape")
        assert "LOST   " in text(app)


async def test_the_terminal_cursor_rests_on_the_selected_row() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "down", "k", "j")
        await pilot.pause()
        assert app.frame is not None
        assert app.cursor_position.y == app.frame.cursor_y == 5
        assert text(app).splitlines()[5].startswith("▸3")


async def test_the_selection_stays_on_its_gpu_when_the_order_changes() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "j", "o")
        await pilot.pause()
        assert next(line for line in text(app).splitlines() if line.startswith("▸")).startswith("▸3")


async def test_a_click_selects_a_row() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.click(Pane, offset=(10, 6))
        await pilot.pause()
        assert text(app).splitlines()[6].startswith("▸4")


async def test_a_row_is_copied_as_text() -> None:
    app = app_of()
    await pressed(app, "j", "y")
    assert app.clipboard.startswith("2    ◐ low")


async def test_the_screen_is_saved_as_svg_and_text_and_says_where(tmp_path: Path) -> None:
    shown = await pressed(app_of(save_to=tmp_path), "S")
    assert "saved" in shown
    svg, txt = tmp_path / "costtui-overview-20261123-110103.svg", tmp_path / "costtui-overview-20261123-110103.txt"
    assert svg.read_text().startswith("<svg")
    assert "llama-3.3-70b" in txt.read_text()
    assert svg.stat().st_mode & 0o777 == 0o600


async def test_a_screen_that_cannot_be_saved_says_why(tmp_path: Path) -> None:
    assert "not saved" in await pressed(app_of(save_to=tmp_path / "absent"), "S")


async def test_themes_come_round_again() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        seen = [app.colours]
        for _ in THEMES:
            await pilot.press("t")
            seen.append(app.colours)
    assert seen == [*THEMES, THEMES[0]]


async def test_no_color_gives_the_theme_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_of()
    async with app.run_test(size=SIZE):
        assert app.colours == "mono"
        colours = {segment.style.color for strip in strips(app) for segment in strip if segment.style}
    assert colours == {None}


@pytest.mark.parametrize("theme", THEMES)
async def test_no_theme_paints_a_background_or_leaves_the_sixteen_colours(theme: str) -> None:
    app = app_of(theme=theme)
    async with app.run_test(size=SIZE):
        styles = [segment.style for strip in strips(app) for segment in strip if segment.style]
    assert {style.bgcolor for style in styles} == {None}
    assert all(style.color is None or (style.color.number or 0) < 16 for style in styles)


def strips(app: CosttuiApp) -> list:  # type: ignore[type-arg]  # Textual's strips
    pane = app.query_one(Pane)
    return pane.render_lines(pane.region)


@pytest.mark.parametrize("key", ["q", "ctrl+c", "ctrl+q"])
async def test_quitting_ends_the_screen_and_lets_the_feed_go(key: str) -> None:
    feed = FixedFeed()
    app = app_of(feed)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(key)
    assert app.return_code == 0
    assert feed.closed


async def repaints_during(
    app: CosttuiApp, pilot: Pilot[int], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Region, ...]]:
    painted: list[tuple[Region, ...]] = []
    pane = app.query_one(Pane)
    real = pane.refresh

    def counted(*regions: Region) -> Pane:
        painted.append(regions)
        return real(*regions)

    monkeypatch.setattr(pane, "refresh", counted)
    app.look()
    await pilot.pause()
    return painted


async def test_nothing_is_repainted_while_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, clock = FixedFeed(), FixedClock()
    app = app_of(feed, clock)
    async with app.run_test(size=SIZE) as pilot:
        clock.now_ms += 2_000
        feed.picture = status(at="2026-11-23T11:01:05Z")
        assert await repaints_during(app, pilot, monkeypatch) == []


async def test_one_changed_reading_repaints_its_few_cells_only(monkeypatch: pytest.MonkeyPatch) -> None:
    feed, clock = FixedFeed(), FixedClock()
    app = app_of(feed, clock)
    async with app.run_test(size=SIZE) as pilot:
        clock.now_ms += 2_000
        gpus = eight_gpus()
        feed.picture = status(gpus=(*gpus[:5], gpu(5, "other", memory_used_bytes=24 * 1024**3), *gpus[6:]))
        regions = (await repaints_during(app, pilot, monkeypatch))[0]
        assert "  24 " in text(app)
    assert sum(region.area for region in regions if region.y == 7) < 80
    assert {region.y for region in regions} == {7}


async def test_the_screen_says_within_a_second_that_the_agent_died() -> None:
    feed, clock = FixedFeed(), FixedClock()
    app = app_of(feed, clock)
    async with app.run_test(size=SIZE):
        assert "AGENT" not in text(app)
        feed.picture = msgspec.structs.replace(status(), agent=Agent(state="dead", age_seconds=31.0, pid=None))
        clock.now_ms += 1_000
        app.look()
        assert text(app).startswith(" AGENT DEAD: figures of 12:01")


async def test_a_storm_of_sizes_ends_in_a_frame_of_the_last_size() -> None:
    app = app_of()
    async with app.run_test(size=SIZE) as pilot:
        for width, height in ((1, 1), (500, 200), (20, 5), (3, 60), (200, 2), (80, 24), (1, 30), (120, 40)):
            await pilot.resize_terminal(width, height)
        await pilot.pause()
        assert app.frame is not None
        assert len(app.frame.lines) == 40
        assert len(strips(app)) == 40


async def test_without_a_picture_the_screen_waits_and_then_shows_it() -> None:
    feed, clock = FixedFeed(picture=None), FixedClock()
    app = app_of(feed, clock)
    async with app.run_test(size=SIZE):
        assert "no agent has written here yet" in text(app)
        feed.picture = status()
        clock.now_ms += 1_000
        app.look()
        assert "17.43 $/h" in text(app)

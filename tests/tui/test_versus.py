"""Screen 5: where own GPUs and prices cross, what one may try there, and the bill behind it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import msgspec
import pytest

from costtui.report.schema import ConfigState
from costtui.report.verdict import Situation
from costtui.tui.app import CosttuiApp
from costtui.tui.archive import Archive
from costtui.tui.frame import framed, text_of
from costtui.tui.glyphs import Glyphs
from costtui.tui.options import ScreenOptions, ThemeName
from costtui.tui.scene import Choices, Scene
from tests.report.verdict_host import END, keep_host
from tests.tui.archives import FixedArchive
from tests.tui.pictures import NOW_MS, FixedClock, FixedFeed, carried
from tests.tui.steered import text
from tests.tui.verdicts import DAY, situation

SIZE = (80, 24)
pytestmark = pytest.mark.anyio


def app_of(archive: FixedArchive, clock: FixedClock | None = None) -> CosttuiApp:
    return CosttuiApp(FixedFeed(carried()), clock or FixedClock(), archive=archive)  # type: ignore[arg-type]  # answers by hand


def seen(found: Situation | None, width: int = 120, height: int = 40, **chosen: object) -> str:
    glyphs = Glyphs(bool(chosen.pop("ascii_only", False)))
    choices = Choices(view="versus", **chosen)  # type: ignore[arg-type]  # fields by name
    return text_of(framed(Scene(carried(), NOW_MS // 60_000 * 60_000, width, height, choices, glyphs, situation=found)))


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        # 2 x 2.50 x 730 + 3125 + 400, against (3 x (1.25 x 2/3 + 0.125 / 3) + 10) / 4
        (("5",), "on 2 GPUs: ≥7,175 $/month, makes 346 Mtok/day; today 96.0, 28% of th"),
        (("5",), "against openai gpt-5, 3.16 $/Mtok: own GPUs pay now (74.7 Mtok/day, 22%)"),
        (("5",), "equal quality, and your latency objective held"),
        (("5", "plus"), "121 Mtok/day       what-if"),  # ten steps are ten times as much
        (("5", "minus"), "76.3 Mtok/day       what-if"),
        (("5", "j", "j", "plus"), "on 4 GPUs: ≥10,825"),  # GPUs come in replicas of two
        (("5", "j", "j", "j", "plus"), "2.625 $/GPU-h        what-if"),
        (("5", "j", "j", "j", "j", "plus"), "0.5 positions      what-if"),
        (("5", "j", "plus"), "33%"),
        (("5", "end", "plus"), "against novita llama-70b, 0.20 $/Mtok: never with 2 GPUs"),
        (("5", "plus", "minus"), "96.0 Mtok/day       measured"),
        (("5", "plus", "x"), "96.0 Mtok/day       measured"),
        (("5", "g"), "This host costs ≥8,195 $/month"),
        (("5", "g", "g"), "TRY + -"),
    ],
)
async def test_a_key_tries_another_number_and_the_answer_is_there_at_once(keys: tuple[str, ...], found: str) -> None:
    app = app_of(FixedArchive("meta/llama-70b"))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert found in text(app)


async def test_it_is_read_when_the_screen_opens_once_a_minute_and_nothing_is_drawn_in_between() -> None:
    archive, clock = FixedArchive(), FixedClock()
    app = app_of(archive, clock)
    async with app.run_test(size=SIZE) as pilot:
        assert archive.asked == []
        await pilot.press("5")
        drawn = app.frame
        clock.now_ms += 7_000
        app.look()
        assert app.frame is drawn
        assert archive.asked == ["situation"]
        clock.now_ms += 60_000
        app.look()
        assert archive.asked == ["situation"] * 2


async def test_what_is_tried_on_the_bill_or_elsewhere_does_nothing() -> None:
    app = app_of(FixedArchive())
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("5", "g", "plus", "g")
        assert "measured" in text(app)
        assert "what-if" not in text(app)
        await pilot.press("1", "plus", "5")
        assert "what-if" not in text(app)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 12), (200, 60), (20, 6), (80, 10)])
@pytest.mark.parametrize("page", ["flip", "bill"])
def test_no_line_is_wider_than_the_screen_and_none_is_missing(width: int, height: int, page: str) -> None:
    lines = seen(situation(), width, height, page=page).splitlines()
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)


def test_the_chart_marks_today_and_the_crossing_and_names_its_curves() -> None:
    shown = seen(situation())
    assert "from 74.7" in shown
    assert "today 96.0" in shown
    assert "own GPUs" in shown
    assert " 200 Mtok/day" in shown
    axis = next(line for line in shown.splitlines() if "╳" in line)
    assert axis.index("╳") < axis.index("^")


def test_the_crossing_is_drawn_where_the_volume_needed_lies() -> None:
    axis = next(line for line in seen(situation()).splitlines() if "╳" in line)
    # 74.7 of 200 over the 96 cells that are left between amounts and names
    assert axis.index("╳") - 8 == round(74.74 / 200 * 95)


def test_plain_terminals_get_no_dots() -> None:
    for page in ("flip", "bill"):
        shown = seen(situation(), ascii_only=True, page=page)
        assert shown.isascii(), [sign for sign in shown if not sign.isascii()]


def test_logarithms_show_small_volumes_too() -> None:
    assert "0 ⣀" not in seen(situation(), logarithmic=True)
    assert seen(situation(), logarithmic=True) != seen(situation())


def test_against_a_price_that_own_gpus_never_reach_nothing_is_marked() -> None:
    shown = seen(situation(), steps=(("price", 1),))
    assert "╳" not in shown
    assert "never with 2 GPUs" in shown


def test_more_gpus_that_would_pay_are_named_beside_never() -> None:
    # groq at 0.64: a pair is worth 6,728 and costs 3,650; 3,525 beside them take two pairs
    assert "never with 2; 4 would" in seen(situation())


def test_without_a_state_directory_the_screen_says_so() -> None:
    assert "cannot be read" in seen(None)


def test_a_host_that_knows_nothing_is_shown_with_question_marks() -> None:
    blank = replace(situation(), served=(), gpus=(), book=None, observed_ms=0, worked_ms=0)
    shown = seen(blank)
    assert "on ? GPUs: ? $/month" in shown
    assert "not known: gpus, usd-per-gpu-hour" in shown
    assert "? $/Mtok with idle hours" in seen(blank, page="bill")


def test_staff_that_is_tried_without_a_salary_takes_the_usual_one_and_says_so() -> None:
    found = situation()
    nobody = replace(found, beside=replace(found.beside, staff_usd_per_fte_year=replace(
        found.beside.staff_usd_per_fte_year, value=None)))  # fmt: skip
    # 3650 + 0.5 x 150000 / 12 + 400
    assert "≥10,300 $/month" in seen(nobody, steps=(("fte", 1),))


def test_the_archive_reads_what_the_host_knew_at_a_moment(tmp_path: Path) -> None:
    keep_host(tmp_path)
    archive = Archive(tmp_path, lambda: END)
    file = tmp_path / "config.toml"
    file.write_text('[targets.llama]\nengine = "vllm"\nurl = "http://127.0.0.1:8000"\n')
    present = msgspec.structs.replace(carried(), engines=(), config=ConfigState(str(file), None))
    found, before = archive.situation(END, present), archive.situation(END - 2 * DAY, present)
    assert found is not None
    assert before is not None
    # four whole days of 96 M tokens, and two of them
    assert found.served[0].tokens_per_day == before.served[0].tokens_per_day == 96_000_000
    assert (len(found.served[0].days), len(before.served[0].days)) == (4, 2)
    file.write_text("[tco]\nstaf = 1\n")
    assert archive.situation(END, present) is None
    archive.close()


def test_no_other_screen_pays_for_the_chart() -> None:
    late = ("plotille", "costtui.report.verdict")
    program = f"import sys, costtui.tui.app, costtui.tui.archive; print(*(name in sys.modules for name in {late}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]


class Compare(Protocol):
    def __call__(self, app: CosttuiApp, *, press: list[str], terminal_size: tuple[int, int]) -> bool: ...


CASES: dict[str, tuple[tuple[int, int], list[str], ThemeName, bool]] = {
    "versus-80x24": (SIZE, ["5"], "terminal", False),
    "versus-120x40": ((120, 40), ["5", "plus"], "terminal", False),
    "versus-mono": (SIZE, ["5"], "mono", False),
    "versus-light": (SIZE, ["5"], "light", False),
    "versus-ascii": (SIZE, ["5", "l"], "terminal", True),
    "bill-80x24": (SIZE, ["5", "g"], "terminal", False),
    "bill-120x40": ((120, 40), ["5", "g", "j"], "terminal", False),
    "bill-mono": (SIZE, ["5", "g"], "mono", False),
}


@pytest.mark.parametrize("case", CASES)
def test_the_screen_looks_as_it_did(case: str, snap_compare: Compare) -> None:
    size, keys, theme, ascii_only = CASES[case]
    options = ScreenOptions(theme=theme, ascii_only=ascii_only)
    archive = FixedArchive("meta/llama-70b")
    app = CosttuiApp(FixedFeed(carried()), FixedClock(), options, archive=archive)  # type: ignore[arg-type]  # answers by hand
    assert snap_compare(app, press=keys, terminal_size=size)

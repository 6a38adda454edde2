"""Screen 9: advice, what came of it, and the map of idle hours."""

import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from costtui.analysis.idle_hours import IdleSum
from costtui.domain.money import NanoUsd
from costtui.report.advised import Guidance
from costtui.report.schema import ConfigState
from costtui.report.words import duration
from costtui.store.controls import ControlsStore
from costtui.tui.app import CosttuiApp
from costtui.tui.archive import Archive
from costtui.tui.frame import framed, text_of
from costtui.tui.glyphs import Glyphs
from costtui.tui.scene import Choices, Scene
from tests.report.verdict_host import END, keep_host
from tests.tui.advised import guidance, idle
from tests.tui.archives import FixedArchive
from tests.tui.pictures import NOW_MS, FixedClock, FixedFeed, carried
from tests.tui.steered import steered, text

pytestmark = pytest.mark.anyio


def seen(found: Guidance | None = None, width: int = 120, height: int = 40, **chosen: object) -> str:
    glyphs, shown = Glyphs(bool(chosen.pop("ascii_only", False))), found or guidance(NOW_MS)
    choices = Choices(view="advice", **chosen)  # type: ignore[arg-type]  # fields by name
    return text_of(framed(Scene(carried(), NOW_MS // 60_000 * 60_000, width, height, choices, glyphs, guidance=shown)))


def words(shown: str) -> str:
    return " ".join(shown.split())


def test_the_dearest_stands_first_and_its_arithmetic_below() -> None:
    shown = seen()
    assert shown.index("1817.00") < shown.index("612.00") < shown.index("say what it costs")
    assert "idle 100% of 168.0 observed GPU hours, 418.32 $ of rent; x 730 h / 168.0 h = 1817.70 $" in words(shown)
    assert "? high gpt-9" in words(shown)


def test_the_selected_one_shows_the_command_that_carries_it_out_and_names_the_advice() -> None:
    shown = words(seen(selected="change-seller:llama-3.3-70b"))
    assert "costtui route shift chat novita=100 --for 2h" in shown
    assert "--reason 'advice: change-seller llama-3.3-70b: 90.00 $ a month'" in shown


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (40, 12)])
def test_it_fits_and_what_does_not_is_opened_under_its_row(width: int, height: int) -> None:
    key = "night:llama-3.3-70b"
    shown = seen(None, width, height, selected=key, expanded=frozenset({key}))
    assert all(len(line) <= width for line in shown.splitlines())
    assert "all its GPUs idle 56 hours" in words(shown)


def test_what_was_followed_stands_with_its_promise_and_a_wrong_one_is_told() -> None:
    shown = words(seen(selected="followed:1"))
    # 10 $ in 3 days are 101.39 $ in 730 hours
    assert "change-seller llama-3.3-70b: predicted 100.00 $ a month, realised 101.39 $ a month, 101% of it" in shown
    assert "shift-share gpt-oss: predicted 10.00 $ a month, realised -15.21 $ a month" in shown
    assert "5.00 $ at the former rates, 6.00 $ paid to APIs, -1.00 $ saved so far" in shown


def test_without_advice_it_says_what_it_would_take() -> None:
    assert "It takes GPUs whose rent is known" in words(seen(replace(guidance(NOW_MS), advice=(), followed=())))


def test_each_hour_of_the_week_is_shaded_by_what_idled_in_it() -> None:
    rows = {line.split()[0]: line for line in seen(hours=True).splitlines() if line[1:4] in ("Mon", "Sat")}
    # two GPUs at 2.49 $ from 00 to 08, one after it: the darkest shade and the third of five
    assert rows["Mon"] == " Mon " + "██ " * 8 + "▒▒ " * 16 + f" {24 * 2.49 + 8 * 2.49:>9.2f}"
    assert rows["Sat"].count("█") == 2 * 14
    assert "to 4.98" in seen(hours=True)


def test_below_the_map_stand_gpus_with_what_their_idle_rent_would_have_bought() -> None:
    shown = seen(hours=True)
    line = next(each for each in shown.splitlines() if "mixtral" in each)
    # 168 h at 2.49 $ are 418.32 $; since nine days, so by its date
    assert line.split()[:6] == ["▸1", "7d00h", "418.32", "14", "Nov", "mixtral"]
    assert "1.0G output tokens at deepinfra" in line
    # 168 hours of the one, 7 x 8 + 2 x 6 of the other
    assert f"{(168 + 68) * 2.49:.2f} $ idle in 7d00h, 9d20h of GPU time" in shown


def test_idle_rent_is_summed_by_model() -> None:
    assert "by model: mixtral 418.32 $; llama-3.3-70b 169.32 $; no model 0.00 $" in words(seen(hours=True))


@pytest.mark.parametrize("width", [40, 66, 80, 120])
def test_the_map_fits_any_width_and_plain_terminals(width: int) -> None:
    shown = seen(None, width, 24, hours=True, ascii_only=True)
    assert shown.isascii()
    assert all(len(line) <= width for line in shown.splitlines())
    assert ("Mon ##" if width in (40, 120) else "Mon # #") in shown


def test_idle_time_without_a_rate_is_unknown_and_not_nothing() -> None:
    found = idle(NOW_MS)
    gpu = replace(found.gpus[0], sum=IdleSum(3_600_000, NanoUsd(0), 3_600_000))
    unknown = replace(found, gpus=(gpu,), hours={}, whole=gpu.sum)
    shown = seen(replace(guidance(NOW_MS), idle=unknown), hours=True)
    assert f"{duration(3600)} of GPU time, {duration(3600)} of it at no known rate" in words(shown)
    assert "no idle hour has a known rate" in shown
    assert next(line for line in shown.splitlines() if "mixtral" in line).split()[2] == "?"


def app_of(archive: FixedArchive) -> CosttuiApp:
    return CosttuiApp(FixedFeed(carried()), FixedClock(), archive=archive)  # type: ignore[arg-type]  # answers by hand


async def test_it_is_asked_once_a_minute_and_only_while_somebody_looks() -> None:
    archive = FixedArchive()
    app = app_of(archive)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert archive.asked == []
        await pilot.press("9", "j", "g", "j", "g")
        await pilot.pause()
        assert archive.asked == ["guidance"]
        assert "what to do about it" in text(app)


async def test_y_copies_the_command_and_where_there_is_none_the_row() -> None:
    app = app_of(FixedArchive())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9", "y")
        assert app.clipboard.startswith("1817.00")
        await pilot.press("j", "j", "y")
        assert app.clipboard.startswith("costtui route shift chat novita=100 --for 2h --reason 'advice: change-seller")


async def test_s_opens_the_shift_that_the_advice_means_and_its_reason_is_followed_up(tmp_path: Path) -> None:
    app = steered(tmp_path, archive=FixedArchive())
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9", "s")
        assert "no shift does that: stop what is on GPU 1" in text(app)
        await pilot.press("j", "j", "s")
        assert "novita" in text(app)
        await pilot.press("enter")
        await pilot.pause()
    with closing(ControlsStore.open(tmp_path)) as store:
        (made,) = store.state().revisions
    assert made.reason == "advice: change-seller llama-3.3-70b: 90.00 $ a month"
    assert (made.route, {name: share for name, share in made.weights if share}) == ("chat", {"novita": 100})


async def test_a_shift_to_a_target_that_the_route_has_not_is_refused(tmp_path: Path) -> None:
    archive = FixedArchive()
    archive.shares = (("elsewhere", 100),)
    app = steered(tmp_path, archive=archive)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("9", "j", "j", "s")
        assert "chat has other targets now" in text(app)


def test_the_archive_reads_advice_of_the_week_from_a_real_state_directory(tmp_path: Path) -> None:
    keep_host(tmp_path)
    file = tmp_path / "config.toml"
    file.write_text('[host]\ntimezone = "UTC"\n')
    archive = Archive(tmp_path, lambda: END)
    present = carried(config=ConfigState(path=str(file), loaded_at=None))
    found = archive.guidance(END, present)
    assert found is not None
    assert found.idle.to_ms - found.idle.from_ms == 7 * 86_400_000
    assert found.idle.gpus
    file.write_text("[host]\ntimezon = 1\n")
    assert archive.guidance(END, present) is None
    archive.close()


def test_no_other_screen_loads_what_advice_is_made_of() -> None:
    code = "import sys, costtui.tui.app, costtui.tui.archive; print([m for m in sys.modules if 'advi' in m])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"

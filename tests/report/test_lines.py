"""The stored picture, made present, and the text that one-shot commands print."""

import json
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costtui.config.model import Config
from costtui.domain.amount import RateSource
from costtui.domain.budget import Budget
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.report import lines, live
from costtui.report.observation import GpuNow
from costtui.report.schema import from_json, to_json
from costtui.store.reader import TelemetryReader
from tests.report.scene import (
    CONFIG,
    HOUR,
    MIDNIGHT,
    Book,
    composer_of,
    contract,
    engine,
    gpu,
    seen,
    token_ticks,
    write,
)

NOON = MIDNIGHT + 12 * HOUR
USD = 1_000_000_000


def body(state_dir: Path, gpus: list[GpuNow], config: Config = CONFIG, **more: Any) -> bytes:
    reader = TelemetryReader(state_dir)
    try:
        return to_json(composer_of(reader, state_dir).compose(seen(NOON, gpus, **more), config, Book("0.20")))
    finally:
        reader.close()


def picture(state_dir: Path, gpus: list[GpuNow], config: Config = CONFIG, **more: Any) -> dict[str, Any]:
    return live.patch(body(state_dir, gpus, config, **more), NOON, 4711, NOON, alive=True)


@pytest.mark.parametrize(
    ("age_ms", "alive", "state"),
    [
        (0, True, "running"),
        (3_000, True, "running"),
        (3_001, True, "late"),
        (30_000, True, "late"),
        (30_001, True, "dead"),
        (1_000, False, "dead"),
    ],
)
def test_the_age_of_the_picture_says_how_the_agent_is(tmp_path: Path, age_ms: int, alive: bool, state: str) -> None:
    found = live.patch(body(tmp_path, [gpu(0, GpuState.BUSY)]), NOON, 4711, NOON + age_ms, alive=alive)
    assert found["agent"] == {"state": state, "age_seconds": Decimal(age_ms) / 1000, "pid": 4711}


def test_only_the_agent_block_of_the_stored_picture_changes(tmp_path: Path) -> None:
    stored = body(tmp_path, [gpu(0, GpuState.BUSY)])
    spliced = live.splice(stored, NOON, 4711, NOON + 7_000, alive=True)
    before, after = json.loads(stored), json.loads(spliced)
    assert after.pop("agent")["state"] == "late"
    before.pop("agent")
    assert before == after
    assert from_json(spliced).agent.age_seconds == 7.0


def test_amounts_stay_exact_on_the_way_to_a_face(tmp_path: Path) -> None:
    kept = {"GPU-0": contract("2.490000001")}
    found = picture(tmp_path, [gpu(0, GpuState.BUSY)], kept=kept)
    assert found["today"]["gpu_usd"] == Decimal("29.880000012")


def test_where_no_agent_ever_ran_everything_is_unknown(tmp_path: Path) -> None:
    found = live.absent()
    assert found["agent"]["state"] == live.agent_state(None, NOON, alive=False) == "none"
    assert all(amount is None for amount in found["burn"].values())
    assert "no agent" in lines.text(found)[0]
    assert lines.line(found) == "costtui: no agent"


def test_the_text_says_what_it_costs_how_much_is_idle_and_what_to_look_at(tmp_path: Path) -> None:
    write(tmp_path, {"GPU-0": [(NOON - HOUR, NOON, GpuState.BUSY)]}, token_ticks(NOON))
    budgets = (Budget("day", ("gpu",), Window("day"), NanoUsd(100 * USD)),)
    gpus = [
        gpu(0, GpuState.BUSY, engines=("llama",)),
        gpu(1, GpuState.EMPTY, since_ms=NOON - 2 * HOUR),
        gpu(6, GpuState.LOST, since_ms=NOON - HOUR),
        gpu(7, GpuState.OTHER, reason="alice: train.py"),
    ]
    shown = lines.text(picture(tmp_path, gpus, replace(CONFIG, budgets=budgets), engines=(engine(),)))
    # 4 x 2.49 = 9.96; two hours of 2.49 are 4.98; 12 h x 9.96 = 119.52
    assert shown[0] == "gpu-07  9.96 $/h = GPU 9.96 + power 0.00 + API ?  12:00"
    assert shown[1] == "idle 2.49 $/h, 25% of rent · lost 2.49 $/h · today 119.52 $ (idle 0.00) · month 5378.40 $"
    assert shown[3].split()[:2] == ["0", "busy"]
    assert shown[5].startswith("6    LOST")
    assert shown[6].endswith("alice: train.py, since 00:00")
    assert "1.5k in 700 out tok/s  1.15 $/Mtok allocation, 1.15 usage; novita 0.20" in shown[7]
    assert shown[8] == "budget day: 119.52 of 100.00 $ this day, 120% over"
    assert any(each.startswith("! GPU 6 LOST since 11:00, paid 2.49 $") for each in shown)


def test_the_line_for_tmux_is_short_and_names_the_worst(tmp_path: Path) -> None:
    gpus = [gpu(0, GpuState.BUSY), gpu(1, GpuState.EMPTY), gpu(6, GpuState.LOST)]
    budgets = (
        Budget("day", ("gpu",), Window("day"), NanoUsd(100 * USD)),
        Budget("fine", ("gpu",), Window("day"), NanoUsd(900 * USD)),
    )
    found = picture(tmp_path, gpus, replace(CONFIG, budgets=budgets))
    # 89.64 of 100 used at 7.47 $/h: 10.36 / 7.47 = 1.3869 h = 1 h 23 min
    assert lines.line(found) == "7.47$/h idle 2.49 | 89.6/100 OVER 13:23 | gpu6 LOST"


def test_a_dead_agent_is_said_in_the_line_and_in_the_text(tmp_path: Path) -> None:
    found = live.patch(body(tmp_path, [gpu(0, GpuState.BUSY)]), NOON, 4711, NOON + 120_000, alive=False)
    assert lines.line(found).endswith("agent dead 2m")
    assert lines.text(found)[0].endswith("AGENT DEAD for 2m")


def test_unknown_rates_are_marked_and_never_shown_as_0(tmp_path: Path) -> None:
    partly = picture(tmp_path, [gpu(0, GpuState.BUSY), gpu(1, GpuState.BUSY)], kept={"GPU-0": contract()})
    assert lines.line(partly).startswith("≥2.49$/h")
    assert lines.line(partly, ascii_only=True).startswith(">=2.49$/h")
    nothing = picture(tmp_path, [gpu(0, GpuState.BUSY)], kept={})
    assert lines.line(nothing).startswith("?$/h idle ?")


def test_a_list_price_is_said_in_words(tmp_path: Path) -> None:
    found = picture(tmp_path, [gpu(0, GpuState.BUSY)], kept={"GPU-0": contract(source=RateSource.LIST)})
    assert "GPU 2.49 list" in lines.text(found)[0]


def test_a_sharp_is_doubled_for_tmux(tmp_path: Path) -> None:
    found = picture(tmp_path, [gpu(6, GpuState.LOST)])
    found["gpus"][0]["index"] = "#(reboot)"
    assert "##(reboot)" in lines.line(found)
    assert lines.line(found).replace("##", "").count("#") == 0


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(hostile=st.text(), width=st.integers(1, 200), ascii_only=st.booleans())
def test_no_string_of_the_picture_reaches_a_line_unclean(
    tmp_path: Path, hostile: str, width: int, ascii_only: bool
) -> None:
    """A picture may come from another host: its strings are cleaned again."""
    found = picture(tmp_path, [gpu(0, GpuState.OTHER), gpu(6, GpuState.LOST)], engines=(engine(),))
    found["host"]["name"] = hostile
    found["gpus"][0]["reason"] = found["gpus"][0]["engine"] = found["engines"][0]["name"] = hostile
    found["warnings"] = [{"key": "x", "level": "warn", "text": hostile}]
    for shown in (*lines.text(found, ascii_only=ascii_only, width=width), lines.line(found, ascii_only=ascii_only)):
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)
        assert not ascii_only or shown.isascii()
    assert all(len(shown) <= width for shown in lines.text(found, ascii_only=ascii_only, width=width))


def test_the_text_needs_no_heavy_import() -> None:
    heavy = ("textual", "rich", "httpx", "asyncio", "msgspec", "sqlite_utils", "psutil")
    program = f"import sys; from costtui.report import lines, live; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

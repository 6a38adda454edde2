"""`costtui idle` as a user runs it."""

import json
from dataclasses import replace
from decimal import Decimal

from costtui.domain.gpu import GpuState
from costtui.domain.tick import EngineCursor, GpuTick
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.cli.clock import now_ms
from tests.cli.shell import Shell
from tests.report.scene import contract

QUARTER = 900_000


ENGINE = """
[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:8000/v1", model = "meta-llama/Llama-3.3-70B-Instruct", gpus = [3] }
"""


def idle(shell: Shell) -> None:
    """One GPU at 2.40 $/h, empty for the last two whole quarters: 1.20 $."""
    end = now_ms() // QUARTER * QUARTER
    with_terms = contract("2.40", from_ms=end - 86_400_000)[0].terms
    writer = TelemetryWriter.open(shell.state_dir, now_ms=end)
    for quarter in (1, 0):
        at_ms = end - quarter * QUARTER
        tick = GpuTick("GPU-a", at_ms, QUARTER, GpuState.EMPTY, 0, 0, 70_000, 30, 1)
        known = KnownGpu("GPU-a", 3, "NVIDIA H100 \x1b[2J", end - 86_400_000, end, GpuState.EMPTY, end - 7_200_000)
        writer.record(Second(at_ms, (tick,), (), (known,))).result(10)
    writer.keep_terms("GPU-a", with_terms, end - 86_400_000).result(10)
    writer.close()


def test_idle_rent_is_exact_by_gpu_and_by_hour(shell: Shell) -> None:
    idle(shell)
    said = shell("idle", "--json")
    document = json.loads(said.out, parse_float=Decimal)
    assert (said.code, document["schema"]) == (0, "costtui.idle/1")
    (gpu,) = document["gpus"]
    assert (document["usd"], gpu["usd"], gpu["idle_seconds"], gpu["index"]) == (
        Decimal("1.2"),
        Decimal("1.2"),
        1_800,
        3,
    )
    assert sum(hour["usd"] for hour in document["hours"]) == Decimal("1.2")
    assert document["stop_after_seconds"] == 300


def test_the_text_says_since_when_and_draws_the_week(shell: Shell) -> None:
    idle(shell)
    for plain in ((), ("--ascii",)):
        said = shell("idle", *plain)
        assert (said.code, said.err) == (0, "")
        assert "1.20 $" in said.out
        assert "idle now for 2h" in said.out
        assert sum(line.startswith("  ") and line[2:5] in ("Mon", "Sun", "Thu") for line in said.out.splitlines()) == 3
        assert "\x1b" not in said.out
    assert shell("idle", "--ascii").out.isascii()


def test_idle_rent_is_told_by_model_and_by_weekday(shell: Shell) -> None:
    idle(shell)
    assert json.loads(shell("idle", "--json").out, parse_float=Decimal)["models"] == [
        {"model": None, "idle_seconds": 1_800, "usd": Decimal("1.2"), "unknown_rate_seconds": 0}
    ]
    shell.config(ENGINE)
    said = shell("idle").out
    assert "by model: meta-llama/Llama-3.3-70B-Instruct 1.20 $" in said
    days = [
        line.split()[-1] for line in said.splitlines() if line[2:5] in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    ]
    assert sum(Decimal(day) for day in days) == Decimal("1.20")


def test_when_to_stop_is_told_by_the_start_that_was_seen_or_as_said_or_assumed(shell: Shell) -> None:
    idle(shell)
    assert "once it idled for a start: 5m, assumed: no start of an engine was seen yet" in shell("idle").out
    shell.config(ENGINE)
    writer = TelemetryWriter.open(shell.state_dir, now_ms=now_ms())
    cursor = EngineCursor("llama", now_ms(), cold_start_seconds=84)
    writer.record(Second(now_ms(), (), (), (), (cursor, replace(cursor, engine="elsewhere")))).result(10)
    writer.close()
    said = shell("idle").out
    assert "llama took 84 s to start: where it is paid only while it is up, stop it once it idled for 84 s" in said
    assert "sleeping frees memory and stops no rent" in said
    assert "elsewhere" not in said
    assert json.loads(shell("idle", "--json").out)["starts"] == [
        {"engine": "llama", "cold_start_seconds": 84, "stop_after_seconds": 84}
    ]
    assert "once it idled for a start: 2m, as said" in shell("idle", "--cold-start", "2m").out


def test_without_a_gpu_and_with_a_wrong_duration_it_says_what_to_do(shell: Shell) -> None:
    assert "costtui agent start" in shell("idle").out
    refused = shell("idle", "--cold-start", "soon")
    assert (refused.code, "--cold-start needs a duration" in refused.err) == (64, True)

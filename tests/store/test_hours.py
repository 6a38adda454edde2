"""Hours and days beside quarters: the same sums from fewer rows, also in a store that had none of them."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from costtui.domain.gpu import GpuState
from costtui.domain.tick import EngineTick, GpuTick
from costtui.store import schema
from costtui.store.place import TELEMETRY
from costtui.store.reader import TelemetryReader
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter

HOUR = 3_600_000
BEGIN = 500_000 * HOUR
END = BEGIN + 60 * HOUR
SPANS = ((BEGIN, END), (BEGIN + 900_000, END - 2_700_000), (BEGIN + 1_234_567, END - 7_000_001))


def watched(state_dir: Path) -> None:
    """Two days and a half of two GPUs and an engine, in spans of every length up to an hour and a half."""
    dice = Random(3)
    with closing(TelemetryWriter.open(state_dir, now_ms=BEGIN)) as writer:
        at_ms = BEGIN
        while at_ms < END:
            span = dice.randrange(1, 5_400_000)
            at_ms += span
            ticks = tuple(
                GpuTick(f"GPU-{gpu}", at_ms, span, dice.choice(list(GpuState)), 7, 1, 500_000, 40, span // 2)
                for gpu in range(2)
            )
            known = tuple(KnownGpu(tick.uuid, 0, "H100", BEGIN, at_ms, tick.state, at_ms) for tick in ticks)
            engine = EngineTick("llama", at_ms, span, span // 3, dice.randrange(10**6), dice.randrange(10**5), 0)
            writer.record(Second(at_ms, ticks, (engine,), known)).result(10)


def as_it_was(state_dir: Path, version: int) -> None:
    """A store of an earlier version: 7 has no days, 6 no hours either."""
    grains = ("1d",) if version == 7 else ("1d", "1h")
    with closing(sqlite3.connect(state_dir / TELEMETRY)) as connection:
        for grain in grains:
            connection.executescript(f"drop table gpu_{grain}; drop table engine_{grain}")
        connection.execute(f"pragma user_version = {version}")


def told(state_dir: Path) -> list[object]:
    with closing(TelemetryReader(state_dir)) as reader:
        asked = [(reader.gpu_totals(*span), reader.engine_totals(*span)) for span in SPANS]
        idle = [reader.idle_hours(*span, ahead) for span in SPANS for ahead in (0, 3_600_000, 19_800_000)]
    assert all(totals and engines for totals, engines in asked)
    assert all(idle)
    return [*asked, *idle]


@pytest.mark.parametrize("version", [6, 7])
def test_what_is_asked_is_the_same_with_hours_and_days_and_without(tmp_path: Path, version: int) -> None:
    watched(tmp_path)
    before = told(tmp_path)
    as_it_was(tmp_path, version)
    assert told(tmp_path) == before


@pytest.mark.parametrize("version", [6, 7])
@pytest.mark.parametrize(("table", "least"), [("gpu_1h", 60), ("engine_1h", 60), ("gpu_1d", 3), ("engine_1d", 3)])
def test_a_store_that_had_no_hours_or_days_is_given_them(tmp_path: Path, table: str, least: int, version: int) -> None:
    watched(tmp_path)
    with closing(sqlite3.connect(tmp_path / TELEMETRY)) as connection:
        written = connection.execute(f"select * from {table}").fetchall()
    as_it_was(tmp_path, version)
    TelemetryWriter.open(tmp_path, now_ms=END).close()
    with closing(sqlite3.connect(tmp_path / TELEMETRY)) as connection:
        assert connection.execute(f"select * from {table}").fetchall() == written
        assert connection.execute("pragma user_version").fetchone()[0] == schema.VERSION
    assert len(written) >= least

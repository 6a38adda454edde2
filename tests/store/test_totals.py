"""What goes in comes out, to the millisecond and the millijoule."""

import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from costtui.domain.gpu import GpuState
from costtui.domain.tick import EngineTick, GpuTick, StateTotals
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.store.conftest import NOON_MS

QUARTER_MS = 900_000


def gpu_tick(at_ms: int, span_ms: int = 1_000, state: GpuState = GpuState.BUSY, energy: int | None = 0) -> GpuTick:
    return GpuTick("GPU-a", at_ms, span_ms, state, 50, 1_000, 70_000, 40, energy)


def record(writer: TelemetryWriter, *ticks: GpuTick, engines: tuple[EngineTick, ...] = ()) -> None:
    writer.record(Second(ticks[-1].at_ms if ticks else NOON_MS, ticks, engines)).result(10)


def test_a_second_is_found_by_its_window(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    record(writer, gpu_tick(NOON_MS + 1_000, energy=70_000))
    totals = reader.gpu_totals(NOON_MS, NOON_MS + 1_000)["GPU-a"]
    assert totals.milliseconds[GpuState.BUSY] == 1_000
    assert totals.energy_millijoules == 70_000
    assert reader.gpu_totals(NOON_MS + 1_000, NOON_MS + 2_000) == {}


def test_a_long_span_over_midnight_is_cut_at_the_quarter(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    # 120 s that end 45 s after the quarter: 75 s before it, 45 s after; 120,000 mJ go the same way
    record(writer, gpu_tick(NOON_MS + 45_000, 120_000, GpuState.EMPTY, 120_000))
    before = reader.gpu_totals(NOON_MS - QUARTER_MS, NOON_MS)["GPU-a"]
    after = reader.gpu_totals(NOON_MS, NOON_MS + QUARTER_MS)["GPU-a"]
    assert (before.milliseconds[GpuState.EMPTY], before.energy_millijoules) == (75_000, 75_000)
    assert (after.milliseconds[GpuState.EMPTY], after.energy_millijoules) == (45_000, 45_000)


def test_unknown_energy_is_told_from_none_used(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    record(writer, gpu_tick(NOON_MS + 1_000, energy=None), gpu_tick(NOON_MS + 2_000, energy=0))
    totals = reader.gpu_totals(NOON_MS, NOON_MS + QUARTER_MS)["GPU-a"]
    assert (totals.observed_ms, totals.energy_known_ms) == (2_000, 1_000)


def test_gap_tokens_are_kept_apart_from_observed_ones(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    tick = EngineTick("llama", NOON_MS + 1_000, 0, 0, gap_input_tokens=70, gap_output_tokens=30)
    record(writer, engines=(tick, EngineTick("llama", NOON_MS + 2_000, 1_000, 400, 10, 5, 2)))
    totals = reader.engine_totals(NOON_MS, NOON_MS + QUARTER_MS)["llama"]
    assert (totals.gap_input_tokens, totals.gap_output_tokens) == (70, 30)
    assert (totals.input_tokens, totals.output_tokens, totals.cached_input_tokens) == (10, 5, 2)
    assert (totals.observed_ms, totals.worked_ms) == (1_000, 400)


def test_history_leaves_out_what_nobody_observed(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    record(writer, gpu_tick(NOON_MS + 1_000), gpu_tick(NOON_MS + 31_000))
    points = reader.gpu_history("GPU-a", NOON_MS, NOON_MS + 60_000, 10_000)
    assert [(point.at_ms - NOON_MS, point.utilization_percent) for point in points] == [(0, 50), (30_000, 50)]


SPANS = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(1, 400_000), st.sampled_from(list(GpuState)), st.integers(0, 10**9)),
    min_size=1,
    max_size=12,
)


def laid_out(spans: list[tuple[int, int, GpuState, int]]) -> list[GpuTick]:
    """Ticks one after the other, with gaps between them."""
    at_ms, ticks = NOON_MS, []
    for gap_ms, span_ms, state, energy in spans:
        at_ms += gap_ms + span_ms
        ticks.append(gpu_tick(at_ms, span_ms, state, energy))
    return ticks


@settings(max_examples=40, deadline=None)
@given(SPANS, st.integers(0, 6), st.integers(0, 6))
def test_windows_add_up_and_lose_nothing(spans: list[tuple[int, int, GpuState, int]], first: int, second: int) -> None:
    ticks = laid_out(spans)
    edges = sorted((0, first, second, 40))
    with tempfile.TemporaryDirectory() as folder:
        writer = TelemetryWriter.open(Path(folder), now_ms=NOON_MS)
        record(writer, *ticks)
        writer.close()
        reader = TelemetryReader(Path(folder))
        windows = [(NOON_MS + a * QUARTER_MS, NOON_MS + b * QUARTER_MS) for a, b in itertools.pairwise(edges)]
        parts = [total for window in windows for total in reader.gpu_totals(*window).values()]
        whole = reader.gpu_totals(NOON_MS, NOON_MS + 40 * QUARTER_MS)["GPU-a"]
        reader.close()
    assert sums(parts) == sums([whole]) == sums_of(ticks)


def sums(totals: list[StateTotals]) -> tuple[dict[GpuState, int], int]:
    states = {state: sum(total.milliseconds[state] for total in totals) for state in GpuState}
    return states, sum(total.energy_millijoules for total in totals)


def sums_of(ticks: list[GpuTick]) -> tuple[dict[GpuState, int], int]:
    states = {state: sum(tick.span_ms for tick in ticks if tick.state is state) for state in GpuState}
    return states, sum(tick.energy_millijoules or 0 for tick in ticks)

"""The picture of an earlier moment agrees with what was true then."""

from contextlib import closing
from decimal import Decimal
from pathlib import Path

from costtui.domain.gpu import GpuState
from costtui.report.lookback import NOT_OBSERVED, picture_at
from costtui.report.schema import Status
from costtui.report.traffic import Traffic
from costtui.store.controls import CONTROLS, ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.reader import TelemetryReader
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.report.composed import compose
from tests.report.scene import HOUR, MIDNIGHT, contract, engine, gpu, seen, token_ticks, write
from tests.report.test_traffic import NOON, ROUTED, lane, paid, settle

TEN = MIDNIGHT + 10 * HOUR


def past(state_dir: Path, at_ms: int) -> Status:
    present = compose(state_dir, seen(NOON, [gpu(0, GpuState.EMPTY)], engines=(engine(),)), ROUTED)
    controls = ControlsStore(state_dir / CONTROLS)
    with closing(TelemetryReader(state_dir)) as reader, closing(LedgerReader(state_dir)) as ledger, closing(controls):
        traffic = Traffic(ledger, controls, state_dir, live=False)
        return picture_at(reader, traffic, present, ROUTED, None, at_ms)


def kept(state_dir: Path) -> None:
    """Busy from nine to ten, then empty until noon; two API requests, one before and one after ten."""
    write(
        state_dir,
        {"GPU-0": [(TEN - HOUR, TEN, GpuState.BUSY), (TEN, NOON, GpuState.EMPTY)]},
        token_ticks(TEN),
    )
    writer = TelemetryWriter.open(state_dir, now_ms=NOON)
    known = KnownGpu("GPU-0", 0, "NVIDIA H100", MIDNIGHT, NOON, GpuState.EMPTY, TEN)
    writer.record(Second(NOON, known=(known,)))
    writer.keep_terms("GPU-0", contract()[0].terms, contract()[0].recorded_ms)
    writer.close()
    ledger = LedgerWriter.open(state_dir, now_ms=NOON, clock_ms=lambda: NOON)
    settle(ledger, lane(), TEN - 60_000, paid("1"), reason="before")
    settle(ledger, lane(), NOON - 60_000, paid("4"), reason="after")
    assert ledger.committed(10)
    ledger.close()


def test_state_money_and_requests_are_those_of_the_moment(tmp_path: Path) -> None:
    kept(tmp_path)
    then = past(tmp_path, TEN)
    assert (then.at, then.gpus[0].state, then.gpus[0].utilization_percent) == ("2026-11-23T10:00:00.000Z", "busy", 7)
    assert then.engines[0].output_tokens_per_second == 200.0  # 4,000 in 20 s
    assert then.gpus[0].since is None  # busy since when is not kept
    assert then.today.gpu_usd == Decimal("24.9")  # ten hours of 2.49
    assert then.today.api_usd == Decimal(1)
    assert then.burn.api_usd_per_hour == Decimal(12)
    assert [each.reason for each in then.decisions] == ["before"]


def test_a_later_moment_has_what_came_by_then(tmp_path: Path) -> None:
    kept(tmp_path)
    then = past(tmp_path, NOON)
    assert (then.gpus[0].state, then.today.api_usd) == ("empty", Decimal(5))
    assert then.gpus[0].since == "2026-11-23T10:00:00.000Z"
    assert [each.reason for each in then.decisions] == ["after", "before"]


def test_a_minute_that_nobody_observed_is_unknown_and_not_idle(tmp_path: Path) -> None:
    kept(tmp_path)
    then = past(tmp_path, MIDNIGHT + HOUR)
    assert (then.gpus[0].state, then.gpus[0].reason) == ("unknown", NOT_OBSERVED)
    assert then.burn.idle_usd_per_hour == 0
    assert then.today.gpu_usd == Decimal("2.49")


def test_the_gateway_of_now_says_nothing_about_then(tmp_path: Path) -> None:
    kept(tmp_path)
    then = past(tmp_path, TEN)
    assert then.gateway is not None
    assert then.gateway.state == "none"

"""The past of the simulated host."""

from costtui.demo.past import MINUTE_MS, ticks
from costtui.domain.gpu import GpuState

DAY = 1_795_392_000_000
"""A Monday at 00:00 UTC."""


def test_a_minute_is_the_same_in_every_window() -> None:
    long, short = list(ticks(DAY, DAY + 600_000, 1)), list(ticks(DAY + 120_000, DAY + 300_000, 1))
    assert short == long[2:5]


def test_only_whole_minutes_within_the_window_are_told() -> None:
    minutes = [minute.at_ms for minute in ticks(DAY + 1, DAY + 3 * MINUTE_MS + 5, 1)]
    assert minutes == [DAY + 2 * MINUTE_MS, DAY + 3 * MINUTE_MS]


def test_every_minute_has_all_gpus_and_parts_that_fit() -> None:
    for minute in ticks(DAY, DAY + 86_400_000, 3):
        assert len(minute.gpus) == 8
        assert all(
            tick.span_ms == MINUTE_MS >= engine.worked_ms >= 0 for tick in minute.gpus for engine in minute.engines
        )
        assert all(engine.cached_input_tokens <= engine.input_tokens for engine in minute.engines)
        assert [tick.state for tick in minute.gpus[5:]] == [GpuState.EMPTY, GpuState.LOST, GpuState.OTHER]


def test_a_workday_has_busy_hours_and_a_model_that_mostly_waits() -> None:
    day = list(ticks(DAY, DAY + 86_400_000, 3))
    states = {minute.gpus[0].state for minute in day}
    assert states >= {GpuState.BUSY, GpuState.LOW}
    waiting = sum(minute.gpus[2].state is GpuState.IDLE_LOADED for minute in day)
    assert waiting > len(day) / 2
    night, noon = (sum(minute.engines[0].output_tokens for minute in day[h * 60 : h * 60 + 60]) for h in (3, 14))
    assert noon > 2 * night

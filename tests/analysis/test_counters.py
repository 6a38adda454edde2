"""Engine counters: nothing twice, nothing lost, never negative."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.counters import advance, has_worked
from costtui.domain.reading import EngineReading, Problem
from costtui.domain.tick import EngineCursor, EngineTick


def reading(at_s: float, out: int | None, *, running: int | None = 0, started: float | None = 5.0) -> EngineReading:
    return EngineReading(int(at_s * 1000), output_tokens=out, running=running, started_at_seconds=started)


def ticks(readings: list[EngineReading]) -> list[EngineTick]:
    cursor, found = None, []
    for each in readings:
        step = advance("a", cursor, each)
        cursor = step.cursor
        found.append(step.tick)
    return found


def test_the_first_reading_is_only_a_starting_point() -> None:
    step = advance("a", None, reading(1, 5_000))
    assert (step.tick.span_ms, step.tick.output_tokens, step.tick.gap_output_tokens) == (0, 0, 0)


def test_a_second_with_tokens_is_worked_though_nothing_runs_at_either_end() -> None:
    _, tick = ticks([reading(1, 100), reading(2, 130)])
    assert (tick.output_tokens, tick.span_ms, tick.worked_ms) == (30, 1000, 1000)


def test_a_second_is_worked_when_requests_run_at_either_end() -> None:
    assert ticks([reading(1, 100, running=1), reading(2, 100)])[1].worked_ms == 1000
    assert ticks([reading(1, 100), reading(2, 100, running=1)])[1].worked_ms == 1000
    assert ticks([reading(1, 100), reading(2, 100)])[1].worked_ms == 0


def test_a_counter_that_fell_counts_from_zero() -> None:
    assert ticks([reading(1, 1_000), reading(2, 40)])[1].output_tokens == 40


def test_a_restart_that_overtook_the_old_counter_counts_the_whole_new_value() -> None:
    # 1,000 before; the new process has already served 1,200: 1,200 are new, not 200
    assert ticks([reading(1, 1_000, started=5), reading(2, 1_200, started=90)])[1].output_tokens == 1_200


@pytest.mark.parametrize(("later_s", "seen", "gap"), [(6, 70, 0), (6.001, 0, 70), (172_801, 0, 70)])
def test_tokens_over_a_gap_belong_to_totals_and_not_to_rates(later_s: float, seen: int, gap: int) -> None:
    tick = ticks([reading(1, 100), reading(later_s, 170)])[1]
    assert (tick.output_tokens, tick.gap_output_tokens) == (seen, gap)
    assert tick.span_ms == (5000 if seen else 0)


def test_an_engine_that_cannot_be_read_moves_nothing() -> None:
    failed = EngineReading(2_000, problem=Problem("engine", "connection refused"))
    cursor = advance("a", None, reading(1, 100)).cursor
    step = advance("a", cursor, failed)
    assert step.cursor == cursor
    assert (step.worked, step.tick.span_ms) == (None, 0)
    assert advance("a", step.cursor, reading(3, 150)).tick.output_tokens == 50


def test_a_counter_that_was_missing_counts_its_difference_once_and_apart() -> None:
    first, second, third, fourth = ticks([reading(1, 100), reading(2, None), reading(3, 160), reading(4, 161)])
    assert (first.output_tokens, second.output_tokens) == (0, 0)
    assert (third.output_tokens, third.gap_output_tokens) == (0, 60)
    assert (fourth.output_tokens, fourth.gap_output_tokens) == (1, 0)


def test_an_engine_that_counts_nothing_cannot_say_whether_it_works() -> None:
    silent = EngineReading(2_000, models=("llama3",))
    assert advance("a", EngineCursor("a", 1_000), silent).worked is None


def test_busy_seconds_that_moved_are_work() -> None:
    cursor = EngineCursor("a", 1_000, busy_seconds=4.0)
    assert has_worked(cursor, EngineReading(2_000, busy_seconds=4.5), {}) is True
    assert has_worked(cursor, EngineReading(2_000, busy_seconds=4.0), {}) is False


def test_the_last_request_is_remembered() -> None:
    cursor = advance("a", None, reading(1, 100)).cursor
    busy = advance("a", cursor, reading(2, 120)).cursor
    idle = advance("a", busy, reading(3, 120)).cursor
    assert (cursor.last_request_ms, busy.last_request_ms, idle.last_request_ms) == (None, 2_000, 2_000)


def test_a_restarted_agent_goes_on_from_the_kept_cursor() -> None:
    kept = replace(advance("a", None, reading(1, 100)).cursor, running=None, busy_seconds=None)
    assert advance("a", kept, reading(100_000, 900)).tick.gap_output_tokens == 800


@given(st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 500), st.booleans()), min_size=2, max_size=30))
def test_all_deltas_of_one_life_sum_to_last_minus_first(steps: list[tuple[int, int, bool]]) -> None:
    at_ms, count, readings, seen = 0, 10, [], []
    for wait_ms, tokens, present in steps:
        at_ms, count = at_ms + wait_ms, count + tokens
        readings.append(EngineReading(at_ms, output_tokens=count if present else None, started_at_seconds=1.0))
        seen += [count] if present else []
    found = ticks(readings)
    whole = sum(tick.output_tokens + tick.gap_output_tokens for tick in found)
    assert whole == (seen[-1] - seen[0] if seen else 0)
    assert all(tick.output_tokens >= 0 and tick.gap_output_tokens >= 0 for tick in found)

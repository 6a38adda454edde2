"""Beats never overlap, never are negative, never cover a gap."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from costtui.agent.clock import FORGET_MS, GAP_MS, Beat, Pulse, until_next_second

NOON = 1_790_000_000_000


def beats(pulse: Pulse, moments: list[tuple[int, float]]) -> list[Beat]:
    """All beats at (milliseconds after noon, monotonic seconds)."""
    return [beat for wall, monotonic in moments if (beat := pulse.beat(NOON + wall, monotonic))]


def test_a_steady_second_is_observed_whole_however_late_the_timer_fires() -> None:
    found = beats(Pulse(), [(0, 0.0), (1_004, 1.004), (2_700, 2.7), (3_001, 3.001)])
    assert [beat.span_ms for beat in found] == [0, 1000, 1000, 1000]
    assert all(beat.at_ms % 1000 == 0 for beat in found)


def test_a_second_is_taken_once() -> None:
    assert len(beats(Pulse(), [(0, 0.0), (300, 0.3)])) == 1


def test_a_host_that_slept_for_48_hours_leaves_a_gap_and_no_span() -> None:
    hours = 48 * 3_600
    found = beats(Pulse(), [(0, 0.0), (hours * 1000, 1.0), (hours * 1000 + 1000, 2.0)])
    assert [beat.span_ms for beat in found] == [0, 0, 1000]


def test_a_wait_that_only_the_monotonic_clock_saw_is_a_gap_too() -> None:
    assert beats(Pulse(), [(0, 0.0), (1_000, 60.0)])[1].span_ms == 0


def test_a_wall_clock_set_forward_observes_only_the_time_that_passed() -> None:
    assert beats(Pulse(), [(0, 0.0), (4_000, 1.0)])[1].span_ms == 1000


def test_a_wall_clock_set_back_writes_nothing_twice() -> None:
    found = beats(Pulse(), [(0, 0.0), (1_000, 1.0), (-1_000, 2.0), (0, 3.0), (1_000, 4.0), (2_000, 5.0)])
    assert [(beat.fresh, beat.span_ms) for beat in found] == [
        (True, 0),
        (True, 1000),
        (False, 0),
        (False, 0),
        (False, 0),
        (True, 1000),
    ]


def test_a_clock_that_had_been_days_ahead_does_not_stop_the_present() -> None:
    found = beats(Pulse(NOON + FORGET_MS + 10_000), [(0, 0.0), (1_000, 1.0)])
    assert [(beat.fresh, beat.span_ms) for beat in found] == [(True, 0), (True, 1000)]


def test_a_restart_does_not_write_over_what_an_earlier_run_wrote() -> None:
    found = beats(Pulse(NOON + 1_000), [(0, 0.0), (1_000, 1.0), (2_000, 2.0)])
    assert [beat.span_ms for beat in found] == [0, 0, 1000]


@given(st.lists(st.tuples(st.integers(-20_000, 20_000), st.integers(0, 20_000)), max_size=40))
def test_spans_never_overlap_whatever_the_clocks_do(steps: list[tuple[int, int]]) -> None:
    pulse, wall, monotonic = Pulse(), NOON, 0.0
    covered: list[tuple[int, int]] = []
    for step, passed in steps:
        wall, monotonic = wall + step, monotonic + passed / 1000
        beat = pulse.beat(wall, monotonic)
        if beat is not None and beat.span_ms:
            assert 0 < beat.span_ms <= GAP_MS
            covered.append((beat.at_ms - beat.span_ms, beat.at_ms))
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(covered))


def test_a_tick_comes_just_after_the_second_that_the_driver_is_read_on() -> None:
    assert until_next_second(NOON + 200) == 1.0
    assert until_next_second(NOON + 950) == 0.25

"""Who held a GPU: shared equally, cut at quarters of an hour, nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.holders import QUARTER_MS, held, holders_of
from costtui.domain.holder import NOBODY, UNKNOWN, Holder
from costtui.domain.reading import GpuProcess

NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 UTC, a whole quarter of an hour."""
ADA, BOB = GpuProcess(1, None, "ada"), GpuProcess(2, None, "bob", job="4711")
HIDDEN = GpuProcess(3, None)


@pytest.mark.parametrize(
    ("processes", "holders"),
    [
        ((), (NOBODY,)),
        ((ADA, ADA), (Holder("ada"),)),
        ((BOB, ADA), (Holder("ada"), Holder("bob", "4711"))),
        ((HIDDEN, ADA), (UNKNOWN, Holder("ada"))),
    ],
)
def test_each_user_and_job_counts_once(processes: tuple[GpuProcess, ...], holders: tuple[Holder, ...]) -> None:
    assert holders_of(processes) == holders


def test_a_span_over_a_quarter_is_cut_there_and_shared() -> None:
    # 5 s that end 2 s after noon: 3 s before it and 2 s after, half each
    assert held((ADA, BOB), NOON_MS + 2_000, 5_000) == {
        (NOON_MS - QUARTER_MS, Holder("ada")): 1_500,
        (NOON_MS - QUARTER_MS, Holder("bob", "4711")): 1_500,
        (NOON_MS, Holder("ada")): 1_000,
        (NOON_MS, Holder("bob", "4711")): 1_000,
    }


def test_what_could_not_be_read_is_neither_free_nor_anybodys() -> None:
    assert held(None, NOON_MS, 1_000) == {}
    assert held((), NOON_MS, 1_000) == {(NOON_MS - QUARTER_MS, NOBODY): 1_000}
    assert held((ADA,), NOON_MS, 0) == {}


@given(st.integers(1, 7), st.integers(NOON_MS, NOON_MS + 3 * QUARTER_MS), st.integers(1, 2 * QUARTER_MS))
def test_the_parts_sum_to_the_span(users: int, at_ms: int, span_ms: int) -> None:
    parts = held([GpuProcess(number, None, f"u{number}") for number in range(users)], at_ms, span_ms)
    assert sum(parts.values()) == span_ms
    assert all(0 <= part <= QUARTER_MS for part in parts.values())

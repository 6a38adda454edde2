"""The newest attempts of any moment, found without reading all that came after it."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane, Outcome
from costtui.domain.usage import NO_USAGE, UsageSource
from costtui.report.metered import OVERTAKEN, decisions_until
from costtui.store.ledger.rows import LatencyRow, RecentAttempt, SpendRow

LANE = Lane("chat", "gpt5", "openai", False, "gpt-5", "chat", "k", "gpt-5", "hash")


def attempt(number: int, started_ms: int) -> RecentAttempt:
    return RecentAttempt(
        Attempt(
            *(number, number, 1, started_ms, 5, 1, Outcome.OK, 200, False, NO_USAGE, UsageSource.REPORTED, False),
            *(None, Provenance.UNKNOWN, None, "", ""),
        ),
        LANE,
    )


class Rows:
    """A ledger of attempts in the order of their numbers; counts what it handed out."""

    def __init__(self, rows: Sequence[RecentAttempt]) -> None:
        self.rows = sorted(rows, key=lambda row: -row.attempt.attempt_id)
        self.read = 0

    def changed(self) -> bool:
        return True

    def recent(self, limit: int, before_id: int | None = None) -> list[RecentAttempt]:
        found = [row for row in self.rows if before_id is None or row.attempt.attempt_id < before_id][:limit]
        self.read += len(found)
        return found

    def spend(self, from_ms: int, to_ms: int, by: Sequence[str], *, bucket_ms: int = 0) -> list[SpendRow]:
        return []

    def latency(self, from_ms: int, to_ms: int, by: Sequence[str]) -> list[LatencyRow]:
        return []


def test_a_moment_long_ago_is_found_in_few_reads() -> None:
    ledger = Rows([attempt(10 * number, 1_000 * number) for number in range(50_000)])
    found = decisions_until(ledger, 12_345_000, 3)
    assert [each.id for each in found] == [123_450, 123_440, 123_430]
    assert ledger.read < 400


def test_now_is_one_read_of_one_page() -> None:
    ledger = Rows([attempt(number, number) for number in range(1_000)])
    assert [each.id for each in decisions_until(ledger, 999, 2)] == [999, 998]
    assert ledger.read == 2


def test_before_the_first_attempt_there_is_nothing() -> None:
    assert decisions_until(Rows([attempt(number, 100 + number) for number in range(1, 50)]), 99, 5) == ()
    assert decisions_until(Rows([]), 99, 5) == ()


@given(
    gaps=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 30)), max_size=300),
    at_ms=st.integers(0, 4_000),
    limit=st.integers(1, 30),
    late=st.sets(st.integers(0, 300), max_size=OVERTAKEN // 40),
)
def test_it_is_the_answer_of_reading_everything(
    gaps: list[tuple[int, int]], at_ms: int, limit: int, late: set[int]
) -> None:
    rows, number, started_ms = [], 0, 0
    for place, (step, wait_ms) in enumerate(gaps):
        number, started_ms = number + step, started_ms + wait_ms
        rows.append(attempt(number, max(started_ms - 1, 0) if place in late else started_ms))
    expected = [row.attempt.attempt_id for row in reversed(rows) if row.attempt.started_ms <= at_ms][:limit]
    assert [each.id for each in decisions_until(Rows(rows), at_ms, limit)] == expected

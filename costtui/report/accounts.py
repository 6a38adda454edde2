"""What each GPU cost in a window, cut wherever its contract changes, so that every part has its own rate."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from costtui.analysis import power
from costtui.analysis.rent import NOTHING, RentSplit, add_splits, edges, owed, owed_ms, split, terms_at
from costtui.domain.amount import Amount, total
from costtui.domain.money import NanoUsd
from costtui.domain.terms import KeptTerms, Session
from costtui.domain.tick import StateTotals
from costtui.report.totals import RunningTotals, add_states

Kept = Mapping[str, Sequence[KeptTerms]]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a window in which no contract changes, with its totals by UUID."""

    from_ms: int
    to_ms: int
    totals: dict[str, StateTotals]


@dataclass(frozen=True, slots=True)
class Account:
    """One GPU over a window. `rent` None: no rate is known."""

    rent: NanoUsd | None
    split: RentSplit
    power: Amount
    totals: StateTotals | None


def segments(
    running: RunningTotals[StateTotals], kept: Iterable[Sequence[KeptTerms]], from_ms: int, now_ms: int
) -> tuple[Segment, ...]:
    """The window from `from_ms` to now, cut at every change of a contract."""
    marks = _marks(kept, from_ms, now_ms)
    return (*_closed(running, marks[:-1], now_ms), Segment(marks[-2], now_ms, running.since(marks[-2], now_ms)))


def past_segments(
    running: RunningTotals[StateTotals], kept: Iterable[Sequence[KeptTerms]], from_ms: int, to_ms: int, now_ms: int
) -> tuple[Segment, ...]:
    """A window that ended at `to_ms`, cut at every change of a contract; nothing where it is empty."""
    return _closed(running, _marks(kept, from_ms, to_ms), now_ms) if to_ms > from_ms else ()


def _marks(kept: Iterable[Sequence[KeptTerms]], from_ms: int, to_ms: int) -> list[int]:
    return [from_ms, *sorted({at for rows in kept for at in edges(rows, from_ms, to_ms)}), to_ms]


def _closed(running: RunningTotals[StateTotals], marks: Sequence[int], now_ms: int) -> tuple[Segment, ...]:
    return tuple(Segment(start, end, running.closed(start, end, now_ms)) for start, end in pairwise(marks))


def account(uuid: str, kept: Sequence[KeptTerms], sessions: Sequence[Session], window: Sequence[Segment]) -> Account:
    """What GPU `uuid` cost over consecutive segments."""
    parts = [_segment_account(uuid, kept, sessions, segment) for segment in window]
    known = [part.rent for part in parts if part.rent is not None]
    totals = None
    for part in parts:
        if part.totals is not None:
            totals = part.totals if totals is None else add_states(totals, part.totals)
    return Account(
        NanoUsd(sum(known)) if known else None,
        add_splits([part.split for part in parts]) if len(parts) != 1 else parts[0].split,
        total(part.power for part in parts),
        totals,
    )


def _segment_account(uuid: str, kept: Sequence[KeptTerms], sessions: Sequence[Session], segment: Segment) -> Account:
    start, end = segment.from_ms, segment.to_ms
    totals = segment.totals.get(uuid)
    terms = terms_at(kept, start)
    rent = owed(kept, sessions, start, end)
    parts = NOTHING if rent is None else split(rent, totals, owed_ms(kept, sessions, start, end))
    paid = terms.power if terms is not None and (rent is not None or not terms.power.in_rent) else None
    return Account(rent, parts, power.cost(paid, totals, end - start), totals)

"""Rent is owed from the contract, whether or not anybody looked; samples only split it.

R(t) is what a GPU cost from its contract's beginning to t: one rounding per rate and edge. What is owed between a
and b is R(b) - R(a), so that adjacent windows add up to the nano-dollar.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from costtui.domain.amount import RateSource
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.money import ZERO, NanoUsd, apportion, rent_for
from costtui.domain.terms import GpuTerms, KeptTerms, Rate, RentRule, Session
from costtui.domain.tick import StateTotals

FOREVER_MS = 1 << 62
CONTRACTS = 256
"""Worked-out contracts that are remembered: looking one up takes 0.8 us, working it out 5."""
GUESSES = (RateSource.LIST, RateSource.UNKNOWN)
"""Sources that a real contract replaces for the past too, without an adjustment."""


Reign = tuple[int, int, GpuTerms]
"""From, to, and the terms that are in force between."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span in which one rate is in force."""

    from_ms: int
    to_ms: int
    usd_per_hour: Decimal
    rule: RentRule


@dataclass(frozen=True, slots=True)
class RentSplit:
    """Rent of a window by what the GPU did; the parts sum to the rent exactly."""

    by_state: dict[GpuState, NanoUsd]
    unobserved: NanoUsd

    @property
    def idle(self) -> NanoUsd:
        """Idle loaded and empty: never unknown, never unobserved."""
        return NanoUsd(sum(self.by_state[state] for state in IDLE_STATES))


def owed(kept: Sequence[KeptTerms], sessions: Sequence[Session], from_ms: int, to_ms: int) -> NanoUsd | None:
    """Rent of one GPU from `from_ms` to `to_ms`; None when no terms with a known rate were in force in it."""
    if not is_known(kept, from_ms, to_ms):
        return None
    return accrued(stretches(kept), sessions, from_ms, to_ms)


def accrued(spans: Sequence[Stretch], sessions: Sequence[Session], from_ms: int, to_ms: int) -> NanoUsd:
    """R(to) - R(from) over stretches of rate; "while-on" counts only within `sessions`."""
    return NanoUsd(_cumulative(spans, sessions, to_ms) - _cumulative(spans, sessions, from_ms))


def owed_ms(kept: Sequence[KeptTerms], sessions: Sequence[Session], from_ms: int, to_ms: int) -> int:
    """Milliseconds of the window for which rent is owed."""
    return sum(_on_ms(span, sessions, max(span.from_ms, from_ms), min(span.to_ms, to_ms)) for span in stretches(kept))


def split(rent: NanoUsd, totals: StateTotals | None, window_ms: int) -> RentSplit:
    """`rent` of a window of `window_ms` owed milliseconds, by state and unobserved, by largest remainder."""
    states = tuple(GpuState)
    spans = [totals.milliseconds.get(state, 0) if totals else 0 for state in states]
    parts = apportion(rent, [*spans, max(window_ms - sum(spans), 0)])
    return RentSplit(dict(zip(states, parts[:-1], strict=True)), parts[-1])


def in_force(kept: Sequence[KeptTerms]) -> tuple[KeptTerms, ...]:
    """The rows that count: a guess (list price, unknown) goes as soon as a real contract follows it."""
    rows = sorted(kept, key=lambda row: row.recorded_ms)
    last_real = max((at for at, row in enumerate(rows) if row.terms.source not in GUESSES), default=-1)
    return tuple(row for at, row in enumerate(rows) if at >= last_real or row.terms.source not in GUESSES)


def terms_at(kept: Sequence[KeptTerms], at_ms: int) -> GpuTerms | None:
    """The terms in force at a moment; the first row also covers the time before it was written."""
    found = None
    for from_ms, _, terms in _reigns(kept):
        if from_ms <= at_ms:
            found = terms
    return found


def rate_at(kept: Sequence[KeptTerms], at_ms: int) -> Decimal | None:
    """USD per hour owed at a moment; 0 before a contract begins or after an amortisation; None when unknown."""
    terms = terms_at(kept, at_ms)
    if terms is None or not terms.rates:
        return None
    return sum((s.usd_per_hour for s in stretches(kept) if s.from_ms <= at_ms < s.to_ms), Decimal(0))


def is_known(kept: Sequence[KeptTerms], from_ms: int, to_ms: int) -> bool:
    """Whether any terms with a rate reign within the window."""
    return any(start < to_ms and end > from_ms and terms.rates for start, end, terms in _reigns(kept))


def edges(kept: Sequence[KeptTerms], from_ms: int, to_ms: int) -> tuple[int, ...]:
    """Moments strictly inside the window at which rate or terms change."""
    moments = {start for start, _, _ in _reigns(kept)}
    moments.update(edge for span in stretches(kept) for edge in (span.from_ms, span.to_ms))
    return tuple(sorted(at for at in moments if from_ms < at < to_ms))


def stretches(kept: Sequence[KeptTerms]) -> tuple[Stretch, ...]:
    """All rates of all rows, each cut to the time in which its row was in force."""
    return _stretches(tuple(kept))


def rate_spans(rates: Sequence[Rate]) -> Iterator[tuple[int, int, Decimal]]:
    """Each rate with its end: the next rate's beginning, or its own `until_ms`."""
    following = [rate.from_ms for rate in rates[1:]] + [FOREVER_MS]
    for rate, next_ms in zip(rates, following, strict=False):
        yield rate.from_ms, min(next_ms, rate.until_ms or FOREVER_MS), rate.usd_per_hour


def _reigns(kept: Sequence[KeptTerms]) -> tuple[Reign, ...]:
    return _rulers(tuple(kept))


@lru_cache(maxsize=CONTRACTS)
def _rulers(kept: tuple[KeptTerms, ...]) -> tuple[Reign, ...]:
    rows = in_force(kept)
    starts = [-FOREVER_MS] + [row.recorded_ms for row in rows[1:]] + [FOREVER_MS]
    return tuple((start, end, row.terms) for row, (start, end) in zip(rows, pairwise(starts), strict=False))


@lru_cache(maxsize=CONTRACTS)
def _stretches(kept: tuple[KeptTerms, ...]) -> tuple[Stretch, ...]:
    return tuple(
        Stretch(max(rate_from, start), min(rate_to, end), usd_per_hour, terms.rent)
        for start, end, terms in _rulers(kept)
        for rate_from, rate_to, usd_per_hour in rate_spans(terms.rates)
        if max(rate_from, start) < min(rate_to, end)
    )


def _cumulative(spans: Sequence[Stretch], sessions: Sequence[Session], at_ms: int) -> int:
    return sum(
        rent_for(span.usd_per_hour, _on_ms(span, sessions, span.from_ms, min(span.to_ms, at_ms)))
        for span in spans
        if span.from_ms < at_ms
    )


def _on_ms(span: Stretch, sessions: Sequence[Session], from_ms: int, to_ms: int) -> int:
    if to_ms <= from_ms:
        return 0
    if span.rule == "always":
        return to_ms - from_ms
    on = 0
    reached = from_ms
    for session in sorted(sessions, key=lambda each: each.boot_ms):
        start, end = max(session.boot_ms, reached), min(session.last_heartbeat_ms, to_ms)
        if end > start:
            on += end - start
            reached = end
    return on


NOTHING = RentSplit(dict.fromkeys(GpuState, ZERO), ZERO)
"""The split of no rent at all."""


def add_splits(parts: Sequence[RentSplit]) -> RentSplit:
    """Sum of splits, state by state."""
    by_state = {state: NanoUsd(sum(part.by_state[state] for part in parts)) for state in GpuState}
    return RentSplit(by_state, NanoUsd(sum(part.unobserved for part in parts)))

"""An edit of a contract never rewrites the past: it is a new row, and reaching back makes an adjustment."""

from collections.abc import Sequence
from dataclasses import dataclass

from costtui.analysis.rent import FOREVER_MS, GUESSES, Stretch, accrued, in_force, rate_spans
from costtui.domain.money import usd_from_nano
from costtui.domain.terms import Adjustment, GpuTerms, KeptTerms, Session


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is to be written down; both empty when the terms are as they were."""

    rows: tuple[KeptTerms, ...]
    adjustments: tuple[Adjustment, ...]


def reconcile(
    uuid: str, kept: Sequence[KeptTerms], wanted: GpuTerms, now_ms: int, sessions: Sequence[Session] = ()
) -> Reconciled:
    """The rows and adjustments that turn `kept` into `wanted` from `now_ms` on.

    The difference already owed since the new terms' beginning becomes one adjustment dated now; what was owed
    before that stays. A list price or unknown terms are replaced without one, and never reach back themselves.
    """
    if kept and max(kept, key=lambda row: row.recorded_ms).terms == wanted:
        return Reconciled((), ())
    row = KeptTerms(now_ms, wanted)
    if not kept or wanted.source in GUESSES:
        return Reconciled((row,), ())
    due = _settled(in_force((*kept, row)), sessions, now_ms)
    past = _settled(in_force((*kept, row))[:-1], sessions, now_ms)
    if not in_force((*kept, row))[:-1] or due == past:
        return Reconciled((row,), ())
    reason = f"contract edited: {usd_from_nano(due - past)} USD since its new beginning"
    return Reconciled((row,), (Adjustment(uuid, now_ms, due - past, reason),))


def _settled(rows: Sequence[KeptTerms], sessions: Sequence[Session], now_ms: int) -> int:
    """All that is owed until `now_ms` once every row has been settled back to its own beginning."""
    spans: list[Stretch] = []
    for row in rows:
        rates = tuple(rate_spans(row.terms.rates))
        guess = row.terms.source in GUESSES
        begins = min(row.recorded_ms, rates[0][0]) if rates and not guess else row.recorded_ms
        begins = begins if spans else -FOREVER_MS
        spans = [_cut(span, begins) for span in spans if span.from_ms < begins]
        spans += [Stretch(max(start, begins), end, usd, row.terms.rent) for start, end, usd in rates if end > begins]
    return accrued(spans, sessions, -FOREVER_MS, now_ms)


def _cut(span: Stretch, end_ms: int) -> Stretch:
    return Stretch(span.from_ms, min(span.to_ms, end_ms), span.usd_per_hour, span.rule)

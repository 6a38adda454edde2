"""What the requests of a span cost, for a page: by day, then by model, provider and route; own engines apart."""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from costtui.domain.amount import Amount, Provenance, total
from costtui.domain.calendar import day_of, local
from costtui.domain.clean import clean
from costtui.report.billed_spend import BilledProvider
from costtui.report.metered import Ledger, apis, known_usd, provenance
from costtui.report.money import usd
from costtui.report.page import Bar, Bars, Block, Note, Section, Table
from costtui.report.words import UNKNOWN, count, money, provider_words
from costtui.store.ledger.rows import SpendRow

BY = ("provider", "model", "route")
DAYS = 31
"""On the chart, at most: the last ones of a longer span."""
NAMES = ("", "USD", "told by", "requests", "failed", "tokens read", "written", "without price")
NOTHING = "Nothing is in the ledger of this span: clients reach it through `costtui gateway`."
SHARE = "Own engines: their share of rent and power, never to be added to what APIs cost"


BILLED = "Billed by providers of whom the gateway metered nothing in the span, in no sum above"
Bills = Callable[[Collection[str]], Sequence[BilledProvider]]
"""Who billed, apart from those providers."""


class Span(NamedTuple):
    """From and to, in the zone whose days are meant."""

    from_ms: int
    to_ms: int
    zone: ZoneInfo


def spend_section(ledger: Ledger, span: Span, bills: Bills) -> Section:
    """The same sums as `costtui report --by provider`, `model` and `route`; below them who billed without a gateway."""
    sums = {by: ledger.spend(span.from_ms, span.to_ms, (by,)) for by in BY}
    billed = bills({row.labels[0] for row in apis(sums["provider"])})
    days = _days(ledger, span)
    blocks: list[Block] = [days] if days.each else [] if sums["provider"] else [Note(NOTHING)]
    blocks += [_table(f"APIs, by {by}", apis(rows)) for by, rows in sums.items() if apis(rows)]
    hosted = [row for row in sums["model"] if row.self_hosted]
    blocks += [_billed(billed, span.from_ms)] if billed else []
    blocks += [_table(SHARE, hosted)] if hosted else []
    return Section("What requests cost", blocks)


def _billed(providers: Sequence[BilledProvider], from_ms: int) -> Table:
    """A day of a bill is UTC's; it belongs to the span where its middle does."""
    sums = [(each.name, each.since(from_ms)) for each in providers]
    rows = [_billed_cells(provider_words(name), found) for name, found in sums]
    whole = _billed_cells("total", total([found for _, found in sums]))
    return Table(BILLED, ("", "USD", "told by"), (*rows, whole), frozenset({0, 2}))


def _billed_cells(name: str, found: Amount) -> tuple[str, ...]:
    guessed = found.provenance is Provenance.ESTIMATED
    shown = money(usd(found.nano), more=bool(found.unknown) and found.nano is not None, estimated=guessed)
    return (name, shown, found.provenance.value)


def amount(rows: Sequence[SpendRow]) -> str:
    """A sum with its marks: `≥` where attempts have no price, `~` where some are estimates."""
    known = known_usd(rows)
    lacking = known is not None and any(row.unpriced for row in rows)
    return money(known, more=lacking, estimated=any("estimated" in row.provenances for row in rows))


def _table(caption: str, rows: Sequence[SpendRow]) -> Table:
    ranked = sorted(rows, key=lambda row: (-(row.nano or 0), row.labels))
    cells = [_cells(provider_words(clean(row.labels[0])) or UNKNOWN, [row]) for row in ranked]
    return Table(caption, NAMES, (*cells, _cells("total", ranked)), frozenset({0, 2}))


def _cells(name: str, rows: Sequence[SpendRow]) -> tuple[str, ...]:
    fields = ("requests", "failed", "input_tokens", "output_tokens", "unpriced")
    counts = [count(sum(getattr(row, field) for row in rows)) for field in fields]
    return (name, amount(rows), provenance(rows), *counts)


def _days(ledger: Ledger, span: Span) -> Bars:
    """Since the first day of which anything is known."""
    bars: list[Bar] = []
    end_ms, kept = span.to_ms, 0
    while end_ms > span.from_ms and len(bars) < DAYS:
        begin_ms = max(day_of(end_ms - 1, span.zone)[0], span.from_ms)
        rows = apis(ledger.spend(begin_ms, end_ms, ("provider",)))
        known = known_usd(rows)
        value = None if known is None else Decimal(known)
        bars.append(Bar(f"{local(begin_ms, span.zone):%d %b}", value, amount(rows) if rows else money(usd(0))))
        end_ms, kept = begin_ms, len(bars) if rows else kept
    return Bars("APIs by day, USD", tuple(reversed(bars[:kept])))

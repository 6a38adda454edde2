"""A month at providers that no gateway meters, as they billed it themselves."""

from collections.abc import Collection
from typing import NamedTuple

from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.report.billed_spend import SCOPES
from costtui.report.bills import Bills, age_of, spend_feed
from costtui.report.metered import Ledger, apis

MARGIN_MS = 32 * 86_400_000
"""A line may be of a whole month."""


class BilledRow(NamedTuple):
    """One line of a bill."""

    provider: str
    model: str
    """Empty where the bill tells none."""
    nano: NanoUsd | None
    """Negative for a credit; None where the bill names no amount."""


class BilledMonth(NamedTuple):
    """What bills say of one month."""

    rows: tuple[BilledRow, ...]
    notes: tuple[str, ...]


NO_BILLS = BilledMonth((), ())


def billed_month(
    bills: Bills, ledger: Ledger, configured: Collection[str], month: tuple[int, int], now_ms: int
) -> BilledMonth:
    """Lines of `configured` providers of which the ledger has nothing in that month: no money may stand twice.

    Bills are by UTC days, a month is local: a line belongs to the month that holds its middle.
    """
    metered = {row.labels[0] for row in apis(ledger.spend(month[0], min(month[1], now_ms + 1), ("provider",)))}
    feeds, rows, notes = bills.feeds(), list[BilledRow](), list[str]()
    for name in sorted(set(configured) - metered):
        spend = spend_feed([state for (provider, _), state in feeds.items() if provider == name])
        if spend is None or spend.read_ms is None:
            continue
        if spend.scope not in SCOPES:
            notes.append(f"the bill of {clean(name)} is a whole organisation's and left out: narrow it in [billing]")
            continue
        kept = [each for each in bills.lines(month[0] - MARGIN_MS, month[1], provider=name) if each.feed == spend.feed]
        lines = [each.line for each in kept if not each.gone]
        inside = [line for line in lines if month[0] <= (line.from_ms + line.until_ms) // 2 < month[1]]
        rows += [BilledRow(clean(name), clean(line.dims.model), line.nano) for line in inside]
        if now_ms < month[1] and age_of(spend, now_ms) == "stale":
            notes.append(f"nobody could read the bill of {clean(name)} for a day: what came since is not in it")
    if unknown := sum(row.nano is None for row in rows):
        notes.append(f"{unknown:,} lines of bills name no amount and are in no sum")
    return BilledMonth(tuple(rows), tuple(notes))

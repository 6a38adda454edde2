"""What each API provider will have cost by the end of the month."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from costtui.analysis.forecast import Forecast, forecast
from costtui.domain.calendar import day_of, local, month_of
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.report.metered import Ledger, apis
from costtui.store.ledger.rows import SpendRow

LOOK_BACK = 28
ALL_APIS = "all APIs"


class Outlook(NamedTuple):
    """One provider, or all of them."""

    scope: str
    spent_nano: NanoUsd
    """Of this month, the known part."""
    unpriced: int
    """Attempts of the four weeks and the month that are in no amount."""
    forecast: Forecast | None
    """None: less than two weeks of days were metered."""


def outlooks(ledger: Ledger, now_ms: int, zone: ZoneInfo) -> tuple[Outlook, ...]:
    """Metered spend of APIs, the whole first, then the dearest; rent and bills are not in it."""
    today = local(now_ms, zone).date()
    past: dict[date, list[SpendRow]] = {}
    start = day_of(now_ms, zone)[0]
    for number in range(1, LOOK_BACK + 1):
        begin = day_of(start - 1, zone)[0]
        past[today - timedelta(days=number)] = apis(ledger.spend(begin, start, ("provider",)))
        start = begin
    first = min((day for day, rows in past.items() if rows), default=today)
    whole_days = {day: rows for day, rows in past.items() if day >= first}
    month = month_of(now_ms, zone)
    spent = apis(ledger.spend(month[0], now_ms + 1, ("provider",)))
    seen = apis(ledger.spend(min(start, month[0]), now_ms + 1, ("provider",)))
    day = day_of(now_ms, zone)
    left = Decimal(day[1] - now_ms) / (day[1] - day[0])
    last = local(month[1] - 1, zone).date()
    names = sorted({row.labels[0] for row in seen})

    def told(name: str | None) -> Outlook:
        def mine(rows: list[SpendRow]) -> list[SpendRow]:
            return [row for row in rows if name in (None, row.labels[0])]

        days = {day: sum(row.nano or 0 for row in mine(rows)) for day, rows in whole_days.items()}
        so_far = NanoUsd(sum(row.nano or 0 for row in mine(spent)))
        unpriced = sum(row.unpriced for row in mine(seen))
        scope = ALL_APIS if name is None else clean(name, 80)
        return Outlook(scope, so_far, unpriced, forecast(days, so_far, today, left, last))

    each = sorted((told(name) for name in names), key=lambda found: (-found.spent_nano, found.scope))
    return (told(None), *each)

"""What APIs will have cost by the end of the month: all of them, and each provider, model, route, key or tag."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from costtui.analysis.forecast import Forecast, forecast
from costtui.domain.budget import ScopeKind
from costtui.domain.calendar import day_of, local, month_of
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.report.metered import Ledger, apis
from costtui.report.scoped import DIMENSION
from costtui.store.ledger.rows import SpendRow

LOOK_BACK = 28
ALL_APIS = "all APIs"
UNNAMED = {ScopeKind.KEY: "(no key)", ScopeKind.TAG: "(no tag)"}
Mine = Callable[[SpendRow], bool]


class History(NamedTuple):
    """What the ledger holds of four weeks and the month, by some of its dimensions; APIs alone."""

    by: tuple[ScopeKind, ...]
    today: date
    left_of_today: Decimal
    """0 to 1."""
    last: date
    """Of the month."""
    days: Mapping[date, Sequence[SpendRow]]
    """Whole days of the past four weeks."""
    month: Sequence[SpendRow]
    seen: Sequence[SpendRow]
    """Of all that time."""

    def whose(self, kind: ScopeKind, name: str) -> Mine:
        """Whether a row is of one scope; `kind` is one of `by`."""
        place = self.by.index(kind)
        return lambda row: row.labels[place] == name

    def daily(self, mine: Mine) -> dict[date, int]:
        """Nano-USD of each whole day since a scope's first."""
        own = {day: [row for row in rows if mine(row)] for day, rows in self.days.items()}
        first = min((day for day, rows in own.items() if rows), default=self.today)
        return {day: sum(row.nano or 0 for row in rows) for day, rows in own.items() if day >= first}

    def unpriced(self, mine: Mine) -> int:
        """Attempts that are in no amount."""
        return sum(row.unpriced for row in self.seen if mine(row))


class Outlook(NamedTuple):
    """One scope, or all APIs."""

    scope: str
    spent_nano: NanoUsd
    """Of this month, the known part."""
    unpriced: int
    """Attempts of the four weeks and the month that are in no amount."""
    forecast: Forecast | None
    """None: less than two weeks of days were metered."""


def history(ledger: Ledger, now_ms: int, zone: ZoneInfo, by: Sequence[ScopeKind]) -> History:
    """Asked once for every scope; metered spend, in which rent and bills are not."""
    kinds = tuple(dict.fromkeys(by))
    labels = [DIMENSION[kind] for kind in kinds]
    today, month = local(now_ms, zone).date(), month_of(now_ms, zone)
    begin_ms, end_ms = day_of(now_ms, zone)
    days, start_ms = {}, begin_ms
    for number in range(1, LOOK_BACK + 1):
        before_ms = day_of(start_ms - 1, zone)[0]
        days[today - timedelta(days=number)] = apis(ledger.spend(before_ms, start_ms, labels))
        start_ms = before_ms
    return History(
        kinds,
        today,
        Decimal(end_ms - now_ms) / (end_ms - begin_ms),
        local(month[1] - 1, zone).date(),
        days,
        apis(ledger.spend(month[0], now_ms + 1, labels)),
        apis(ledger.spend(min(start_ms, month[0]), now_ms + 1, labels)),
    )


def outlooks(past: History, kind: ScopeKind, names: Mapping[str, str]) -> tuple[Outlook, ...]:
    """All APIs first, then each scope of a kind, dearest first. `names` of keys are by their ids."""
    place = past.by.index(kind)
    labels = sorted({row.labels[place] for row in past.seen})
    each = [
        _outlook(past, clean(names.get(label, label), 80) or UNNAMED.get(kind, "?"), past.whose(kind, label))
        for label in labels
    ]
    each.sort(key=lambda found: (-found.spent_nano, found.scope))
    return (_outlook(past, ALL_APIS, lambda _: True), *each)


def _outlook(past: History, name: str, mine: Mine) -> Outlook:
    spent = NanoUsd(sum(row.nano or 0 for row in past.month if mine(row)))
    ahead = forecast(past.daily(mine), spent, past.today, past.left_of_today, past.last)
    return Outlook(name, spent, past.unpriced(mine), ahead)

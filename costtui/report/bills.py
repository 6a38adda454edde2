"""Providers' bills beside what the gateway metered: what each says, how old that is, where the difference is from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from costtui.analysis.reconcile import DAY_MS, Reconciliation
from costtui.domain.bill import Balance, BilledLine, BurnItem, Limit, UsedLine
from costtui.domain.billed import FeedState, KeptLevel, KeptLine
from costtui.domain.calendar import month_of
from costtui.report.metered import Ledger
from costtui.report.money import usd
from costtui.report.reconciled import METERED_BY, closed_days, compared
from costtui.store.ledger.rows import SpendRow

LATE_TIMES = 2
"""A figure is late once it is older than so many of its intervals, as Prometheus takes it."""
STALE_MS = DAY_MS
"""Older than this it is no longer a figure of now: unknown."""
OPEN_SECONDS = 86_400
"""A day is compared once it has been over for a day, or for as long as the provider says that it needs."""

Age = Literal["fresh", "late", "stale", "never", "unsupported"]


class Bills(Protocol):
    """The part of the bills' store that is asked."""

    def lines(
        self, from_ms: int, until_ms: int, *, provider: str | None = None, as_of_ms: int | None = None
    ) -> list[KeptLine]: ...
    def used(self, from_ms: int, until_ms: int, *, provider: str | None = None) -> list[tuple[str, UsedLine]]: ...
    def levels(self) -> list[KeptLevel]: ...
    def feeds(self) -> dict[tuple[str, str], FeedState]: ...


@dataclass(frozen=True, slots=True)
class ProviderBill:
    """One provider: its spend series, balances, rented things and limits, which are never added together."""

    provider: str
    age: Age
    read_ms: int | None
    """When its spend, or what else it tells, was read last."""
    scope: str
    problem: str
    remedy: str
    missing: tuple[str, ...]
    billed_usd: Decimal | None
    """Of the month so far, its days in UTC; None: it has no spend series, or none that is known."""
    amountless: int
    """Lines of it that name no amount."""
    metered_usd: Decimal | None
    """By the gateway, in the same days; None where no gateway meters it."""
    closed: Reconciliation | None
    """Its closed days since the first of the span; None where it has no spend series."""
    balances: tuple[Balance, ...]
    burning: tuple[BurnItem, ...]
    limits: tuple[Limit, ...]

    @property
    def usd_per_hour(self) -> Decimal | None:
        """Of what is rented from it and costs by the hour; None where there is nothing, or a price is not known."""
        prices = [item.usd_per_hour for item in self.burning]
        known = [price for price in prices if price is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(prices) else None

    @property
    def disputed(self) -> bool:
        """Its unit is misread: the figure is not believed."""
        return self.closed is not None and self.closed.disputed_factor is not None


@dataclass(frozen=True, slots=True)
class BillsTable:
    """All providers that are configured or metered, and since when closed days are compared."""

    providers: tuple[ProviderBill, ...]
    since_ms: int
    at_ms: int


def bills_table(
    bills: Bills, ledger: Ledger, configured: Iterable[str], now_ms: int, zone: ZoneInfo, since_ms: int | None = None
) -> BillsTable:
    """The table at `now_ms`. `since_ms`: from when closed days are compared; the month's first day if not said."""
    month_ms = month_of(now_ms, zone)[0] // DAY_MS * DAY_MS
    begin = month_ms if since_ms is None else since_ms // DAY_MS * DAY_MS
    first = min(begin, month_ms)
    counted = ledger.spend(first, -(-now_ms // DAY_MS) * DAY_MS, METERED_BY, bucket_ms=DAY_MS)
    feeds, levels = bills.feeds(), bills.levels()
    metered = {row.labels[0] for row in counted if not row.self_hosted}
    names = sorted({*configured, *metered, *(provider for provider, _ in feeds)})
    found = []
    for name in names:
        mine = [state for (provider, _), state in feeds.items() if provider == name]
        rows = [row for row in counted if row.labels[0] == name and not row.self_hosted]
        at = [level for level in levels if level.provider == name]
        found.append(_provider(name, mine, bills, rows, at, (month_ms, begin), now_ms))
    return BillsTable(tuple(found), begin, now_ms)


def _provider(
    name: str,
    feeds: Sequence[FeedState],
    bills: Bills,
    counted: Sequence[SpendRow],
    levels: Sequence[KeptLevel],
    starts: tuple[int, int],
    now_ms: int,
) -> ProviderBill:
    month_ms, since_ms = starts
    spend = spend_feed(feeds)
    state = spend or next((each for each in feeds if not each.finer), None)
    lines, closed = [], None
    if spend is not None and spend.read_ms is not None:
        kept = bills.lines(min(starts), now_ms + DAY_MS, provider=name)
        lines = [each.line for each in kept if each.feed == spend.feed]
        used = [row for _, row in bills.used(since_ms, now_ms, provider=name)]
        days = closed_days(since_ms, now_ms, max(OPEN_SECONDS, spend.lag_seconds))
        closed = compared(name, counted, lines, used, days)
    month = [line for line in lines if line.from_ms >= month_ms]
    of_month = [row for row in counted if int(row.labels[-1]) >= month_ms]
    return ProviderBill(
        provider=name,
        age=age_of(state, now_ms),
        read_ms=None if state is None else state.read_ms,
        scope="" if state is None else state.scope,
        problem="" if state is None else state.problem,
        remedy="" if state is None else state.remedy,
        missing=tuple(dict.fromkeys(note for each in feeds for note in each.missing)),
        billed_usd=billed_usd(month),
        amountless=sum(line.nano is None for line in month),
        metered_usd=_metered(of_month),
        closed=closed,
        balances=tuple(each.row for each in _now(levels, now_ms) if isinstance(each.row, Balance)),
        burning=tuple(each.row for each in _now(levels, now_ms) if isinstance(each.row, BurnItem)),
        limits=tuple(each.row for each in _now(levels, now_ms) if isinstance(each.row, Limit)),
    )


def spend_feed(feeds: Iterable[FeedState]) -> FeedState | None:
    """The one feed whose spend is taken: not the one that tells it once more."""
    return next((each for each in feeds if each.kind == "spend" and not each.finer), None)


def age_of(state: FeedState | None, now_ms: int) -> Age:
    """How far what it said last may be taken for what is."""
    if state is None:
        return "never"
    if state.gone:
        return "unsupported"
    if state.read_ms is None:
        return "never"
    old_ms = now_ms - state.read_ms
    if old_ms > max(STALE_MS, LATE_TIMES * state.every_seconds * 1000):
        return "stale"
    return "late" if old_ms > LATE_TIMES * state.every_seconds * 1000 else "fresh"


def billed_usd(lines: Sequence[BilledLine]) -> Decimal | None:
    """The known part; None where nothing is known."""
    known = [line.nano for line in lines if line.nano is not None]
    return usd(sum(known)) if known else None


def _metered(rows: Sequence[SpendRow]) -> Decimal | None:
    known = [row.nano for row in rows if row.nano is not None]
    return usd(sum(known)) if known else None


def _now(levels: Sequence[KeptLevel], now_ms: int) -> list[KeptLevel]:
    """Those of each feed's last reading; an older one is of something that is no longer there, or not of now."""
    newest: dict[str, int] = {}
    for level in levels:
        newest[level.feed] = max(newest.get(level.feed, 0), level.at_ms)
    return [level for level in levels if level.at_ms == newest[level.feed] and now_ms - level.at_ms <= STALE_MS]

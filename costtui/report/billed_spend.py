"""Spend at providers that no gateway meters: what they billed, and until they do their own counts at the list price."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import msgspec

from costtui.domain.amount import Amount, Provenance, total
from costtui.domain.bill import UsedLine
from costtui.domain.billed import FeedState, KeptLine
from costtui.domain.card import PriceCard
from costtui.domain.clean import clean
from costtui.domain.money import ZERO, NanoUsd
from costtui.errors import SourceError
from costtui.rates.hours import in_force
from costtui.rates.prices import PRICES_FILE, PriceBook
from costtui.report import schema
from costtui.report.bills import Bills, age_of, spend_feed
from costtui.report.money import usd
from costtui.report.reconciled import model_name
from costtui.store.bills import BillReader

READ_MS = 30_000
"""Bills change every minute at most."""
DAY_MS = 86_400_000
SCOPES = ("part", "account", "key")
"""An organisation's whole bill is not this host's spend, so it enters no sum."""
KEPT_MS = 400 * DAY_MS


@dataclass(frozen=True, slots=True)
class Day:
    """One provider's day in UTC."""

    billed_nano: int | None
    """None: nothing was billed, or some line names no amount."""
    counted_nano: int | None
    """The provider's own token counts at the list price; None where there are none, or a price is not known."""
    closed: bool
    """The bill will hardly change any more."""

    @property
    def amount(self) -> Amount | None:
        """The bill; while it is behind the provider's own counts, these, as an estimate. None: nothing is known."""
        if self.counted_nano is not None and not self.closed and self.counted_nano > (self.billed_nano or 0):
            return Amount(NanoUsd(self.counted_nano), Provenance.ESTIMATED)
        return None if self.billed_nano is None else Amount(NanoUsd(self.billed_nano), Provenance.BILLED)


@dataclass(frozen=True, slots=True)
class BilledProvider:
    """One provider by its days; `stale`: nobody could read it for a day, so that what it says is not of now."""

    name: str
    days: dict[int, Day]
    stale: bool

    def since(self, from_ms: int) -> Amount:
        """From `from_ms` on. A day belongs to the window that holds its middle: days of a bill are UTC's."""
        missing = (f"api:{self.name}",)
        mine = [day for begin, day in self.days.items() if begin + DAY_MS // 2 >= from_ms]
        found = [day.amount for day in mine]
        known = total([amount for amount in found if amount is not None] or [Amount(ZERO, Provenance.BILLED)])
        if self.stale or (found and all(amount is None for amount in found)):
            return Amount(None, Provenance.UNKNOWN, missing)
        return replace(known, unknown=missing) if None in found else known


class BilledSpend:
    """Reads the bills now and then. One that is asked without a configured provider costs one look at the clock."""

    def __init__(self, bills: Bills, state_dir: Path) -> None:
        self._bills = bills
        self._prices_path = state_dir / PRICES_FILE
        self._state_dir = state_dir
        self._slot = -1
        self._known: tuple[BilledProvider, ...] = ()
        self._priced: tuple[tuple[int, int] | None, PriceBook | None] = (None, None)

    @classmethod
    def open(cls, state_dir: Path) -> "BilledSpend":
        """Of the store in `state_dir`."""
        return cls(BillReader(state_dir), state_dir)

    def at(self, now_ms: int, configured: Collection[str], metered: Collection[str]) -> tuple[BilledProvider, ...]:
        """Providers in `configured` whose bills count here and that are not among the `metered` ones."""
        if not configured:
            return ()
        if self._slot != now_ms // READ_MS:
            self._slot = now_ms // READ_MS
            self._known = self._read(now_ms)
        return tuple(each for each in self._known if each.name in configured and each.name not in metered)

    def _read(self, now_ms: int) -> tuple[BilledProvider, ...]:
        feeds = self._bills.feeds()
        names = sorted({provider for provider, _ in feeds})
        found = []
        for name in names:
            spend = spend_feed([state for (provider, _), state in feeds.items() if provider == name])
            if spend is not None and spend.scope in SCOPES and spend.read_ms is not None:
                found.append(self._provider(name, spend, now_ms))
        return tuple(found)

    def _provider(self, name: str, spend: FeedState, now_ms: int) -> BilledProvider:
        lines = self._bills.lines(now_ms - KEPT_MS, now_ms + DAY_MS, provider=name)
        mine = [kept for kept in lines if kept.feed == spend.feed]
        used = [row for _, row in self._bills.used(now_ms - 3 * DAY_MS, now_ms, provider=name)]
        counted = _counted(name, used, self._book())
        days = {kept.line.from_ms // DAY_MS * DAY_MS: None for kept in mine} | dict.fromkeys(counted)
        return BilledProvider(
            clean(name),
            {day: _day(day, mine, counted, now_ms - spend.lag_seconds * 1000) for day in sorted(days)},
            age_of(spend, now_ms) == "stale",
        )

    def _book(self) -> PriceBook | None:
        """Prices, read again when their file is another one."""
        try:
            found = self._prices_path.stat()
            mark = (found.st_ino, found.st_mtime_ns)
            if self._priced[0] != mark:
                self._priced = (mark, PriceBook.load(self._state_dir))
        except (OSError, SourceError):
            self._priced = (None, None)
        return self._priced[1]


def _day(day_ms: int, lines: Sequence[KeptLine], counted: dict[int, int | None], settled_ms: int) -> Day:
    amounts = [kept.line.nano for kept in lines if kept.line.from_ms // DAY_MS * DAY_MS == day_ms]
    known = [nano for nano in amounts if nano is not None]
    billed = sum(known) if amounts and len(known) == len(amounts) else None
    return Day(billed, counted.get(day_ms), closed=day_ms + DAY_MS <= settled_ms)


def _counted(provider: str, used: Sequence[UsedLine], book: PriceBook | None) -> dict[int, int | None]:
    """By day; a day with one count that has no price is unknown. Sums of requests have no size, so tiers by size are
    left out: these are estimates."""
    cards: dict[str, PriceCard | None] = {}
    days: dict[int, int | None] = {}
    for row in used:
        day = row.from_ms // DAY_MS * DAY_MS
        model = model_name(row.dims.model)
        if model not in cards:
            cards[model] = _card(provider, model, book, row.from_ms)
        card = cards[model]
        charge = None if card is None or row.usage is None else card.charge(row.usage)
        before = days.get(day, 0)
        days[day] = None if charge is None or before is None else before + charge.nano
    return days


def _card(provider: str, model: str, book: PriceBook | None, at_ms: int) -> PriceCard | None:
    offers = {} if book is None else book.offers()
    for (seller, name), rows in offers.items():
        price = in_force(rows, at_ms)
        if seller == provider and model_name(name) == model and price is not None:
            return PriceCard.of(replace(price, tiers=()))
    return None


def with_bills(
    api: schema.Api, providers: Sequence[BilledProvider], sums: tuple[Amount, Amount], starts: tuple[int, int]
) -> schema.Api:
    """The APIs' part of the picture with what is billed: `sums` and `starts` of today and of the month."""
    lines = [_line(each, starts) for each in providers]
    words = {line.provenance for line in lines} | ({api.provenance} if api.month_usd is not None else set())
    return msgspec.structs.replace(
        api,
        today_usd=usd(sums[0].nano),
        month_usd=usd(sums[1].nano),
        provenance=next((word for word in ("estimated", "billed", "metered") if word in words), "unknown"),
        providers=tuple(sorted((*api.providers, *lines), key=lambda each: (-(each.month_usd or 0), each.provider))),
        unknown=sums[1].unknown,
    )


def _line(provider: BilledProvider, starts: tuple[int, int]) -> schema.ProviderSpend:
    today, month = (provider.since(start) for start in starts)
    return schema.ProviderSpend(
        provider=provider.name,
        usd_per_hour=None,
        today_usd=usd(today.nano),
        month_usd=usd(month.nano),
        provenance=month.provenance.value,
        requests_today=0,
        unpriced_today=0,
    )


def billed_usd_per_hour(providers: Sequence[BilledProvider], now_ms: int) -> Decimal:
    """What is ahead, by the last whole day that is known of each: bills have no finer pace."""
    nano = 0
    for provider in providers:
        past = [day for begin, day in provider.days.items() if begin + DAY_MS <= now_ms and begin > now_ms - 4 * DAY_MS]
        amounts = [day.amount for day in past]
        known = [amount.nano for amount in amounts if amount is not None and amount.nano is not None]
        nano += known[-1] if known else 0
    return Decimal(nano) / 24 / 1_000_000_000

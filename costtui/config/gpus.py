"""`[[gpus]]` and `[currencies]`: what GPUs cost, in dollars at last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from costtui.config.model import GpuRule, Ownership
from costtui.config.table import Table, nearest
from costtui.domain.terms import PowerTerms, Rate, RentRule

HIGHEST_RATE = 99_999
"""USD per GPU-hour, and USD per unit of a currency: with nine decimals 14 digits, so a product is exact in 28."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A currency's price in USD from a moment on."""

    from_ms: int
    usd: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """An hourly rate as the contract says it."""

    from_ms: int
    per_hour: Decimal
    currency: str


def in_usd(quotes: Sequence[Quote], currencies: Mapping[str, Sequence[Exchange]]) -> tuple[Rate, ...]:
    """Quotes in dollars, each split at every change of its currency while it is in force; products are exact.

    Both lists ascend by moment. A currency must have a rate at each quote's start (KeyError, IndexError if not).
    """
    rates = []
    ends = [quote.from_ms for quote in quotes[1:]]
    for quote, end_ms in zip(quotes, [*ends, None], strict=False):
        if quote.currency == "USD":
            rates.append(Rate(quote.from_ms, quote.per_hour))
            continue
        exchanges = currencies[quote.currency]
        started = [exchange for exchange in exchanges if exchange.from_ms <= quote.from_ms][-1]
        rates.append(Rate(quote.from_ms, quote.per_hour * started.usd))
        later = [change for change in exchanges if change.from_ms > quote.from_ms]
        rates += [Rate(at.from_ms, quote.per_hour * at.usd) for at in later if end_ms is None or at.from_ms < end_ms]
    return tuple(rates)


def read_currencies(table: Table) -> dict[str, tuple[Exchange, ...]]:
    """`[currencies]`: `EUR = [{ from = 2026-11-01, usd = 1.08 }]`."""
    found: dict[str, tuple[Exchange, ...]] = {}
    for name in table.names_given():
        if not (len(name) == 3 and name.isascii() and name.isupper() and name.isalpha()) or name == "USD":
            table.wrong(name, "is not a currency code of three capital letters other than USD")
            continue
        rows = []
        for row in table.tables(name):
            row.require("from", "usd")
            from_ms, usd = row.moment_ms("from"), row.number("usd", high=HIGHEST_RATE, above=True)
            if from_ms is not None and usd is not None:
                rows.append(Exchange(from_ms, usd))
            row.close()
        _ascending(table, name, [row.from_ms for row in rows])
        found[name] = tuple(sorted(rows, key=lambda row: row.from_ms))
    return found


def read_gpus(whole: Table, currencies: Mapping[str, Sequence[Exchange]]) -> tuple[GpuRule, ...]:
    """Every `[[gpus]]`, in order."""
    return tuple(_rule(table, currencies) for table in whole.tables("gpus"))


def _rule(table: Table, currencies: Mapping[str, Sequence[Exchange]]) -> GpuRule:
    match = _match(table)
    owned = _owned(table)
    quotes = _quotes(table, currencies)
    if owned is None and "rates" not in table:
        table.wrong(None, "needs `rates` (rented) or `usd_each` and `life_years` (owned)")
    if owned is not None and "rates" in table:
        table.wrong("rates", "stands beside `usd_each`: a GPU is rented or owned, not both")
    rent: RentRule = "while-on" if table.choice("rent", ("always", "while-on"), "always") == "while-on" else "always"
    power = _power(table)
    note = table.text("note") or _note(quotes)
    table.close()
    return GpuRule(match, in_usd(quotes, currencies), owned, rent, power, note)


def _match(table: Table) -> str | tuple[int, ...]:
    table.require("match")
    value = table.take("match")
    if not isinstance(value, list):
        return table.text("match") or "*"
    if not value or not all(type(item) is int and 0 <= item < 4096 for item in value):
        table.wrong("match", 'must be a part of the name, a "GPU-uuid", "*", or a list of indexes, not %', value)
        return ()
    return tuple(value)


def _owned(table: Table) -> Ownership | None:
    usd_each = table.number("usd_each", above=True)
    life_years = table.number("life_years", high=50, above=True)
    residual = table.number("residual_percent", high=100)
    bought_ms = table.moment_ms("bought")
    written = [key for key in ("usd_each", "life_years", "residual_percent", "bought") if key in table]
    if not written:
        return None
    table.require("usd_each", "life_years")
    return Ownership(usd_each or Decimal(0), life_years or Decimal(1), residual or Decimal(0), bought_ms)


def _quotes(table: Table, currencies: Mapping[str, Sequence[Exchange]]) -> tuple[Quote, ...]:
    quotes = [quote for row in table.tables("rates") if (quote := _quote(row, currencies)) is not None]
    if table.take("rates") == []:
        table.wrong("rates", "is empty: what does the GPU cost?")
    _ascending(table, "rates", [quote.from_ms for quote in quotes])
    return tuple(sorted(quotes, key=lambda quote: quote.from_ms))


def _quote(row: Table, currencies: Mapping[str, Sequence[Exchange]]) -> Quote | None:
    row.require("from")
    from_ms = row.moment_ms("from")
    usd = row.number("usd_per_gpu_hour", high=HIGHEST_RATE)
    other = row.number("per_gpu_hour", high=HIGHEST_RATE)
    currency = row.text("currency")
    row.close()
    if ("usd_per_gpu_hour" in row) == ("per_gpu_hour" in row) or ("per_gpu_hour" in row) != ("currency" in row):
        row.wrong(None, "needs `usd_per_gpu_hour`, or `per_gpu_hour` and `currency`")
        return None
    if usd is not None and from_ms is not None:
        return Quote(from_ms, usd, "USD")
    if other is None or currency is None or from_ms is None or not _convertible(row, currency, from_ms, currencies):
        return None
    return Quote(from_ms, other, currency)


def _convertible(row: Table, currency: str, from_ms: int, currencies: Mapping[str, Sequence[Exchange]]) -> bool:
    if currency == "USD":
        return True
    if currency not in currencies:
        row.wrong("currency", f"has no rate in [currencies]: %{nearest(currency, currencies)}", currency)
        return False
    if not any(exchange.from_ms <= from_ms for exchange in currencies[currency]):
        row.wrong("currency", "has no rate in [currencies] that is in force on the first day: %", currency)
        return False
    return True


def _ascending(table: Table, key: str, moments: Sequence[int]) -> None:
    if any(later <= earlier for earlier, later in pairwise(moments)):
        table.wrong(key, "rows must ascend by `from`, no day twice")


def _note(quotes: Sequence[Quote]) -> str:
    foreign = sorted({quote.currency for quote in quotes} - {"USD"})
    return f"contract in {', '.join(foreign)}, at dated rates" if foreign else ""


def _power(table: Table) -> PowerTerms | None:
    value = table.take("power")
    if value is None:
        return None
    if value == "in-rent":
        return PowerTerms(in_rent=True)
    if not isinstance(value, dict):
        table.wrong("power", 'must be "in-rent" or { usd_per_kwh = 0.12, pue = 1.3 }, not %', value)
        return None
    inner = table.table("power")
    inner.require("usd_per_kwh")
    usd_per_kwh = inner.number("usd_per_kwh", high=100)
    pue = inner.number("pue", low=1, high=10)
    inner.close()
    return PowerTerms(False, usd_per_kwh, Decimal(1) if pue is None else pue)

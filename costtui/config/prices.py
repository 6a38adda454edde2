"""One price as the user writes it, in `[prices]` and in prices.toml: any currency, tiers, discounts, free."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from costtui.config.gpus import Exchange
from costtui.config.table import Table, nearest
from costtui.domain.price import PriceTier, TokenPrice

RATES = ("input", "output", "cached_input", "cache_write", "cache_write_1h", "input_audio", "output_audio")
FEES = {"per_request": "usd_per_request", "per_image": "usd_per_image", "per_web_search": "usd_per_web_search"}
SERVICE_TIERS = ("flex", "priority", "batch", "fast")
HIGHEST = 1_000_000
"""Per million tokens, so a dollar per token: higher is a slip of the unit."""


def read_price(
    row: Table, currencies: Mapping[str, Sequence[Exchange]], *, provider: str, model: str
) -> tuple[TokenPrice, ...]:
    """The row in dollars, a price for each exchange rate that holds while it does; empty where something is wrong."""
    row.require("from")
    from_ms = row.moment_ms("from")
    free = row.take("free")
    discount = row.number("discount_percent", high=99, above=True)
    currency = row.text("currency") or "USD"
    rates: dict[str, Any] = {kind: row.number(kind, high=HIGHEST, above=kind in ("input", "output")) for kind in RATES}
    fees: dict[str, Any] = {field: row.number(key, high=HIGHEST) for key, field in FEES.items()}
    tiers, factors = _tiers(row), _factors(row)
    row.close()
    if free not in (None, True, False):
        row.wrong("free", "must be true or false, not %", free)
    if from_ms is None or not _complete(row, free is True, discount):
        return ()
    price = TokenPrice(
        provider, model, rates.pop("input") or Decimal(0), rates.pop("output") or Decimal(0),
        from_ms=from_ms, source="config", tiers=tiers, factors=factors, free=free is True,
        input_only="output" not in row and "input" in row,
        discount_percent=None if "input" in row else discount, **rates, **fees,
    )  # fmt: skip
    part = 1 if discount is None or "input" not in row else 1 - discount / 100
    return tuple(_in_dollars(row, price, currency, Decimal(part), currencies))


def _complete(row: Table, free: bool, discount: Decimal | None) -> bool:
    """A price says what a token costs, or what is off the catalogue's price, or that it is free, and one of these."""
    given = [key for key in (*RATES, *FEES, "tiers", "service_tiers", "currency", "discount_percent") if key in row]
    if free:
        for key in given:
            row.wrong(key, "stands beside `free = true`")
        return not given
    if "input" in row:
        return True
    if given != ["discount_percent"]:
        row.wrong(
            None, '"input" is missing; `discount_percent` alone takes off the catalogue\'s price, `free = true` all'
        )
        return False
    return discount is not None


def _tiers(row: Table) -> tuple[PriceTier, ...]:
    found = []
    for inner in row.tables("tiers"):
        inner.require("above_input_tokens")
        above = inner.number("above_input_tokens", low=1, high=10**9)
        rates: dict[str, Any] = {
            kind: inner.number(kind, high=HIGHEST, above=kind in ("input", "output")) for kind in RATES
        }
        inner.close()
        if above is not None and above != int(above):
            inner.wrong("above_input_tokens", "must be a whole number, not %", above)
        found.append(PriceTier(int(above or 0), **rates))
    if any(later.above_input_tokens <= earlier.above_input_tokens for earlier, later in pairwise(found)):
        row.wrong("tiers", "must ascend by `above_input_tokens`")
    return tuple(found)


def _factors(row: Table) -> tuple[tuple[str, Decimal], ...]:
    inner = row.table("service_tiers")
    factors = [(name, inner.number(name, high=100, above=True)) for name in SERVICE_TIERS]
    inner.close()
    return tuple((name, factor) for name, factor in factors if factor is not None)


def _in_dollars(
    row: Table, price: TokenPrice, currency: str, part: Decimal, currencies: Mapping[str, Sequence[Exchange]]
) -> list[TokenPrice]:
    if currency == "USD":
        return [times(price, part)]
    if currency not in currencies:
        row.wrong("currency", f"has no rate in [currencies]: %{nearest(currency, currencies)}", currency)
        return []
    begun = [exchange for exchange in currencies[currency] if exchange.from_ms <= price.from_ms]
    if not begun:
        row.wrong("currency", "has no rate in [currencies] that is in force on the first day: %", currency)
        return []
    later = [exchange for exchange in currencies[currency] if exchange.from_ms > price.from_ms]
    priced = replace(price, source=f"config, {currency}")
    changes = [Exchange(price.from_ms, begun[-1].usd), *later]
    return [times(replace(priced, from_ms=change.from_ms), change.usd * part) for change in changes]


def times(price: TokenPrice, part: Decimal) -> TokenPrice:
    """Every rate and fee multiplied, to 28 digits."""
    if part == 1:
        return price

    def by(value: Decimal | None) -> Decimal | None:
        return None if value is None else value * part

    def all_by(tier: PriceTier) -> PriceTier:
        rates: dict[str, Any] = {kind: by(getattr(tier, kind)) for kind in RATES}
        return replace(tier, **rates)

    fields: dict[str, Any] = {name: by(getattr(price, name)) for name in (*RATES, *FEES.values())}
    return replace(price, tiers=tuple(all_by(tier) for tier in price.tiers), **fields)


def in_order(quotes: Sequence[Sequence[TokenPrice]]) -> list[TokenPrice]:
    """Rows of one model, ascending: an exchange rate that changes after the next quote began no longer matters."""
    ordered = sorted((quote for quote in quotes if quote), key=lambda quote: quote[0].from_ms)
    ends = [quote[0].from_ms for quote in ordered[1:]]
    return [
        price
        for quote, end_ms in zip(ordered, [*ends, None], strict=False)
        for price in quote
        if end_ms is None or price.from_ms < end_ms
    ]

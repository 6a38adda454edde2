"""A price as plain JSON and back: amounts as decimal text, what is absent left out."""

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any

from costtui.domain.price import PriceTier, TokenPrice

HIGHEST = 1_000_000
"""USD per million tokens, so a dollar per token."""
DAY_MINUTES = 1440
_TEXT = ("provider", "model", "source", "service_tier")
_WHOLE = ("from_ms", "above_input_tokens")
_FLAGS = ("free", "input_only")


def to_json(price: TokenPrice) -> dict[str, object]:
    """Everything but what is as it is by default."""
    row = _plain(price)
    if price.hours:
        row["hours"] = list(price.hours)
    if price.tiers:
        row["tiers"] = [_plain(tier) for tier in price.tiers]
    if price.factors:
        row["factors"] = {name: f"{factor:f}" for name, factor in price.factors}
    return row


def _plain(price: TokenPrice | PriceTier) -> dict[str, object]:
    row: dict[str, object] = {}
    for each in fields(price):
        value = getattr(price, each.name)
        if isinstance(value, Decimal):
            row[each.name] = f"{value:f}"
        elif value != each.default and not isinstance(value, tuple):
            row[each.name] = value
    return row


def from_json(row: Mapping[str, Any]) -> TokenPrice:
    """Raises ValueError, TypeError, KeyError or ArithmeticError for what `to_json` would not have written."""
    values = {key: _value(key, value) for key, value in row.items() if key not in ("tiers", "factors", "hours")}
    tiers = tuple(
        PriceTier(**{key: _value(key, value) for key, value in tier.items()}) for tier in row.get("tiers", ())
    )
    factors = tuple((str(name), _amount(factor)) for name, factor in row.get("factors", {}).items())
    price = TokenPrice(**values, tiers=tiers, factors=factors, hours=_hours(row.get("hours")))
    if why := flaw(price):
        raise ValueError(why)
    return price


def _value(key: str, value: Any) -> Any:
    if key in _TEXT:
        return str(value)
    if key in _WHOLE or key in _FLAGS:
        if type(value) is not (int if key in _WHOLE else bool):
            raise ValueError(key)
        return value
    return _amount(value)


def _hours(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    start, end = (int(minute) for minute in value)
    if not (0 <= start < DAY_MINUTES and 0 <= end < DAY_MINUTES):
        raise ValueError("hours")
    return start, end


def _amount(value: object) -> Decimal:
    return Decimal(str(value))


def flaw(price: TokenPrice) -> str | None:
    """Why this cannot be a price; None if it can. Nothing is free that the user did not declare so."""
    for kind, amount in amounts(price).items():
        if not amount.is_finite() or amount < 0:
            return f"{kind} is {amount}, which is no price"
        if amount > HIGHEST:
            return f"{kind} is ${amount:f}, more than a dollar per token"
    if price.free:
        return None
    if price.input == 0 or (price.output == 0 and not price.input_only):
        return "it is 0, and only `free = true` makes a model free"
    return None


def amounts(price: TokenPrice) -> dict[str, Decimal]:
    """Every amount that the price states, by a name that stays when the amount changes."""
    found = _stated("", price)
    ranks: dict[str, int] = {}
    for tier in price.tiers:
        rank = ranks[tier.service_tier] = ranks.get(tier.service_tier, 0) + 1
        name = f"{tier.service_tier or 'long context'} {rank} "
        found |= _stated(name, tier) | {f"{name}above_input_tokens": Decimal(tier.above_input_tokens)}
    return found | {f"factor {name}": factor for name, factor in price.factors}


def _stated(name: str, price: TokenPrice | PriceTier) -> dict[str, Decimal]:
    values = {each.name: getattr(price, each.name) for each in fields(price)}
    return {f"{name}{key}": value for key, value in values.items() if isinstance(value, Decimal)}

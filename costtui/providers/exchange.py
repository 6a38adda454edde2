"""Amounts in other currencies: dollars by a dated rate of the configuration, or unknown."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from costtui.domain.money import NanoUsd, nano_from_usd
from costtui.providers.look import Look

_MOST_USD = Decimal(10) ** 9


def in_dollars(
    place: Look, amount: Decimal | None, currency: str | None, usd_per_unit: Mapping[str, str]
) -> NanoUsd | None:
    """`amount` in nano-USD, rounded once; None, and noted at `place`, without a rate for its currency."""
    if amount is None or currency is None:
        return None
    if currency.upper() == "USD":
        usd = amount
    elif (rate := _rate(usd_per_unit.get(currency.upper()))) is None:
        place.lacks(f"a currency with a rate in [currencies]: {currency}")
        return None
    else:
        usd = amount * rate
    if abs(usd) >= _MOST_USD:
        place.lacks("with a believable amount")
        return None
    return nano_from_usd(usd)


def _rate(text: str | None) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        return None

"""Money is an integer of nano-USD; rates are Decimal; a float never meets a dollar."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NewType

NanoUsd = NewType("NanoUsd", int)
"""A billionth of a US dollar; 64 bits hold 9.2 billion dollars."""

ZERO = NanoUsd(0)
NANO_PER_USD = 1_000_000_000
MS_PER_HOUR = 3_600_000
MILLIJOULES_PER_KWH = 3_600_000_000


def nano_from_usd(usd: Decimal) -> NanoUsd:
    """Round an exact amount in USD once, half to even."""
    return NanoUsd(int((usd * NANO_PER_USD).to_integral_value(ROUND_HALF_EVEN)))


def usd_from_nano(nano: int) -> Decimal:
    """The exact amount in USD, trailing zeros gone, at most nine decimals; whole dollars without an exponent."""
    usd = Decimal(nano).scaleb(-9)
    whole = usd.to_integral_value()
    return whole.quantize(Decimal(1)) if usd == whole else usd.normalize()


def charge(tokens: int, usd_per_million: Decimal) -> NanoUsd:
    """Cost of `tokens` at a price per million, rounded once."""
    return nano_from_usd(usd_per_million * tokens / 1_000_000)


def rent_for(usd_per_hour: Decimal, span_ms: int) -> NanoUsd:
    """Cost of `span_ms` milliseconds at an hourly rate, rounded once."""
    return nano_from_usd(usd_per_hour * span_ms / MS_PER_HOUR)


def power_cost(energy_mj: int, usd_per_kwh: Decimal, pue: Decimal) -> NanoUsd:
    """Cost of millijoules at the socket; `pue` is the building's power divided by the equipment's."""
    return nano_from_usd(usd_per_kwh * pue * energy_mj / MILLIJOULES_PER_KWH)


def apportion(total: NanoUsd, weights: Sequence[int]) -> list[NanoUsd]:
    """Split `total` by non-negative `weights` with the largest remainder: the parts sum to it exactly.

    With no weight at all there is nothing to split by, and the last part takes everything.
    """
    whole = sum(weights)
    if whole == 0:
        return [ZERO] * (len(weights) - 1) + [total] if weights else []
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return [NanoUsd(part) for part in parts]

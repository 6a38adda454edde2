"""Spend until the end of a month from the shape of the week: pure and deterministic."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from costtui.domain.money import NanoUsd

LEAST_DAYS = 14
"""Two of each weekday: fewer show no spread."""
WEEK = 7
SPREAD = Decimal("1.28")
"""Standard deviations to either side that hold eight of ten, were days independent and normal."""


class Forecast(NamedTuple):
    """Of a whole month, what was spent so far in it."""

    middle: NanoUsd
    low: NanoUsd
    """Never below what is spent."""
    high: NanoUsd


def forecast(
    days: Mapping[date, int], spent: NanoUsd, today: date, left_of_today: Decimal, last: date
) -> Forecast | None:
    """`days`: whole past days in nano-USD; `left_of_today`: 0 to 1; `last`: the month's last day. None: too few days.

    Each day to come costs the mean of its weekday; the band grows with the root of the number of days.
    """
    if len(days) < LEAST_DAYS or len({day.weekday() for day in days}) < WEEK:
        return None
    means = {
        weekday: _mean([nano for day, nano in days.items() if day.weekday() == weekday]) for weekday in range(WEEK)
    }
    coming = [today + timedelta(days=number) for number in range(1, (last - today).days + 1)]
    rest = sum((means[day.weekday()] for day in coming), means[today.weekday()] * left_of_today)
    gaps = [nano - means[day.weekday()] for day, nano in days.items()]
    variance = sum((gap * gap for gap in gaps), Decimal(0)) / (len(days) - WEEK)
    band = SPREAD * (variance * (len(coming) + left_of_today)).sqrt()
    middle = spent + rest
    return Forecast(NanoUsd(round(middle)), NanoUsd(max(spent, round(middle - band))), NanoUsd(round(middle + band)))


def _mean(values: Sequence[int]) -> Decimal:
    return Decimal(sum(values)) / len(values)

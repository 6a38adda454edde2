"""Spend until the end of a month, and until a sum is gone, from the shape of the week: pure and deterministic."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from costtui.domain.money import MS_PER_HOUR, NanoUsd

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


class Shape(NamedTuple):
    """What days cost."""

    means: tuple[Decimal, ...]
    """Nano-USD by weekday, Monday first."""
    variance: Decimal
    """Of a day around its weekday's mean."""


class Leg(NamedTuple):
    """A day, or the part of it that is still to come."""

    begins_ms: int
    ends_ms: int
    weekday: int
    day_ms: int
    """Of the whole day: 23 to 25 hours."""


class Exhaustion(NamedTuple):
    """When money is gone, in Unix milliseconds; None: not within what was looked at."""

    middle_ms: int | None
    earliest_ms: int | None
    latest_ms: int | None


def shape_of(days: Mapping[date, int]) -> Shape | None:
    """Of whole past days in nano-USD. None: too few of them."""
    if len(days) < LEAST_DAYS or len({day.weekday() for day in days}) < WEEK:
        return None
    means = tuple(_mean([nano for day, nano in days.items() if day.weekday() == weekday]) for weekday in range(WEEK))
    gaps = [nano - means[day.weekday()] for day, nano in days.items()]
    return Shape(means, sum((gap * gap for gap in gaps), Decimal(0)) / (len(days) - WEEK))


def forecast(
    days: Mapping[date, int], spent: NanoUsd, today: date, left_of_today: Decimal, last: date
) -> Forecast | None:
    """`days`: whole past days in nano-USD; `left_of_today`: 0 to 1; `last`: the month's last day. None: too few days.

    Each day to come costs the mean of its weekday; the band grows with the root of the number of days.
    """
    shape = shape_of(days)
    if shape is None:
        return None
    coming = [today + timedelta(days=number) for number in range(1, (last - today).days + 1)]
    rest = sum((shape.means[day.weekday()] for day in coming), shape.means[today.weekday()] * left_of_today)
    band = SPREAD * (shape.variance * (len(coming) + left_of_today)).sqrt()
    middle = spent + rest
    return Forecast(NanoUsd(round(middle)), NanoUsd(max(spent, round(middle - band))), NanoUsd(round(middle + band)))


def exhaustion(left: NanoUsd, shape: Shape, legs: Sequence[Leg], steady_nano_per_hour: Decimal) -> Exhaustion:
    """When `left` (more than 0) is spent at each weekday's mean and what goes on steadily beside it; the earliest and
    the latest moment are of the band's upper and lower edge."""
    at = (_crossing(left, shape, legs, steady_nano_per_hour, spread) for spread in (Decimal(0), SPREAD, -SPREAD))
    return Exhaustion(*at)


def _crossing(left: NanoUsd, shape: Shape, legs: Sequence[Leg], steady: Decimal, spread: Decimal) -> int | None:
    """The first millisecond at which one line of the band is at `left`: in a leg whose end is above, a line that
    begins below crosses once."""
    width = spread * shape.variance.sqrt()
    spent = days = Decimal(0)
    for leg in legs:
        line = _Line(spent, days, shape.means[leg.weekday], leg.day_ms, steady)
        length, spent_at = leg.ends_ms - leg.begins_ms, partial(line.edge, width)
        if spent_at(length) >= left:
            return leg.begins_ms + bisect_left(range(length + 1), Decimal(left), key=spent_at)
        spent, days = line.middle(length), line.days(length)
    return None


class _Line(NamedTuple):
    """Spend within one leg, by milliseconds since it began; multiplied before it is divided, which keeps whole sums
    whole."""

    spent_before: Decimal
    days_before: Decimal
    mean: Decimal
    day_ms: int
    steady_per_hour: Decimal

    def middle(self, ms: int) -> Decimal:
        return self.spent_before + self.mean * ms / self.day_ms + self.steady_per_hour * ms / MS_PER_HOUR

    def days(self, ms: int) -> Decimal:
        return self.days_before + Decimal(ms) / self.day_ms

    def edge(self, width: Decimal, ms: int) -> Decimal:
        return self.middle(ms) + width * self.days(ms).sqrt()


def _mean(values: Sequence[int]) -> Decimal:
    return Decimal(sum(values)) / len(values)

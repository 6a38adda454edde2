"""Month-end spend, worked by hand."""

from datetime import date, timedelta
from decimal import Decimal

from costtui.analysis.forecast import Exhaustion, Forecast, Leg, Shape, exhaustion, forecast
from costtui.domain.money import NanoUsd

MONDAY = date(2026, 11, 2)
STEADY = {MONDAY + timedelta(days=n): 10 if (MONDAY + timedelta(days=n)).weekday() < 5 else 2 for n in range(14)}
DAY_MS = 86_400_000
TODAY, LAST = date(2026, 11, 16), date(2026, 11, 22)


def test_days_to_come_cost_what_their_weekday_did_and_no_spread_is_no_band() -> None:
    # half of Monday 5, Tuesday to Friday 40, the weekend 4
    assert forecast(STEADY, NanoUsd(100), TODAY, Decimal("0.5"), LAST) == Forecast(
        NanoUsd(149), NanoUsd(149), NanoUsd(149)
    )


def test_the_band_is_as_wide_as_weekdays_differ_and_never_below_what_is_spent() -> None:
    # one Monday 0, one 20: variance 200 / 7; over 6 days 1.28 x sqrt(171.43) = 16.76
    uneven = {**STEADY, MONDAY: 0, MONDAY + timedelta(days=7): 20}
    assert forecast(uneven, NanoUsd(100), TODAY, Decimal(0), LAST) == Forecast(NanoUsd(144), NanoUsd(127), NanoUsd(161))
    wild = {**STEADY, MONDAY: 0, MONDAY + timedelta(days=7): 2_000}
    told = forecast(wild, NanoUsd(100), TODAY, Decimal(0), LAST)
    assert told is not None
    assert told.low == 100


def test_less_than_two_weeks_forecast_nothing() -> None:
    assert forecast(dict(list(STEADY.items())[:13]), NanoUsd(1), TODAY, Decimal(0), LAST) is None


def ahead(days: int) -> list[Leg]:
    return [Leg(n * DAY_MS, (n + 1) * DAY_MS, n % 7, DAY_MS) for n in range(days)]


def test_a_sum_is_gone_when_the_weekdays_to_come_have_cost_it_and_what_is_steady_beside_them() -> None:
    # Monday 10, Tuesday 10, half of Wednesday's 10
    shape = Shape((*[Decimal(10)] * 5, Decimal(2), Decimal(2)), Decimal(0))
    gone = 2 * DAY_MS + DAY_MS // 2
    assert exhaustion(NanoUsd(25), shape, ahead(7), Decimal(0)) == Exhaustion(gone, gone, gone)
    # 15 a day with 5 of rent: Monday 15, two thirds of Tuesday
    assert exhaustion(NanoUsd(25), shape, ahead(7), Decimal(5) / 24).middle_ms == DAY_MS + DAY_MS * 2 // 3
    # the week costs 54
    assert exhaustion(NanoUsd(54), shape, ahead(7), Decimal(0)).middle_ms == 7 * DAY_MS
    assert exhaustion(NanoUsd(55), shape, ahead(7), Decimal(0)) == Exhaustion(None, None, None)


def test_its_earliest_and_latest_moments_are_where_the_band_reaches_it() -> None:
    shape = Shape((Decimal(1_000),) * 7, Decimal(2_500))  # 1.28 x 50 = 64 a root of a day
    told = exhaustion(NanoUsd(4_128), shape, ahead(10), Decimal(0))
    assert told.earliest_ms == 4 * DAY_MS  # 4,000 + 64 x 2
    assert told.middle_ms == 4 * DAY_MS + 11_059_200  # 0.128 days
    assert exhaustion(NanoUsd(8_808), shape, ahead(10), Decimal(0)).latest_ms == 9 * DAY_MS  # 9,000 - 64 x 3
    assert exhaustion(NanoUsd(9_900), shape, ahead(10), Decimal(0)).latest_ms is None

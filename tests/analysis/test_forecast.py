"""Month-end spend, worked by hand."""

from datetime import date, timedelta
from decimal import Decimal

from costtui.analysis.forecast import Forecast, forecast
from costtui.domain.money import NanoUsd

MONDAY = date(2026, 11, 2)
STEADY = {MONDAY + timedelta(days=n): 10 if (MONDAY + timedelta(days=n)).weekday() < 5 else 2 for n in range(14)}
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

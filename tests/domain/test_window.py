"""Windows of budgets: they tile time in every zone, and hold the moment that they are asked about."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.window import CALENDAR, Window

BERLIN, KOLKATA, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("UTC")
ODD = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"),
    *("America/Sao_Paulo", "Asia/Beirut", "Africa/Casablanca", "Asia/Tehran", "Antarctica/Troll"),
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        (Window("minute"), "2026-11-25T22:17:00+01:00", "2026-11-25T22:18:00+01:00"),
        (Window("hour"), "2026-11-25T22:00:00+01:00", "2026-11-25T23:00:00+01:00"),
        (Window("hour", zone=KOLKATA), "2026-11-25T21:30:00+01:00", "2026-11-25T22:30:00+01:00"),
        (Window("day"), "2026-11-25T00:00:00+01:00", "2026-11-26T00:00:00+01:00"),
        (Window("day", reset_hour=9), "2026-11-25T09:00:00+01:00", "2026-11-26T09:00:00+01:00"),
        (Window("day", reset_hour=23), "2026-11-24T23:00:00+01:00", "2026-11-25T23:00:00+01:00"),
        (Window("day", zone=KOLKATA), "2026-11-26T00:00:00+05:30", "2026-11-27T00:00:00+05:30"),
        (Window("week"), "2026-11-23T00:00:00+01:00", "2026-11-30T00:00:00+01:00"),
        (Window("week", week_start=6), "2026-11-22T00:00:00+01:00", "2026-11-29T00:00:00+01:00"),
        (Window("month"), "2026-11-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00"),
        (Window("quarter"), "2026-10-01T00:00:00+02:00", "2027-01-01T00:00:00+01:00"),
        (Window("year", reset_hour=6), "2026-01-01T06:00:00+01:00", "2027-01-01T06:00:00+01:00"),
    ],
)
def test_a_window_begins_and_ends_where_the_calendar_says(window: Window, start: str, end: str) -> None:
    assert window.span(ms("2026-11-25T22:17:03+01:00"), BERLIN) == (ms(start), ms(end))


def test_a_month_that_begins_at_nine_belongs_to_the_one_before_until_then() -> None:
    assert Window("month", reset_hour=9).span(ms("2026-12-01T08:59:59+01:00"), BERLIN)[1] == ms(
        "2026-12-01T09:00:00+01:00"
    )


def test_a_rolling_window_moves_by_the_minute_and_never_ends() -> None:
    window = Window("rolling", length_ms=24 * 3_600_000)
    assert window.text == "rolling 24h"
    assert window.span(ms("2026-11-25T22:17:59+00:00"), BERLIN) == (ms("2026-11-24T22:17:00+00:00"), None)
    assert Window("rolling", length_ms=90 * 60_000).text == "rolling 90m"


def test_a_prepaid_sum_counts_from_its_day_for_ever() -> None:
    window = Window("prepaid", from_ms=ms("2026-11-01T00:00:00+00:00"))
    assert window.span(ms("2031-01-01T00:00:00+00:00"), BERLIN) == (window.from_ms, None)


@given(
    kind=st.sampled_from(CALENDAR),
    zone=st.sampled_from(ODD),
    reset_hour=st.integers(0, 23),
    week_start=st.integers(0, 6),
    at=st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
)
def test_windows_hold_their_moment_and_follow_each_other_without_a_gap(
    kind: str, zone: str, reset_hour: int, week_start: int, at: datetime
) -> None:
    window, at_ms = Window(kind, zone=ZoneInfo(zone), reset_hour=reset_hour, week_start=week_start), 0
    at_ms = int(at.replace(tzinfo=UTC).timestamp() * 1000)
    start, end = window.span(at_ms, UTC_ZONE)
    assert end is not None
    assert start <= at_ms < end
    assert window.span(start, UTC_ZONE) == (start, end)
    assert window.span(end - 1, UTC_ZONE) == (start, end)
    assert window.span(end, UTC_ZONE)[0] == end
    assert window.span(start - 1, UTC_ZONE)[1] == start


def test_the_day_that_samoa_left_out_is_no_window() -> None:
    window, apia = Window("day"), ZoneInfo("Pacific/Apia")
    start, end = window.span(ms("2011-12-30T09:59:59+00:00"), apia)
    assert (start, end) == (ms("2011-12-29T10:00:00+00:00"), ms("2011-12-30T10:00:00+00:00"))
    assert window.span(ms("2011-12-30T10:00:00+00:00"), apia)[1] == ms("2011-12-31T10:00:00+00:00")

"""Windows of budgets in forty time zones at every change of their clocks from 2024 to 2030, against an oracle that
walks through time a quarter of an hour after the other and reads the clock on the wall.

By default the days around each change and each New Year are walked, for some reset hours; COSTTUI_WINDOWS=all walks all
seven years for all 24, which takes eight minutes.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from costtui.domain.window import Window

WHOLE = os.environ.get("COSTTUI_WINDOWS") == "all"
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
"""Every offset and every change of these years is a multiple of it."""
RESETS = range(24) if WHOLE else (0, 2, 3)
ZONES = (
    *("UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Chisinau", "Europe/Moscow"),
    *("America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"),
    *("America/St_Johns", "America/Havana", "America/Santiago", "America/Sao_Paulo", "America/Asuncion"),
    *("America/Nuuk", "America/Scoresbysund", "America/Miquelon", "Atlantic/Azores", "Africa/Cairo"),
    *("Africa/Casablanca", "Africa/El_Aaiun", "Asia/Beirut", "Asia/Jerusalem", "Asia/Gaza", "Asia/Tehran"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Asia/Almaty", "Asia/Tokyo", "Australia/Lord_Howe", "Australia/Adelaide"),
    *("Australia/Sydney", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia", "Pacific/Easter", "Antarctica/Troll"),
)
Begin = tuple[int, int]
"""Start and end of a window, in Unix milliseconds."""


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def changes(zone: ZoneInfo) -> list[datetime]:
    """Midnights (UTC) before a day in which the offset changes, and the last ones of each year."""
    days = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days)]
    moved = [day for day in days if _offset(day, zone) != _offset(day + timedelta(days=1), zone)]
    return sorted({*moved, *(day for day in days if (day.month, day.day) == (12, 31))})


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def walks(zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Spans of time to walk through."""
    if WHOLE:
        yield FIRST, LAST
        return
    for day in changes(zone):
        yield day - timedelta(hours=12), day + timedelta(hours=42)


def on_the_wall(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[int, datetime]]:
    """Each quarter of an hour: when it is, and what the clock on the wall says."""
    found, at = [], start
    while at < end:
        found.append((ms(at), at.astimezone(zone).replace(tzinfo=None)))
        at += QUARTER
    return found


def days(wall: Iterable[tuple[int, datetime]], reset_hour: int) -> list[tuple[int, date]]:
    """Each day with its beginning: the first moment of a later day than any before it; days begin at `reset_hour`."""
    found: list[tuple[int, date]] = []
    newest, passed = date.min, timedelta(hours=reset_hour)
    for at_ms, clock in wall:
        day = (clock - passed).date()
        if day > newest:
            found.append((at_ms, day))
            newest = day
    return found


def begins(found: list[tuple[int, date]], of_day: Callable[[date], date]) -> list[int]:
    """When windows begin that are made of such days; the first may have begun before."""
    pairs = zip(found[1:], found, strict=False)
    return [at_ms for (at_ms, day), (_, before) in pairs if of_day(day) != of_day(before)]


def week(start: int) -> Callable[[date], date]:
    return lambda day: day - timedelta(days=(day.weekday() - start) % 7)


KINDS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda day: day.replace(month=1, day=1),
}


def judge(window: Window, zone: ZoneInfo, expected: list[int], first_ms: int, last_ms: int) -> None:
    """All windows that begin in the span, and no other."""
    found = []
    end = window.span(first_ms, zone)[1]
    while end is not None and end < last_ms:
        found.append(end)
        start, end = window.span(end, zone)
        assert start == found[-1]
    assert found == expected, (window, zone)
    for at_ms in expected:
        assert window.span(at_ms - 1, zone)[1] == at_ms


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ZONES)
def test_every_window_begins_where_a_clock_on_the_wall_says(name: str) -> None:
    zone = ZoneInfo(name)
    for start, end in walks(zone):
        wall, span = on_the_wall(zone, start, end), (ms(start), ms(end))
        for reset_hour in RESETS:
            found = days(wall, reset_hour)
            for kind, of_day in KINDS.items():
                judge(Window(kind, reset_hour=reset_hour), zone, begins(found, of_day), *span)
            for week_start in range(7) if WHOLE else (6,):
                window = Window("week", reset_hour=reset_hour, week_start=week_start)
                judge(window, zone, begins(found, week(week_start)), *span)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ZONES)
def test_an_hour_lasts_until_the_next_full_one_on_the_wall_or_until_the_clock_is_put(name: str) -> None:
    zone = ZoneInfo(name)
    for start, end in walks(zone):
        wall = on_the_wall(zone, start, end)
        shown = [
            (at_ms, (_offset(datetime.fromtimestamp(at_ms / 1000, UTC), zone), clock.hour)) for at_ms, clock in wall
        ]
        expected = [at_ms for (at_ms, now), (_, before) in zip(shown[1:], shown, strict=False) if now != before]
        judge(Window("hour"), zone, expected, ms(start), ms(end))
        for at_ms, _ in wall:
            assert Window("minute").span(at_ms + 30_001, zone) == (at_ms, at_ms + 60_000)


@pytest.mark.parametrize("name", ZONES)
def test_no_clock_on_the_wall_moves_a_rolling_window_or_a_prepaid_sum(name: str) -> None:
    zone = ZoneInfo(name)
    rolling, prepaid = Window("rolling", length_ms=5_400_000), Window("prepaid", from_ms=ms(FIRST))
    for day in changes(zone):
        for minutes in range(0, 1_440, 61):
            at_ms = ms(day) + minutes * 60_000 + 1
            start, end = rolling.span(at_ms, zone)
            assert (at_ms - 5_400_000 - start, end) == (1, None)
            assert prepaid.span(at_ms, zone) == (ms(FIRST), None)


def test_forty_zones_are_looked_at_and_their_clocks_change() -> None:
    assert len(set(ZONES)) == 40
    assert sum(len(changes(ZoneInfo(name))) - 7 for name in ZONES) > 300

"""Windows of local time, also where clocks change."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from costtui.domain.calendar import offsets, window_of

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000


def ms(*parts: int, zone: ZoneInfo = BERLIN) -> int:
    year, month, day, hour, minute = (*parts, 0, 0)[:5]
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("window", "start", "end"),
    [
        ("hour", (2026, 11, 25, 22), (2026, 11, 25, 23)),
        ("day", (2026, 11, 25), (2026, 11, 26)),
        ("week", (2026, 11, 23), (2026, 11, 30)),
        ("month", (2026, 11, 1), (2026, 12, 1)),
        ("year", (2026, 1, 1), (2027, 1, 1)),
    ],
)
def test_a_window_is_local(window: str, start: tuple[int, ...], end: tuple[int, ...]) -> None:
    assert window_of(window, ms(2026, 11, 25, 22, 17), BERLIN) == (ms(*start), ms(*end))


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_a_day_is_as_long_as_its_clocks_make_it(day: tuple[int, int, int], hours: int) -> None:
    start, end = window_of("day", ms(*day, 12), BERLIN) or (0, 0)
    assert end - start == hours * HOUR


def test_an_hour_begins_at_the_half_hour_where_the_zone_does() -> None:
    kolkata = ZoneInfo("Asia/Kolkata")
    start, _ = window_of("hour", ms(2026, 11, 25, 22, 17, zone=kolkata), kolkata) or (0, 0)
    assert start == ms(2026, 11, 25, 22, zone=kolkata)


def test_a_word_that_is_no_window_is_none() -> None:
    assert window_of("fortnight", 0, BERLIN) is None


def test_a_year_is_cut_where_the_clocks_change_and_nowhere_else() -> None:
    begin, end = ms(2026, 1, 1), ms(2027, 1, 1)
    summer, winter = ms(2026, 3, 29, 3), ms(2026, 10, 25, 3)
    assert list(offsets(begin, end, BERLIN)) == [
        (begin, summer, 3_600_000),
        (summer, winter - 3_600_000, 7_200_000),
        (winter - 3_600_000, end, 3_600_000),
    ]
    assert list(offsets(begin, end, ZoneInfo("Asia/Kolkata"))) == [(begin, end, 19_800_000)]
    assert list(offsets(begin, begin, BERLIN)) == []

"""Local days and months as spans of UTC milliseconds, in any IANA time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_LOOK_MS = 7 * 86_400_000
"""No zone has gone to other clocks and back within a week since 1970."""


def _midnight_ms(zone: ZoneInfo, year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=zone).timestamp() * 1000)


def local(at_ms: int, zone: ZoneInfo) -> datetime:
    """`at_ms` as a local, aware datetime."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)


def day_of(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end of the local day that holds `at_ms`; 23 or 25 hours long when clocks change."""
    here = local(at_ms, zone)
    following = here.date() + timedelta(days=1)
    return (
        _midnight_ms(zone, here.year, here.month, here.day),
        _midnight_ms(zone, following.year, following.month, following.day),
    )


def month_of(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """Start and end of the local month that holds `at_ms`."""
    here = local(at_ms, zone)
    year, month = (here.year + 1, 1) if here.month == 12 else (here.year, here.month + 1)
    return _midnight_ms(zone, here.year, here.month, 1), _midnight_ms(zone, year, month, 1)


def window_of(window: str, at_ms: int, zone: ZoneInfo) -> tuple[int, int] | None:
    """Start and end of the local hour, day, week (from Monday), month or year around `at_ms`; None for other words."""
    match window:
        case "hour":
            return _hour_of(at_ms, zone)
        case "day":
            return day_of(at_ms, zone)
        case "week":
            return _week_of(at_ms, zone)
        case "month":
            return month_of(at_ms, zone)
        case "year":
            year = local(at_ms, zone).year
            return _midnight_ms(zone, year, 1, 1), _midnight_ms(zone, year + 1, 1, 1)
        case _:
            return None


def offsets(from_ms: int, to_ms: int, zone: ZoneInfo) -> Iterator[tuple[int, int, int]]:
    """(from, to, milliseconds that its clocks are ahead of UTC) of the parts of a span; cut where clocks change."""
    begin, now = from_ms, from_ms
    while now < to_ms:
        after = min(now + _LOOK_MS, to_ms)
        if _ahead_ms(after, zone) != _ahead_ms(begin, zone):
            after = _change_ms(now, after, zone)
            yield begin, after, _ahead_ms(begin, zone)
            begin = after
        now = after
    if begin < to_ms:
        yield begin, to_ms, _ahead_ms(begin, zone)


def _change_ms(before_ms: int, after_ms: int, zone: ZoneInfo) -> int:
    """The first millisecond with another offset than `before_ms` has."""
    former = _ahead_ms(before_ms, zone)
    while after_ms - before_ms > 1:
        middle = (before_ms + after_ms) // 2
        before_ms, after_ms = (middle, after_ms) if _ahead_ms(middle, zone) == former else (before_ms, middle)
    return after_ms


def _ahead_ms(at_ms: int, zone: ZoneInfo) -> int:
    ahead = local(at_ms, zone).utcoffset() or timedelta()
    return ahead // timedelta(milliseconds=1)


def _hour_of(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    here = local(at_ms, zone)
    past_ms = (here.minute * 60 + here.second) * 1000 + at_ms % 1000
    return at_ms - past_ms, at_ms - past_ms + 3_600_000


def _week_of(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    today = local(at_ms, zone).date()
    monday = today - timedelta(days=today.weekday())
    following = monday + timedelta(days=7)
    return (
        _midnight_ms(zone, monday.year, monday.month, monday.day),
        _midnight_ms(zone, following.year, following.month, following.day),
    )

"""Local days and months as spans of UTC milliseconds, in any IANA time zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


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

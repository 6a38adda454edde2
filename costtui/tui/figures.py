"""Readings rounded so that a row is not redrawn because a sensor trembles; amounts and times are `report.words`."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from costtui.report.words import UNKNOWN, moment, money

GIB = 1024**3
JOULES_PER_KWH = 3_600_000


def gib(size: int | None) -> str:
    """Whole GiB."""
    return UNKNOWN if size is None else f"{size / GIB:.0f}"


def steady_watts(watts: float | None) -> str:
    """Watts to the nearest ten."""
    return UNKNOWN if watts is None else f"{round(watts / 10) * 10}"


def steady_rate(per_second: float | None) -> str:
    """A rate in two significant digits."""
    if per_second is None:
        return UNKNOWN
    if per_second < 1:
        return f"{per_second:.1f}"
    rounded = int(float(f"{per_second:.2g}"))
    if rounded < 1000:
        return str(rounded)
    return f"{rounded / 1000:.1f}k" if rounded < 10_000 else f"{rounded // 1000}k"


def kilowatt_hours(joules: float | None) -> str:
    """kWh with one decimal."""
    return UNKNOWN if joules is None else f"{joules / JOULES_PER_KWH:.1f}"


def sum_of(amounts: Iterable[Decimal | None]) -> str:
    """A sum in USD: `≥` where some parts are unknown, `?` where all are."""
    parts = tuple(amounts)
    known = [part for part in parts if part is not None]
    return money(sum(known, Decimal(0)), more=len(known) < len(parts)) if known else UNKNOWN


def zone_of(name: str) -> tzinfo:
    """The host's time zone, UTC where its name says nothing."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local_now(now_ms: int, zone: tzinfo) -> datetime:
    """The clock's moment as a local time."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)


def clock_seconds(iso: str, zone: tzinfo) -> str:
    """`12:01:03` on the host's wall clock."""
    at = moment(iso)
    return UNKNOWN if at is None else f"{at.astimezone(zone):%H:%M:%S}"

"""A month as one types it, in the host's time zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from costtui.domain.calendar import month_of
from costtui.domain.clean import clean
from costtui.errors import UsageError


def month_span(text: str, zone: ZoneInfo) -> tuple[int, int]:
    """Beginning and end of `2026-11`, Unix milliseconds. Raises UsageError for what is no month."""
    try:
        if len(text) != len("2026-11"):
            raise ValueError(text)
        first = datetime.strptime(text, "%Y-%m").replace(tzinfo=zone)
        return month_of(int(first.timestamp()) * 1000, zone)
    except (ValueError, OverflowError):
        raise UsageError(f"--month needs a month such as 2026-11, not {clean(text, 40)!r}") from None

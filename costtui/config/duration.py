"""Durations as people write them."""

import re

LONGEST_SECONDS = 366 * 86_400
_DURATION = re.compile(r"^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$", re.ASCII)


def duration_seconds(text: str) -> int | None:
    """`2h`, `15m`, `1h30m`, `90s`, `1d` in seconds; None for anything else, for nothing and for over a year."""
    found = _DURATION.match(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    total = days * 86_400 + hours * 3600 + minutes * 60 + seconds
    return total if 0 < total <= LONGEST_SECONDS else None

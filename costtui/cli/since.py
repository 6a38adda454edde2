"""From when on: `24h`, `7d`, `today`, `month`, or a day such as 2026-11-01, in the host's time zone."""

from datetime import UTC, datetime, tzinfo

from costtui.cli.given import Given
from costtui.config.duration import duration_seconds
from costtui.domain.clean import clean
from costtui.errors import UsageError


def since_ms(text: str, now_ms: int, zone: tzinfo, option: str = "--since") -> int:
    """Unix milliseconds. Raises UsageError for what is no such moment, or is still to come."""
    begins = _begins(text, now_ms, zone)
    if begins is None:
        raise UsageError(f"{option} needs 24h, 7d, today, month or a day such as 2026-11-01, not {clean(text, 40)!r}")
    if begins > now_ms:
        raise UsageError(f"{option} {clean(text, 40)} is still to come")
    return begins


def _begins(text: str, now_ms: int, zone: tzinfo) -> int | None:
    if (seconds := duration_seconds(text)) is not None:
        return now_ms - seconds * 1000
    midnight = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone).replace(hour=0, minute=0, second=0)
    midnight = midnight.replace(microsecond=0)
    if text in ("today", "month"):
        return int((midnight if text == "today" else midnight.replace(day=1)).timestamp()) * 1000
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
        return int(day.timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


def zone_of(given: Given, now_ms: int) -> tzinfo:
    """The host's zone as configured; UTC where there is no configuration."""
    from costtui.config.load import load

    return load(given.config_path, now_ms).host.timezone

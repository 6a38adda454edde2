"""Which of one offer's rows holds at a moment: the newest day's, and of these the one of the hour."""

from collections.abc import Sequence

from costtui.domain.price import TokenPrice

_DAY_MS = 86_400_000
_MINUTE_MS = 60_000


def in_force(rows: Sequence[TokenPrice], at_ms: int) -> TokenPrice | None:
    """The row that holds; None before the first day. `rows` are of one offer."""
    newest = _newest(rows, at_ms)
    minute = at_ms % _DAY_MS // _MINUTE_MS
    for row in reversed(newest):
        if row.hours is not None and _within(row.hours, minute):
            return row
    return next((row for row in reversed(newest) if row.hours is None), None)


def next_change_ms(rows: Sequence[TokenPrice], at_ms: int) -> int | None:
    """When another row may hold next: a new day's price, or an hour that begins or ends."""
    days = [row.from_ms for row in rows if row.from_ms > at_ms]
    midnight = at_ms - at_ms % _DAY_MS
    minutes = [minute for row in _newest(rows, at_ms) if row.hours is not None for minute in row.hours]
    hours = [midnight + minute * _MINUTE_MS for minute in minutes]
    return min([*days, *(at if at > at_ms else at + _DAY_MS for at in hours)], default=None)


def _newest(rows: Sequence[TokenPrice], at_ms: int) -> list[TokenPrice]:
    begun = max((row.from_ms for row in rows if row.from_ms <= at_ms), default=None)
    return [row for row in rows if row.from_ms == begun]


def _within(hours: tuple[int, int], minute: int) -> bool:
    start, end = hours
    return start <= minute < end if start < end else minute >= start or minute < end

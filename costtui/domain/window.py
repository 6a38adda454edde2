"""Over what time a budget counts: calendar windows in any time zone, the last so many hours, or a prepaid sum."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from costtui.domain.calendar import local

MINUTE_MS = 60_000
CALENDAR = ("minute", "hour", "day", "week", "month", "quarter", "year")
DAYS = frozenset(CALENDAR[2:])
"""Windows that begin with a day, and so with `reset_hour`."""


@dataclass(frozen=True, slots=True)
class Window:
    """A budget's window."""

    kind: str
    """minute, hour, day, week, month, quarter, year; `rolling`: the last `length_ms`; `prepaid`: since `from_ms`."""
    length_ms: int = 0
    from_ms: int = 0
    zone: ZoneInfo | None = None
    """None: the host's."""
    reset_hour: int = 0
    """Local hour with which days, and what is made of them, begin."""
    week_start: int = 0
    """0 is Monday."""

    @property
    def text(self) -> str:
        """As people read it: `day`, `rolling 24h`, `prepaid`."""
        if self.kind != "rolling":
            return self.kind
        hours, rest = divmod(self.length_ms, 60 * MINUTE_MS)
        return f"rolling {hours}h" if not rest else f"rolling {self.length_ms // MINUTE_MS}m"

    @property
    def phrase(self) -> str:
        """In a sentence: `this day`, `of the last 24h`, `prepaid`."""
        if self.kind == "rolling":
            return f"of the last {self.text.removeprefix('rolling ')}"
        return self.kind if self.kind == "prepaid" else f"this {self.kind}"

    @property
    def plain(self) -> bool:
        """Whether it is the calendar's own, in the host's zone."""
        return self.zone is None and self.reset_hour == 0 and self.week_start == 0

    def span(self, at_ms: int, host_zone: ZoneInfo) -> tuple[int, int | None]:
        """Start and end, in Unix milliseconds, of the window around `at_ms`; an end of None never comes.

        A rolling window begins on a whole minute, so that what it holds is asked for once a minute.
        """
        zone = self.zone or host_zone
        if self.kind == "rolling":
            return (at_ms - self.length_ms) // MINUTE_MS * MINUTE_MS, None
        if self.kind == "prepaid":
            return self.from_ms, None
        if self.kind == "minute":
            return at_ms - at_ms % MINUTE_MS, at_ms - at_ms % MINUTE_MS + MINUTE_MS
        if self.kind == "hour":
            return _hour(at_ms, zone)
        first, following = self._dates(self._day_of(at_ms, zone))
        return self._begin(first, zone), self._begin(following, zone)

    def _begin(self, day: date, zone: ZoneInfo) -> int:
        """When a day begins; an hour that the clocks leave out begins when they go on."""
        shown = datetime(day.year, day.month, day.day, self.reset_hour, tzinfo=zone)
        at_ms = int(shown.timestamp() * 1_000)
        if local(at_ms, zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
            return at_ms
        return _change_ms(int(shown.replace(fold=1).timestamp() * 1_000), at_ms, zone)

    def _day_of(self, at_ms: int, zone: ZoneInfo) -> date:
        """The day that holds `at_ms`: the date on the clock, or a neighbour where the day begins later or clocks
        change."""
        day = local(at_ms, zone).date()
        while at_ms < self._begin(day, zone):
            day -= timedelta(days=1)
        while at_ms >= self._begin(day + timedelta(days=1), zone):
            day += timedelta(days=1)
        return day

    def _dates(self, day: date) -> tuple[date, date]:
        """First day of the window that holds a day, and of the one after."""
        if self.kind == "day":
            return day, day + timedelta(days=1)
        if self.kind == "week":
            first = day - timedelta(days=(day.weekday() - self.week_start) % 7)
            return first, first + timedelta(days=7)
        months = {"month": 1, "quarter": 3, "year": 12}[self.kind]
        number = day.year * 12 + day.month - 1
        number -= number % months
        return _month(number), _month(number + months)


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _hour(at_ms: int, zone: ZoneInfo) -> tuple[int, int]:
    """From one full hour on the wall to the next; cut where the clocks are put by a part of an hour."""
    here = local(at_ms, zone)
    minute_ms = at_ms - at_ms % MINUTE_MS
    start_ms = minute_ms - here.minute * MINUTE_MS
    end_ms = start_ms + 60 * MINUTE_MS
    if local(start_ms, zone).utcoffset() != here.utcoffset():
        start_ms = _change_ms(start_ms, minute_ms, zone)
    if local(end_ms - MINUTE_MS, zone).utcoffset() != here.utcoffset():
        end_ms = _change_ms(minute_ms, end_ms - MINUTE_MS, zone)
    return start_ms, end_ms


def _change_ms(before_ms: int, after_ms: int, zone: ZoneInfo) -> int:
    """When the clocks change between two whole minutes, before and after it."""
    after = local(after_ms, zone).utcoffset()
    while after_ms - before_ms > MINUTE_MS:
        middle_ms = (before_ms + after_ms) // 2 // MINUTE_MS * MINUTE_MS
        if local(middle_ms, zone).utcoffset() == after:
            after_ms = middle_ms
        else:
            before_ms = middle_ms
    return after_ms

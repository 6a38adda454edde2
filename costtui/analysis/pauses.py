"""Hours of the week in which capacity could be off: runs of idle hours, with the week closed to a ring."""

from collections.abc import Collection
from typing import NamedTuple

WEEK_HOURS = 168


class Pause(NamedTuple):
    """A run of hours."""

    start: int
    """Hour of the week, 0 is Monday's first."""
    hours: int

    @property
    def end(self) -> int:
        """The first hour after it, 0 to 167."""
        return (self.start + self.hours) % WEEK_HOURS


def pauses(idle: Collection[int], least_hours: int) -> tuple[Pause, ...]:
    """Runs of at least so many of the hours `idle`; one that passes Sunday's midnight is one run."""
    if len(set(idle)) >= WEEK_HOURS:
        return (Pause(0, WEEK_HOURS),)
    found = []
    for start in sorted(idle):
        if (start - 1) % WEEK_HOURS in idle:
            continue
        hours = 1
        while (start + hours) % WEEK_HOURS in idle:
            hours += 1
        if hours >= least_hours:
            found.append(Pause(start, hours))
    return tuple(found)

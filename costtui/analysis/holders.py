"""Time of a GPU by who held it: shared equally by the users and jobs whose processes are on it at the moment."""

from collections.abc import Sequence

from costtui.domain.holder import NOBODY, UNKNOWN, Holder
from costtui.domain.reading import GpuProcess

QUARTER_MS = 900_000
Held = dict[tuple[int, Holder], int]
"""Milliseconds by quarter of an hour (its beginning) and holder."""


def holders_of(processes: Sequence[GpuProcess]) -> tuple[Holder, ...]:
    """Who is there, each once; NOBODY where there is no process."""
    found = {Holder(process.owner, process.job) if process.owner else UNKNOWN for process in processes}
    return tuple(sorted(found)) or (NOBODY,)


def held(processes: Sequence[GpuProcess] | None, at_ms: int, span_ms: int) -> Held:
    """The span that ended at `at_ms`, cut at quarters of an hour; the parts sum to it exactly.

    Nothing where the list of processes could not be read: that time is nobody's, and not free either.
    """
    if processes is None or span_ms <= 0:
        return {}
    found: Held = {}
    begin, holders = at_ms - span_ms, holders_of(processes)
    while begin < at_ms:
        quarter = begin // QUARTER_MS * QUARTER_MS
        end = min(quarter + QUARTER_MS, at_ms)
        for place, holder in enumerate(holders):
            found[quarter, holder] = _part(end - begin, place, len(holders))
        begin = end
    return found


def _part(span_ms: int, place: int, count: int) -> int:
    """Equal parts of whole milliseconds; whoever comes later has the odd one."""
    return span_ms * (place + 1) // count - span_ms * place // count

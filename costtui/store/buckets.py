"""Time is cut into seconds, minutes, quarters, hours and days of UTC; a span that crosses an edge is cut exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grain:
    """One resolution: its tables end in `name`, its rows are `size_ms` long and kept for `keep_ms`."""

    name: str
    size_ms: int
    keep_ms: int | None


SECONDS = Grain("1s", 1_000, 48 * 3_600_000)
MINUTES = Grain("1m", 60_000, 400 * 86_400_000)
QUARTERS = Grain("15m", 900_000, None)
"""Kept for ever: 280,320 rows a year for eight GPUs. Every zone's midnight lies on a quarter of an hour."""
HOURS = Grain("1h", 3_600_000, None)
"""A quarter as many rows for what is asked of a year: 61 ms for the state of eight GPUs instead of 236."""
DAYS = Grain("1d", 86_400_000, None)
"""Of UTC: 2,920 rows a year for eight GPUs, so that the state of a year takes 3 ms instead of 59."""
GRAINS = (DAYS, HOURS, QUARTERS, MINUTES, SECONDS)
LONG_SPAN_MS = 30_000
"""A longer span tells nothing about its single seconds, so it is written to minutes and quarters alone."""


def pieces(at_ms: int, span_ms: int, size_ms: int) -> Iterator[tuple[int, int, int]]:
    """(bucket, begin, end) of the parts of the span that ended at `at_ms`; begin and end count from its start."""
    start = at_ms - span_ms
    begin = 0
    while begin < span_ms:
        bucket = (start + begin) // size_ms
        end = min((bucket + 1) * size_ms - start, span_ms)
        yield bucket, begin, end
        begin = end


def share(total: int, begin: int, end: int, span_ms: int) -> int:
    """The part of `total` that falls on [begin, end) of a span; the parts of a span sum to it exactly."""
    return total * end // span_ms - total * begin // span_ms


def cover(from_ms: int, to_ms: int, grains: Sequence[Grain] = GRAINS) -> list[tuple[Grain, int, int]]:
    """(grain, first bucket, end bucket) that tile [from, to): days within, hours to seconds at the edges.

    What is left at an edge is shorter than a second and belongs to no bucket.
    """
    tiles: list[tuple[Grain, int, int]] = []
    gaps = [(from_ms, to_ms)]
    for grain in grains:
        left: list[tuple[int, int]] = []
        for begin, end in gaps:
            first, last = -(-begin // grain.size_ms), end // grain.size_ms
            if first >= last:
                left.append((begin, end))
                continue
            tiles.append((grain, first, last))
            left += [(begin, first * grain.size_ms), (last * grain.size_ms, end)]
        gaps = [(begin, end) for begin, end in left if begin < end]
    return tiles

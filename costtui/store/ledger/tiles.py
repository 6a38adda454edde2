"""Which sums and which single attempts make up a span of time."""

from collections.abc import Mapping
from typing import NamedTuple

from costtui.store.ledger.rollup import DAY, HOUR, MINUTE, QUARTER, SpendGrain


class Tile(NamedTuple):
    """Buckets [first, end) of one grain."""

    grain: SpendGrain
    first: int
    end: int


Gap = tuple[int, int]


def tile(from_ms: int, to_ms: int, closed: Mapping[str, int], bucket_ms: int) -> tuple[list[Tile], list[Gap]]:
    """The tiles within [from, to), coarse ones first, and the gaps that only single attempts can fill.

    With `bucket_ms` only grains that lie whole in one bucket counted from `from_ms`.
    """
    tiles: list[Tile] = []
    gaps = [(from_ms, to_ms)] if from_ms < to_ms else []
    for grain in (DAY, HOUR, QUARTER, MINUTE):
        size = grain.size_ms
        if bucket_ms and (bucket_ms % size or from_ms % size):
            continue
        known = closed.get(grain.name, 0)
        left: list[Gap] = []
        for begin, end in gaps:
            first, last = -(-begin // size), end // size
            if grain is MINUTE:
                first = max(first, known // size)
            else:
                last = min(last, known // size)
            if first >= last:
                left.append((begin, end))
                continue
            tiles.append(Tile(grain, first, last))
            left += [(begin, first * size), (last * size, end)]
        gaps = [(begin, end) for begin, end in left if begin < end]
    return tiles, gaps

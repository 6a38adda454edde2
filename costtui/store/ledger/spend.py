"""Spend over a span: rollups within, single attempts at the edges, folded by what was asked for."""

import sqlite3
from collections.abc import Callable, Sequence

from costtui.domain.attempt import Lane
from costtui.store.ledger.rollup import ENDED, MINUTE, QUARTER, RAW_SUMS, TABLE_SUMS, closed_until
from costtui.store.ledger.rows import DIMENSIONS, SpendRow
from costtui.store.ledger.schema import PROVENANCES, SUMS
from costtui.store.ledger.tiles import Gap, tile

Sums = list[int]
Ask = Callable[[str, Sequence[int]], list[tuple[int, ...]]]
"""A query to one file."""
_NANO = slice(SUMS.index("input_nano"), SUMS.index("flat_nano") + 1)
_UNPRICED, _ATTEMPTS = SUMS.index("unpriced"), SUMS.index("attempts")
_COUNTS = slice(0, SUMS.index("flat_nano") + 1)


def seq_range(connection: sqlite3.Connection, begin_ms: int, end_ms: int) -> tuple[int, int] | None:
    """Numbers between which lies everything that ended within [begin, end); minutes and quarters know them."""
    found: list[int] = []
    for grain in (MINUTE, QUARTER):
        low, high = connection.execute(
            f"select min(first_seq), max(last_seq) from spend_{grain.name} where bucket >= ? and bucket <= ?",  # noqa: S608
            (begin_ms // grain.size_ms, (end_ms - 1) // grain.size_ms),
        ).fetchone()
        found += [low, high] if low is not None else []
    return (min(found), max(found)) if found else None


def wide_range(connection: sqlite3.Connection, from_ms: int, to_ms: int) -> tuple[int, int] | None:
    """The same from the coarsest sums that lie within: over a year 1 ms and not 20."""
    tiles, gaps = tile(from_ms, to_ms, closed_until(connection), 0)
    found = [
        connection.execute(
            f"select min(first_seq), max(last_seq) from spend_{grain.name} where bucket >= ? and bucket < ?",  # noqa: S608
            (first, end),
        ).fetchone()
        for grain, first, end in tiles
    ]
    found += [numbers for gap in gaps if (numbers := seq_range(connection, *gap)) is not None]
    known = [(low, high) for low, high in found if low is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def sums_of(
    connection: sqlite3.Connection, ask_all: Ask, from_ms: int, to_ms: int, bucket_ms: int
) -> list[tuple[int, ...]]:
    """(lane, provenance, bucket, *SUMS), any of them more than once; `ask_all` asks every file for attempts."""
    rows: list[tuple[int, ...]] = []
    tiles, gaps = tile(from_ms, to_ms, closed_until(connection), bucket_ms)
    for grain, first, end in tiles:
        place = f"(bucket * {grain.size_ms} - ?) / ?" if bucket_ms else "0"
        query = (
            f"select lane, provenance, {place} as place, {TABLE_SUMS} from spend_{grain.name}"  # noqa: S608
            " where bucket >= ? and bucket < ? group by lane, provenance, place"
        )
        rows += connection.execute(query, (*_counting(from_ms, bucket_ms), first, end)).fetchall()
    for gap in gaps:
        rows += _edge(connection, ask_all, gap, from_ms, bucket_ms)
    return rows


def _edge(
    connection: sqlite3.Connection, ask_all: Ask, gap: Gap, from_ms: int, bucket_ms: int
) -> list[tuple[int, ...]]:
    numbers = seq_range(connection, *gap)
    if numbers is None:
        return []
    place = f"({ENDED} - ?) / ?" if bucket_ms else "0"
    query = (
        f"select lane, provenance, {place} as place, {RAW_SUMS} from attempt"  # noqa: S608 - the names are ours
        f" where seq between ? and ? and {ENDED} >= ? and {ENDED} < ? group by lane, provenance, place"
    )
    return ask_all(query, (*_counting(from_ms, bucket_ms), *numbers, *gap))


def large_sums(
    connection: sqlite3.Connection, ask_all: Ask, from_ms: int, to_ms: int, above: Sequence[int]
) -> list[tuple[int, ...]]:
    """(lane, provenance, step, *SUMS) of the kept attempts whose input is more than the least of `above`: `step` is the
    largest of them that it is more than."""
    numbers = wide_range(connection, from_ms, to_ms)
    if numbers is None or not above:
        return []
    steps = " ".join("when input_tokens > ? then ?" for _ in above)
    query = (
        f"select lane, provenance, case {steps} end as step, {RAW_SUMS} from attempt"  # noqa: S608 - the names are ours
        f" where seq between ? and ? and input_tokens > ? and {ENDED} >= ? and {ENDED} < ?"
        " group by lane, provenance, step"
    )
    falling = [step for step in sorted(above, reverse=True) for _ in range(2)]
    return ask_all(query, (*falling, *numbers, min(above), from_ms, to_ms))


def _counting(from_ms: int, bucket_ms: int) -> tuple[int, ...]:
    return (from_ms, bucket_ms) if bucket_ms else ()


def label_of(by: Sequence[str]) -> Callable[[Lane, int, int], tuple[str, ...]]:
    """Labels of a lane, a provenance and a bucket's first millisecond, in the order of `by`."""
    for name in by:
        if name not in DIMENSIONS:
            raise ValueError(f"spend is not kept by {name!r}; known: {', '.join(DIMENSIONS)}")

    def label(lane: Lane, provenance: int, at_ms: int) -> tuple[str, ...]:
        return tuple(_dimension(name, lane, provenance, at_ms) for name in by)

    return label


def _dimension(name: str, lane: Lane, provenance: int, at_ms: int) -> str:
    if name == "self_hosted":
        return "self-hosted" if lane.self_hosted else "api"
    if name == "provenance":
        return PROVENANCES[provenance].value
    if name == "bucket":
        return str(at_ms)
    return str(getattr(lane, name))


def fold(
    rows: Sequence[tuple[int, ...]], lanes: Callable[[int], Lane], by: Sequence[str], from_ms: int, bucket_ms: int
) -> list[SpendRow]:
    """One row per labels and self-hosted; dearest first, within buckets in order of time."""
    label = label_of(by)
    sums: dict[tuple[int, tuple[str, ...], bool], Sums] = {}
    provenances: dict[tuple[int, tuple[str, ...], bool], set[str]] = {}
    labels: dict[tuple[int, ...], tuple[int, tuple[str, ...], bool]] = {}
    for row in rows:
        key = labels.get(row[:3])
        if key is None:
            lane, at_ms = lanes(row[0]), from_ms + row[2] * bucket_ms
            key = labels[row[:3]] = (at_ms, label(lane, row[1], at_ms), lane.self_hosted)
            provenances.setdefault(key, set()).add(PROVENANCES[row[1]].value)
        held = sums.get(key)
        sums[key] = list(row[3:]) if held is None else [a + b for a, b in zip(held, row[3:], strict=True)]
    found = [(key, _row(key[1], key[2], held, provenances[key])) for key, held in sums.items()]
    found.sort(key=lambda each: (each[0][0], -(each[1].nano or 0), each[0][1:]))
    return [row for _, row in found]


def _row(labels: tuple[str, ...], self_hosted: bool, sums: Sums, provenances: set[str]) -> SpendRow:
    nano = None if sums[_UNPRICED] == sums[_ATTEMPTS] else sum(sums[_NANO])
    return SpendRow._make((labels, self_hosted, *sums[_COUNTS], nano, *sums[-2:], frozenset(provenances)))

"""Is the ledger what was written? Every link is made again from its rows, in order, over every sealed month."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from costtui.domain.attempt import Lane
from costtui.domain.clean import clean
from costtui.store.ledger.anchors import ANCHORS, read_anchors
from costtui.store.ledger.chain import NOTHING, head_of, link_hash
from costtui.store.ledger.commit import UNKNOWN_LANE
from costtui.store.ledger.leases import wrong_leases
from costtui.store.ledger.months import sealed_files
from costtui.store.ledger.record import encode, encode_lane, lane_number
from costtui.store.ledger.rollup import ENDED, MINUTE, QUARTER, RAW_SUMS, TABLE_SUMS, closed_until
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER, OUTCOMES, PROVENANCES, SOURCES
from costtui.store.ledger.stored import NUMBERED
from costtui.store.ledger.witness import witnessed_heads

ROWS_AT_ONCE = 2_000


class Finding(NamedTuple):
    """One thing that is not as it was written."""

    file: str
    seq: int | None
    """The row, or the first row of the link; None where it concerns the file."""
    text: str


def verify(state_dir: Path) -> list[Finding]:
    """Everything that was changed, removed, reordered, cut off, rewritten or put back from an older copy.

    Compares every row with its link, every link with the one before, every file with the month before it, the anchors
    and what the agent wrote down of them with the links, and the sums with the rows. Empty where all is well. Reads a
    million rows in some seconds.
    """
    findings: list[Finding] = []
    anchors = read_anchors(state_dir)
    gone = {(head.seq, head.hash) for word, head in anchors if word == "gone"}
    heads = {head.seq: head.hash for word, head in anchors if word == "head"}
    for head in witnessed_heads(state_dir):
        if heads.setdefault(head.seq, head.hash) != head.hash:
            text = f"row {head.seq} was anchored with another hash than the agent wrote down: it was written anew"
            findings.append(Finding(ANCHORS, head.seq, text))
    before: Head | None = None
    for path in [*sealed_files(state_dir), state_dir / LEDGER]:
        try:
            with contextlib.closing(_open(path, "" if path.name == LEDGER else "&immutable=1")) as connection:
                before = _verify_file(connection, path.name, before, gone, heads, findings)
        except (sqlite3.Error, UnicodeDecodeError, ValueError, IndexError, TypeError) as error:
            findings.append(Finding(path.name, None, f"cannot be read: {clean(str(error))}"))
            before = None
    last = max(heads, default=0)
    if before is not None and last > before.seq:
        text = f"ends at row {before.seq}, but {last} was anchored: its tail was cut off, or it is an old copy"
        findings.append(Finding(LEDGER, None, text))
    return findings


def _open(path: Path, more: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{more}", uri=True, timeout=5, isolation_level=None)
    connection.execute("pragma query_only = on")
    connection.execute("begin")  # one moment of it, however much is written meanwhile
    return connection


def _verify_file(
    connection: sqlite3.Connection,
    name: str,
    before: Head | None,
    gone: set[tuple[int, bytes]],
    heads: dict[int, bytes],
    findings: list[Finding],
) -> Head:
    for (text,) in connection.execute("pragma integrity_check(10)").fetchall():
        if text != "ok":
            findings.append(Finding(name, None, f"damaged: {clean(text)}"))
    origin = _origin(connection)
    if origin is None:
        findings.append(Finding(name, None, "does not say where its chain begins"))
        origin = Head(0, NOTHING, 0)
    elif not _follows(origin, before, gone):
        why = clean(connection.execute("select why from origin order by seq desc limit 1").fetchone()[0])
        findings.append(Finding(name, None, f"begins after row {origin.seq}, and the rows before are missing ({why})"))
    findings += _wrong_lanes(connection, name)
    findings += _wrong_links(connection, name, origin, heads)
    findings += [Finding(name, None, text) for _, text in wrong_leases(connection)]
    findings += _wrong_sums(connection, name)
    return head_of(connection)


def _origin(connection: sqlite3.Connection) -> Head | None:
    """Where the chain begins. When and why are remarks for people and no part of the chain; they must be readable."""
    rows = connection.execute("select seq, hash, at_ms, why from origin order by seq").fetchall()
    return Head(rows[-1][0], bytes(rows[-1][1]), rows[-1][2]) if rows else None


def _follows(origin: Head, before: Head | None, gone: set[tuple[int, bytes]]) -> bool:
    """Whether what came before is where it should be: nowhere, in the file before, or purged."""
    if origin.seq == 0 and before is None:
        return origin.hash == NOTHING
    return (origin.seq, origin.hash) in gone or (before is not None and before[:2] == origin[:2])


def _wrong_lanes(connection: sqlite3.Connection, name: str) -> Iterator[Finding]:
    for number, lane in _lanes(connection, "1 = 1"):
        if lane_number(lane) != number and lane != UNKNOWN_LANE:
            yield Finding(name, None, f"lane {number} was changed")


def _lanes(connection: sqlite3.Connection, where: str) -> list[tuple[int, Lane]]:
    tag = ", tag" if _has_tags(connection) else ""
    rows = connection.execute(
        "select number, route, target, provider, self_hosted, model, operation, key_id, price_model,"  # noqa: S608
        f" prices_hash{tag} from lanes where {where} order by id"
    ).fetchall()
    return [(row[0], Lane._make((*row[1:4], bool(row[4]), *row[5:], "")[: len(Lane._fields)])) for row in rows]


def _has_tags(connection: sqlite3.Connection) -> bool:
    """A month that was sealed before there were tags has none."""
    return any(row[1] == "tag" for row in connection.execute("pragma table_info(lanes)"))


def _wrong_links(connection: sqlite3.Connection, name: str, origin: Head, heads: dict[int, bytes]) -> Iterator[Finding]:
    """Walks links and rows side by side. After a wrong link the walk goes on from the hash that is stored."""
    texts = {0: "", **dict(connection.execute("select id, text from texts").fetchall())}
    new_lanes: dict[int, list[bytes]] = {}
    for link, number in connection.execute("select link, number from lanes order by id").fetchall():
        new_lanes.setdefault(link, []).append(encode_lane(*_lanes(connection, f"number = {number}")[0]))
    rows = _rows(connection, texts)
    held = next(rows, None)
    seq, hash_before = origin.seq, origin.hash
    for first, count, stored in connection.execute("select first_seq, count, hash from link order by first_seq"):
        if first != seq + 1:
            yield Finding(name, first, f"rows {seq + 1} to {first - 1} are missing")
        end = first + count
        while held is not None and held[0] < first:
            yield Finding(name, held[0], f"row {held[0]} belongs to no link")
            held = next(rows, None)
        part: list[bytes] = []
        while held is not None and held[0] < end:
            part.append(held[1])
            held = next(rows, None)
        if link_hash(hash_before, first, count, new_lanes.pop(first, ()), part) != stored or len(part) != count:
            yield Finding(name, first, f"rows {first} to {end - 1} are not what was written")
        over = [anchored for anchored in range(seq + 1, end - 1) if anchored in heads]
        if over:
            yield Finding(name, over[0], f"row {over[0]} was anchored as a head and is none: rows were written anew")
        seq, hash_before = end - 1, bytes(stored)
        if heads.get(seq, hash_before) != hash_before:
            yield Finding(name, seq, f"the chain at row {seq} is not the anchored one: it was written anew")
    if held is not None:
        yield Finding(name, held[0], f"rows from {held[0]} on belong to no link")
    first_kept = origin.seq
    if not all(link <= first_kept for link in new_lanes):
        yield Finding(name, None, "lanes name a link that is missing")


def _rows(connection: sqlite3.Connection, texts: dict[int, str]) -> Iterator[tuple[int, bytes]]:
    """(seq, encoding) of every row; the encoding is made as for the spool."""
    cursor = connection.execute(
        f"select seq, {NUMBERED} from attempt left join lanes on lanes.id = attempt.lane order by seq"  # noqa: S608
    )
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            yield row[0], _encoded(row, texts)


def _encoded(row: Any, texts: dict[int, str]) -> bytes:
    """As `encode(attempt)`; arrays of arrays, without the detour over the values. b"" where a number says nothing."""
    try:
        return encode(
            (
                *row[1:7],
                OUTCOMES[row[7]],
                row[8],
                row[9] & 1 == 1,
                (*row[10:20], texts[row[20]], row[21]),
                SOURCES[row[22]],
                row[9] & 2 == 2,
                None if row[23] is None else row[23:28],
                PROVENANCES[row[28]],
                row[29],
                texts[row[30]],
                texts[row[31]],
            )
        )
    except (IndexError, KeyError, TypeError, OverflowError):
        return b""


_TABLE_EDGES = "min(first_seq), max(last_seq)"
"""Which rows a rollup is made of: the sums at the edges of a span are looked up by them."""


def _wrong_sums(connection: sqlite3.Connection, name: str) -> Iterator[Finding]:
    """Minutes and quarters against the rows that are kept, hours and days against the quarters."""
    for grain in (MINUTE, QUARTER):
        held = _sums(
            connection,
            f"select bucket, lane, provenance, {TABLE_SUMS}, {_TABLE_EDGES} from spend_{grain.name} group by 1, 2, 3",  # noqa: S608 - the names are ours
        )
        made = _sums(
            connection,
            f"select {ENDED} / {grain.size_ms}, lane, provenance, {RAW_SUMS}, min(seq), max(seq)"  # noqa: S608 - ours
            " from attempt group by 1, 2, 3",
        )
        whole = _whole(connection, grain.name, grain.size_ms)
        for key in sorted(made.keys() | held.keys()):
            if whole(key[0]) and made.get(key) != held.get(key):
                at_ms = key[0] * grain.size_ms
                yield Finding(name, None, f"the sums of the {grain.name} from {at_ms} ms on are not those of its rows")
                break
    closed = closed_until(connection)
    for grain_name, ratio in (("1h", 4), ("1d", 96)):
        until = closed.get(grain_name, 0) // QUARTER.size_ms
        query = (
            f"select bucket / {ratio}, lane, provenance, {TABLE_SUMS}, {_TABLE_EDGES}"  # noqa: S608 - the names are ours
            " from spend_15m where bucket < ? group by 1, 2, 3"
        )
        made = _sums(connection, query, until)
        held = _sums(
            connection,
            f"select bucket, lane, provenance, {TABLE_SUMS}, {_TABLE_EDGES} from spend_{grain_name} group by 1, 2, 3",  # noqa: S608 - the names are ours
        )
        if made != held:
            yield Finding(name, None, f"the sums of spend_{grain_name} are not those of its quarters")


def _whole(connection: sqlite3.Connection, grain: str, size_ms: int) -> Any:
    """Which buckets have all their rows in this file, and are complete."""
    oldest, seq = connection.execute(f"select min({ENDED}), coalesce(max(seq), 0) from attempt").fetchone()  # noqa: S608
    closed = closed_until(connection)
    first = connection.execute("select max(seq) from origin").fetchone()[0]
    carried = [
        row[0]
        for row in connection.execute(f"select bucket from spend_{grain} where first_seq <= ?", (first,))  # noqa: S608
    ]
    low = max(max(carried, default=-1) + 1, 0 if oldest is None else oldest // size_ms)
    if grain == MINUTE.name:
        low, high = max(low, closed.get(MINUTE.name, 0) // size_ms), 1 << 62
    else:
        high = closed.get(grain, 0) // size_ms
    return lambda bucket: seq > 0 and low <= bucket < high


def _sums(connection: sqlite3.Connection, query: str, *arguments: int) -> dict[tuple[int, int, int], tuple[int, ...]]:
    return {row[:3]: row[3:] for row in connection.execute(query, arguments).fetchall()}

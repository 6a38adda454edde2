"""Writing providers' bills: within a transaction of telemetry.db's one writer."""

import json
import sqlite3
from collections.abc import Iterable

import msgspec

from costtui.domain.bill import BilledLine, Level, UsedLine
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.usage import Usage
from costtui.store.bill_tables import LEVELS, LINE, dimensions, dims_text, usage_of

MINUTES_KEPT_MS = 2 * 86_400_000
HOUR_MS = 3_600_000
COUNTS = Usage._fields.index("service_tier")
"""How many of a usage's fields are counted."""
_BUCKET = "provider = ? and feed = ? and from_ms = ? and until_ms = ? and dims = ?"
_WORDS = {shape: word for word, shape in LEVELS.items()}


def write_answer(connection: sqlite3.Connection, answer: BillAnswer) -> None:
    """All rows of one reading."""
    place, rows = (answer.provider, answer.feed), answer.rows
    lines = [row for row in rows if isinstance(row, BilledLine)]
    if lines or answer.whole is not None:
        write_lines(connection, *place, lines, answer.whole, answer.at_ms)
    write_used(connection, *place, [row for row in rows if isinstance(row, UsedLine)])
    levels = [row for row in rows if not isinstance(row, (BilledLine, UsedLine))]
    write_levels(connection, *place, levels, answer.at_ms)


def write_lines(
    connection: sqlite3.Connection,
    provider: str,
    feed: str,
    lines: Iterable[BilledLine],
    whole: tuple[int, int] | None,
    as_of_ms: int,
) -> None:
    """Add what is new or changed. `whole`: the span was read completely, and what it no longer has is gone."""
    said = set()
    for line in lines:
        place = (provider, feed, line.from_ms, line.until_ms, dims_text(line.dims))
        said.add(place)
        quantity = None if line.quantity is None else f"{line.quantity:f}"
        _write_line(connection, place, (line.nano, quantity, line.unit, 0), as_of_ms)
    if whole is not None:
        for place in _published(connection, provider, feed, whole) - said:
            _write_line(connection, place, (0, None, "", 1), as_of_ms)


_Place = tuple[str, str, int, int, str]


def _write_line(connection: sqlite3.Connection, place: _Place, said: tuple[object, ...], as_of_ms: int) -> None:
    newest = connection.execute(
        f"select nano, quantity, unit, gone from bill_lines where {_BUCKET} order by id desc limit 1",  # noqa: S608 - ours
        place,
    ).fetchone()
    if newest != said:
        connection.execute(
            f"insert into bill_lines ({LINE}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - the names are ours
            (*place, *said, as_of_ms),
        )


def _published(connection: sqlite3.Connection, provider: str, feed: str, span: tuple[int, int]) -> set[_Place]:
    """Places of the buckets within `span` that are not gone."""
    rows = connection.execute(
        "select provider, feed, from_ms, until_ms, dims, gone, max(id) from bill_lines"
        " where provider = ? and feed = ? and from_ms >= ? and until_ms <= ? group by from_ms, until_ms, dims",
        (provider, feed, *span),
    )
    return {row[:5] for row in rows if not row[5]}


def write_used(connection: sqlite3.Connection, provider: str, feed: str, rows: Iterable[UsedLine]) -> None:
    """The newest word on each bucket counts."""
    connection.executemany(
        "insert or replace into bill_used (provider, feed, from_ms, until_ms, dims, usage, requests)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(provider, feed, row.from_ms, row.until_ms, dims_text(row.dims)),
                *(None if row.usage is None else json.dumps(row.usage), row.requests),
            )
            for row in rows
        ],
    )


def write_levels(connection: sqlite3.Connection, provider: str, feed: str, rows: Iterable[Level], at_ms: int) -> None:
    """One row for as long as it stays as it is; things that are no longer told end with their last `at_ms`."""
    for row in rows:
        place = (provider, feed, _WORDS[type(row)], row.name)
        body = msgspec.json.encode(row).decode()
        newest = connection.execute(
            "select id, body from bill_levels where provider = ? and feed = ? and kind = ? and name = ?"
            " order by id desc limit 1",
            place,
        ).fetchone()
        if newest is not None and newest[1] == body:
            connection.execute("update bill_levels set at_ms = ? where id = ?", (at_ms, newest[0]))
        else:
            connection.execute(
                "insert into bill_levels (provider, feed, kind, name, body, since_ms, at_ms)"
                " values (?, ?, ?, ?, ?, ?, ?)",
                (*place, body, at_ms, at_ms),
            )


def write_feed(connection: sqlite3.Connection, state: FeedState) -> None:
    """How a feed is doing now."""
    body = msgspec.json.encode(state).decode()
    connection.execute(
        "replace into bill_feeds (provider, feed, body) values (?, ?, ?)", (state.provider, state.feed, body)
    )


def sum_minutes(connection: sqlite3.Connection, now_ms: int) -> None:
    """Buckets of less than an hour, two days old, become hours: one step of at most an hour of them."""
    oldest = connection.execute(
        "select min(from_ms) from bill_used where until_ms - from_ms < ? and until_ms < ?",
        (HOUR_MS, now_ms - MINUTES_KEPT_MS),
    ).fetchone()[0]
    if oldest is None:
        return
    hour = oldest // HOUR_MS * HOUR_MS
    rows = connection.execute(
        "select provider, feed, from_ms, until_ms, dims, usage, requests from bill_used"
        " where from_ms >= ? and until_ms <= ? and until_ms - from_ms < ?",
        (hour, hour + HOUR_MS, HOUR_MS),
    ).fetchall()
    sums: dict[tuple[str, str, str], tuple[Usage | None, int | None]] = {}
    for provider, feed, _, _, dims, usage, requests in rows:
        before = sums.get((provider, feed, dims), (Usage(), 0))
        sums[provider, feed, dims] = _added(before, usage_of(usage), requests)
    connection.execute(
        "delete from bill_used where from_ms >= ? and until_ms <= ? and until_ms - from_ms < ?",
        (hour, hour + HOUR_MS, HOUR_MS),
    )
    for (provider, feed, dims), (usage, requests) in sums.items():
        write_used(connection, provider, feed, [UsedLine(hour, hour + HOUR_MS, usage, requests, dimensions(dims))])


def _added(
    before: tuple[Usage | None, int | None], usage: Usage | None, requests: int | None
) -> tuple[Usage | None, int | None]:
    """A sum with an unknown part is unknown."""
    whole = None
    if before[0] is not None and usage is not None:
        sums = (a + b for a, b in zip(_counts(before[0]), _counts(usage), strict=True))
        whole = Usage._make((*sums, *Usage()[COUNTS:]))
    return whole, None if before[1] is None or requests is None else before[1] + requests


def _counts(usage: Usage) -> list[int]:
    return [int(value or 0) for value in usage[:COUNTS]]

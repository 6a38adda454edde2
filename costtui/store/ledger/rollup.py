"""Sums by lane and provenance: minutes grow with every commit; quarters, hours and days are made of past minutes.

An attempt belongs to the moment it ended, so that what is closed seldom grows; a row that comes late, out of the spool
of a process that died, is added to what is closed in its own commit. Each commit reads its rows once: 2 us a row.
"""

import sqlite3
from dataclasses import dataclass

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Outcome
from costtui.domain.usage import UsageSource
from costtui.store.ledger.schema import FAILED, OUTCOMES, PROVENANCES, SOURCES, SUMS

ENDED = "(started_ms + duration_ms)"


@dataclass(frozen=True, slots=True)
class SpendGrain:
    """One resolution: table `spend_NAME`, buckets of `size_ms`."""

    name: str
    size_ms: int


MINUTE, QUARTER = SpendGrain("1m", 60_000), SpendGrain("15m", 900_000)
HOUR, DAY = SpendGrain("1h", 3_600_000), SpendGrain("1d", 86_400_000)
CLOSED = (QUARTER, HOUR, DAY)
"""Each is made of the one before, quarters of minutes; kept for ever. Every zone's midnight is on a quarter."""
MINUTES_KEPT_MS = 48 * 3_600_000
SETTLE_MS = 120_000
"""After its end an hour waits this long before it is closed."""
STEP_MS = 10 * 86_400_000
"""At most ten days are closed at once."""

_EXPRESSIONS = {
    "requests": "sum(attempt_id = request_id)",
    "attempts": "count(*)",
    "failed": f"sum(outcome in {FAILED})",
    "unpriced": "sum(input_nano is null)",
    "estimated": f"sum(usage_source = {SOURCES.index(UsageSource.ESTIMATED)}"
    f" or provenance = {PROVENANCES.index(Provenance.ESTIMATED)})",
    "cache_write_tokens": "sum(cache_write_tokens + cache_write_1h_tokens)",
    "cache_hits": f"sum(outcome = {OUTCOMES.index(Outcome.CACHED)})",
}
RAW_SUMS = ", ".join(_EXPRESSIONS.get(name, f"coalesce(sum({name}), 0)") for name in SUMS)
"""Of attempts."""
TABLE_SUMS = ", ".join(f"sum({name})" for name in SUMS)
"""Of rollups."""
_NAMES = ", ".join(("bucket", "lane", "provenance", *SUMS, "first_seq", "last_seq"))
_ADD = ", ".join(f"{name} = {name} + excluded.{name}" for name in SUMS)


def _upsert(grain: SpendGrain, also: str = "") -> str:
    return (
        f"insert into spend_{grain.name} ({_NAMES})"  # noqa: S608 - the names are ours
        f" select {ENDED} / {grain.size_ms}, lane, provenance, {RAW_SUMS}, min(seq), max(seq)"
        f" from attempt where seq between ? and ? {also} group by 1, 2, 3"
        f" on conflict (bucket, lane, provenance) do update set {_ADD},"
        " first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)"
    )


_EACH = _upsert(MINUTE)
_LATE = {grain.name: _upsert(grain, f"and {ENDED} < ?") for grain in CLOSED}


def closed_until(connection: sqlite3.Connection) -> dict[str, int]:
    """By grain, the moment up to which its table is complete; of minutes, the moment before which they are gone."""
    return dict(connection.execute("select grain, until_ms from closed").fetchall())


def add_rows(connection: sqlite3.Connection, first: int, last: int, oldest_ms: int) -> None:
    """Count the rows of one commit, the oldest of which ended at `oldest_ms`; within its transaction."""
    connection.execute(_EACH, (first, last))
    for grain, until_ms in closed_until(connection).items():
        if oldest_ms < until_ms and grain in _LATE:
            connection.execute(_LATE[grain], (first, last, until_ms))


def close_buckets(connection: sqlite3.Connection, now_ms: int) -> None:
    """One step of making quarters, hours and days out of what is over; within a transaction."""
    oldest = connection.execute("select min(bucket) from spend_1m").fetchone()[0]
    known = closed_until(connection)
    finer, finer_until_ms = MINUTE, now_ms - SETTLE_MS
    for grain in CLOSED:
        if grain.name not in known and oldest is None:
            return
        start_ms = known.get(grain.name, (oldest or 0) * MINUTE.size_ms // grain.size_ms * grain.size_ms)
        end_ms = min(finer_until_ms // grain.size_ms * grain.size_ms, start_ms + STEP_MS)
        if end_ms > start_ms:
            connection.execute(_closing(grain, finer), (start_ms // finer.size_ms, end_ms // finer.size_ms))
            connection.execute("replace into closed (grain, until_ms) values (?, ?)", (grain.name, end_ms))
        finer, finer_until_ms = grain, max(start_ms, end_ms)


def _closing(grain: SpendGrain, finer: SpendGrain) -> str:
    ratio = grain.size_ms // finer.size_ms
    return (
        f"insert into spend_{grain.name} ({_NAMES})"  # noqa: S608 - the names are ours
        f" select bucket / {ratio}, lane, provenance, {TABLE_SUMS}, min(first_seq), max(last_seq)"
        f" from spend_{finer.name} where bucket >= ? and bucket < ? group by 1, 2, 3"
    )


def sweep_minutes(connection: sqlite3.Connection, now_ms: int) -> None:
    """Delete one step of the minutes that are over their time and in quarters."""
    until_ms = min(now_ms - MINUTES_KEPT_MS, closed_until(connection).get(QUARTER.name, 0))
    oldest = connection.execute("select min(bucket) from spend_1m").fetchone()[0]
    if oldest is not None and oldest < until_ms // MINUTE.size_ms:
        end = min(until_ms // MINUTE.size_ms, oldest + 360)
        connection.execute("delete from spend_1m where bucket < ?", (end,))
        connection.execute("replace into closed (grain, until_ms) values (?, ?)", (MINUTE.name, end * MINUTE.size_ms))

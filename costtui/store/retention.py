"""Old seconds and minutes leave in small steps; quarters of an hour stay."""

import sqlite3

from costtui.store.buckets import GRAINS

STEP_BUCKETS = 3_600
"""At most this many buckets of one GPU in a step: a few milliseconds of work."""


def sweep(connection: sqlite3.Connection, now_ms: int) -> int:
    """Delete one step of what is over its time; returns the rows deleted."""
    deleted = 0
    for owner, table in (("gpu", "gpus"), ("engine", "engines")):
        numbers = [row[0] for row in connection.execute(f"select id from {table}")]  # noqa: S608 - the names are ours
        for grain in GRAINS:
            if grain.keep_ms is None:
                continue
            cutoff = (now_ms - grain.keep_ms) // grain.size_ms
            for number in numbers:
                deleted += _step(connection, f"{owner}_{grain.name}", owner, number, cutoff)
    return deleted


def _step(connection: sqlite3.Connection, table: str, owner: str, number: int, cutoff: int) -> int:
    oldest = connection.execute(f"select min(bucket) from {table} where {owner} = ?", (number,)).fetchone()[0]  # noqa: S608
    if oldest is None or oldest >= cutoff:
        return 0
    end = min(cutoff, oldest + STEP_BUCKETS)
    statement = f"delete from {table} where {owner} = ? and bucket < ?"  # noqa: S608
    return connection.execute(statement, (number, end)).rowcount

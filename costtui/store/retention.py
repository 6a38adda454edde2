"""Old seconds and minutes leave in small steps; quarters of an hour and longer stay."""

import sqlite3

from costtui.store.buckets import GRAINS

STEP_BUCKETS = 3_600
"""At most this many buckets of a table in a step: some ten milliseconds of work."""


def sweep(connection: sqlite3.Connection, now_ms: int) -> int:
    """Delete one step of what is over its time; returns the rows deleted."""
    return sum(
        _step(connection, f"{owner}_{grain.name}", (now_ms - grain.keep_ms) // grain.size_ms)
        for owner in ("gpu", "engine")
        for grain in GRAINS
        if grain.keep_ms is not None
    )


def _step(connection: sqlite3.Connection, table: str, cutoff: int) -> int:
    oldest = connection.execute(f"select min(bucket) from {table}").fetchone()[0]  # noqa: S608 - the names are ours
    if oldest is None or oldest >= cutoff:
        return 0
    end = min(cutoff, oldest + STEP_BUCKETS)
    return connection.execute(f"delete from {table} where bucket < ?", (end,)).rowcount  # noqa: S608

"""A month that is over becomes a file of its own, read-only; the next one begins with its head and all sums so far."""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from costtui.store.ledger.chain import head_of
from costtui.store.ledger.epoch import sync_folder
from costtui.store.ledger.file import open_ledger
from costtui.store.ledger.months import sealed_name
from costtui.store.ledger.rollup import ENDED
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER

NEXT = "ledger.next"
"""Complete and closed before the month is renamed; whoever finds it without a ledger.db gives it that name."""
CARRIED = ("spend_1m", "spend_15m", "spend_1h", "spend_1d", "closed")


def _month(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")


def _first_month(connection: sqlite3.Connection) -> str | None:
    row = connection.execute(f"select {ENDED} from attempt order by seq limit 1").fetchone()  # noqa: S608
    return None if row is None else _month(row[0])


def month_is_over(connection: sqlite3.Connection, now_ms: int) -> bool:
    """Whether the ledger's first row is of a UTC month before this one."""
    month = _first_month(connection)
    return month is not None and month < _month(now_ms)


def seal(connection: sqlite3.Connection, state_dir: Path, now_ms: int) -> sqlite3.Connection:
    """Close the ledger under its month's name; returns the new one. Sums of two years take about a second to carry.

    Raises sqlite3.Error or OSError before anything has its new name; from there on `finish_sealing` completes it.
    """
    path, following = state_dir / LEDGER, state_dir / NEXT
    head = head_of(connection, now_ms)
    sealed = sealed_name(state_dir, _first_month(connection) or _month(now_ms))
    following.unlink(missing_ok=True)
    if connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
        return connection  # a reader is in the middle of a question: the next look is in 20 s
    _begin_next(connection, following, head, sealed.name)
    with contextlib.suppress(sqlite3.OperationalError):  # readers that have it open read on; the journal is empty
        connection.execute("pragma journal_mode = delete").fetchall()
    connection.close()
    path.rename(sealed)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    sealed.chmod(0o400)
    finish_sealing(state_dir)
    return open_ledger(path, head, "")


def _begin_next(connection: sqlite3.Connection, following: Path, head: Head, name: str) -> None:
    new = open_ledger(following, head, f"after {name}")
    try:
        new.execute("attach database ? as before", (connection.execute("pragma database_list").fetchone()[2],))
        new.execute("begin immediate")
        new.execute("insert into lanes select id, number, 0, route, target, provider, self_hosted, model, operation,"
                    " key_id, price_model, prices_hash, tag from before.lanes")  # fmt: skip
        for table in CARRIED:
            new.execute(f"insert into {table} select * from before.{table}")  # noqa: S608 - the names are ours
        new.execute("insert into lease select * from before.lease where ends_ms > ? order by seq", (head.at_ms,))
        new.execute("commit")
        new.execute("detach database before")
        new.execute("pragma journal_mode = delete").fetchall()
    finally:
        new.close()


def finish_sealing(state_dir: Path) -> None:
    """Give the new month's file its name; one that was begun and not finished is thrown away."""
    path, following = state_dir / LEDGER, state_dir / NEXT
    if not following.exists():
        return
    if path.exists():
        following.unlink()
    else:
        following.rename(path)
    sync_folder(state_dir)

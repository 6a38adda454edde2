"""Old attempts leave, whole links at a time, and the chain says where it begins now; their sums stay."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from costtui.errors import StoreError
from costtui.store.ledger.anchors import write_anchor
from costtui.store.ledger.file import open_ledger
from costtui.store.ledger.lock import LedgerLock
from costtui.store.ledger.months import sealed_files
from costtui.store.ledger.rollup import ENDED
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER, guards, lift_guards

KEPT_MS = 35 * 86_400_000
STEP_ROWS = 20_000
"""At most this many rows leave at once: some 50 ms in which nothing can be committed."""


def purge(state_dir: Path, older_than_ms: int, now_ms: int) -> int:
    """Remove the attempts that ended before the Unix time `older_than_ms`; returns how many. `verify` stays content.

    With them go reasons and pseudonyms that no attempt has any more.

    Raises StoreBusy while a gateway keeps the ledger, StoreError where there is none.
    """
    path = state_dir / LEDGER
    if not path.exists():
        raise StoreError(f"there is no ledger in {state_dir}; nothing to purge")
    lock = LedgerLock.take(state_dir)
    try:
        removed = purge_months(state_dir, older_than_ms, now_ms)
        with contextlib.closing(open_ledger(path, Head(0, bytes(32), now_ms), "")) as connection:
            while step := purge_step(connection, state_dir, older_than_ms, now_ms):
                removed += step
            _forget_texts(connection)
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; run costtui verify") from None
    finally:
        lock.release()
    return removed


def purge_months(state_dir: Path, older_than_ms: int, now_ms: int) -> int:
    """The same for sealed months; one without rows is deleted. Raises sqlite3.Error or OSError."""
    removed = 0
    for path in sealed_files(state_dir):
        path.chmod(0o600)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            while step := purge_step(connection, state_dir, older_than_ms, now_ms):
                removed += step
            left = connection.execute("select count(*) from (select 1 from attempt limit 1)").fetchone()[0]
        if left:
            path.chmod(0o400)
            break
        path.unlink()
    return removed


def purge_step(connection: sqlite3.Connection, state_dir: Path, older_than_ms: int, now_ms: int) -> int:
    """One step; 0 when nothing is left that is old enough. The anchor that allows it is on the disk first."""
    first = connection.execute("select min(seq) from attempt").fetchone()[0]
    if first is None:
        return 0
    kept = connection.execute(
        f"select min(seq) from attempt where seq < ? and {ENDED} >= ?",  # noqa: S608 - the name is ours
        (first + STEP_ROWS, older_than_ms),
    ).fetchone()[0]
    cut = connection.execute(
        "select first_seq + count - 1, hash from link where first_seq + count <= ? order by first_seq desc limit 1",
        (first + STEP_ROWS if kept is None else kept,),
    ).fetchone()
    if cut is None or cut[0] < first:
        return 0
    head = Head(cut[0], bytes(cut[1]), now_ms)
    write_anchor(state_dir, head, "gone")
    _remove(connection, head)
    connection.execute("pragma incremental_vacuum").fetchall()
    return int(head.seq - first + 1)


def _remove(connection: sqlite3.Connection, head: Head) -> None:
    with _unguarded(connection):
        connection.execute("delete from attempt where seq <= ?", (head.seq,))
        connection.execute("delete from link where first_seq <= ?", (head.seq,))
        connection.execute("insert into origin values (?, ?, ?, 'purged')", head)


def _forget_texts(connection: sqlite3.Connection) -> None:
    """Three walks over the attempts that stay: not for a ledger that is being written."""
    with _unguarded(connection):
        connection.execute(
            "delete from texts where id not in"
            " (select service_tier from attempt union select user_id from attempt union select reason from attempt)"
        )


@contextlib.contextmanager
def _unguarded(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction in which rows may go; the guards are back at its end, or nothing happened."""
    connection.execute("begin immediate")
    try:
        lift_guards(connection)
        yield
        for guard in guards():
            connection.execute(guard)
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise

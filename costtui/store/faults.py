"""What can be wrong with a database, in words, and one transaction that is never left half open."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

from costtui.domain.reading import Problem

WAL_LIMIT_BYTES = 64 * 2**20
WAL_MARGIN_BYTES = 8 * 2**20
"""No single transaction of the agent comes near this."""


_LOST = ("no such table", "no such column", "has no column named")
"""A flipped bit in the schema's own text: no statement of ours names what never was."""


def transact(connection: sqlite3.Connection, works: Sequence[Callable[[sqlite3.Connection], None]]) -> None:
    """Run all of `works` in one transaction, or none."""
    connection.execute("begin immediate")
    try:
        for work in works:
            work(connection)
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")


def is_damage(error: sqlite3.Error) -> bool:
    """The file is not a sound database any more."""
    lost = _name(error) == "SQLITE_ERROR" and any(words in str(error) for words in _LOST)
    return lost or _name(error).startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def is_full(error: sqlite3.Error) -> bool:
    """No room on the disk, or the disk does not take writes."""
    return _name(error).startswith(("SQLITE_FULL", "SQLITE_IOERR"))


def explain(error: sqlite3.Error, path: Path) -> Problem:
    """Reason and remedy of a failed write."""
    name = _name(error)
    if name == "SQLITE_FULL":
        return Problem("store", f"no space left for {path}; samples wait in memory", "free disk space")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Problem("store", f"another program holds a lock on {path}; samples wait in memory", "close that program")
    if name.startswith("SQLITE_IOERR"):
        return Problem("store", f"{path} cannot be written ({name}); samples wait in memory", "check the disk")
    return Problem("store", f"{path}: {error}; samples wait in memory", "run costtui doctor")


def journal_problem(
    connection: sqlite3.Connection, path: Path, source: str = "store", waits: str = "samples wait in memory"
) -> Problem | None:
    """Why nothing may be written now: a reader keeps the journal from shrinking, and it is near its limit.

    A journal of that size is checkpointed first; only one that stays holds writing up. About 70 KiB a second are
    written for eight GPUs and three engines, so a reader has to stand still for a quarter of an hour to get here.
    """
    journal = path.with_name(path.name + "-wal")
    if _size_bytes(journal) < WAL_LIMIT_BYTES - WAL_MARGIN_BYTES:
        return None
    with contextlib.suppress(sqlite3.Error):
        connection.execute("pragma wal_checkpoint(truncate)")
    size = _size_bytes(journal)
    if size < WAL_LIMIT_BYTES - WAL_MARGIN_BYTES:
        return None
    holders = ", ".join(str(pid) for pid in _holders(path)) or "not visible"
    reason = f"a reader (pid {holders}) holds the journal of {path} at {size >> 20} MiB; {waits}"
    return Problem(source, reason, "end that process")


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _holders(path: Path) -> list[int]:
    """Other processes that have the database open."""
    found: list[int] = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if any(os.readlink(link) == str(path) for link in (process / "fd").iterdir()):
                found.append(int(process.name))
    return found

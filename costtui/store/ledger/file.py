"""Opening ledger.db: checked, migrated; a damaged one is frozen and a new one goes on from its head."""

import os
import sqlite3
from pathlib import Path

from costtui.errors import StoreError
from costtui.store.faults import is_damage
from costtui.store.file import put_aside
from costtui.store.ledger.anchors import read_anchors
from costtui.store.ledger.chain import NOTHING
from costtui.store.ledger.epoch import sync_folder
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import APPLICATION_ID, LEDGER, migrate

CHECKED_BYTES = 16 * 2**20
"""`quick_check` reads about 400 MB/s, and the gateway starts within 150 ms; `costtui verify` reads everything."""
SETTINGS = (
    "pragma auto_vacuum = incremental",
    "pragma journal_mode = wal",
    "pragma synchronous = full",
    "pragma recursive_triggers = on",
    "pragma wal_autocheckpoint = 1000",
    f"pragma journal_size_limit = {4 * 2**20}",
    "pragma trusted_schema = off",
    "pragma temp_store = memory",
    "pragma cache_size = -4096",
)


def open_ledger(path: Path, begin: Head, why: str, busy_seconds: float = 1.0) -> sqlite3.Connection:
    """A writing connection to a sound, migrated ledger; a new one continues the chain at `begin`, for a reason.

    Raises sqlite3.DatabaseError where it is damaged, StoreDamaged where it is newer than this costtui.
    """
    if path.exists() and not path.is_file():
        raise sqlite3.DatabaseError(f"{path} is not a file")
    fresh = not path.exists() or path.stat().st_size == 0
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        if not fresh:
            _check(connection, path)
        for setting in SETTINGS:
            connection.execute(setting)
        migrate(connection)
        if connection.execute("select count(*) from origin").fetchone()[0] == 0:
            connection.execute("insert into origin values (?, ?, ?, ?)", (*begin, why))
    except UnicodeDecodeError:  # a damaged schema is quoted, undecodable, in the message
        connection.close()
        raise sqlite3.DatabaseError(f"{path} has a damaged schema") from None
    except BaseException:
        connection.close()
        raise
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.chmod(0o600)
    sync_folder(path.parent)
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("pragma application_id").fetchone()[0] not in (APPLICATION_ID, 0):
        raise sqlite3.DatabaseError(f"{path} belongs to another program")
    if connection.execute("pragma application_id").fetchone()[0] == 0 and _has_tables(connection):
        raise sqlite3.DatabaseError(f"{path} belongs to another program")
    if path.stat().st_size <= CHECKED_BYTES:
        found = connection.execute("pragma quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))


def _has_tables(connection: sqlite3.Connection) -> bool:
    """A file without any is one whose first opening was interrupted."""
    return bool(connection.execute("select count(*) from sqlite_master").fetchone()[0])


def open_or_freeze(state_dir: Path, now_ms: int, head: Head | None = None) -> tuple[sqlite3.Connection, Path | None]:
    """The connection, and the name under which a damaged ledger was frozen.

    A new ledger's chain goes on from `head`, or else from the last anchor.
    """
    path = state_dir / LEDGER
    anchors = [anchor for _, anchor in read_anchors(state_dir)]
    begin = head or max(anchors, default=Head(0, NOTHING, now_ms))
    lost = f"{LEDGER} was not there" if begin.seq else "the first"
    try:
        return open_ledger(path, begin._replace(at_ms=now_ms), lost), None
    except (sqlite3.OperationalError, OSError) as error:
        if isinstance(error, OSError) or not (is_damage(error) or _is_odd(error)):
            raise StoreError(f"{path}: {error}; free disk space or choose another --state-dir") from None
    except sqlite3.DatabaseError:
        pass
    aside = put_aside(path, now_ms)
    try:
        return open_ledger(path, begin._replace(at_ms=now_ms), f"{aside.name} was damaged"), aside
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: {error}; free disk space or choose another --state-dir") from None


def _is_odd(error: sqlite3.Error) -> bool:
    """A schema that is not ours, or a file that ends too early."""
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_ERROR", "SQLITE_IOERR_SHORT_READ")

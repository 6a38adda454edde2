"""Opening telemetry.db: checked, migrated, and put aside when it is damaged."""

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from costtui.errors import StoreDamaged, StoreError
from costtui.store.place import TELEMETRY
from costtui.store.schema import APPLICATION_ID, migrate

CHECKED_BYTES = 64 * 2**20
"""`quick_check` reads about 400 MB/s; a file over this size is checked by being used."""
SETTINGS = (
    "pragma journal_mode = wal",
    "pragma synchronous = normal",
    "pragma wal_autocheckpoint = 1000",
    f"pragma journal_size_limit = {4 * 2**20}",
    "pragma trusted_schema = off",
    "pragma temp_store = memory",
    "pragma cache_size = -2048",
)


def open_file(path: Path, busy_seconds: float = 1.0) -> sqlite3.Connection:
    """A writing connection to a sound, migrated database; raises sqlite3.DatabaseError where it is damaged."""
    if path.exists() and not path.is_file():
        raise sqlite3.DatabaseError(f"{path} is not a file")
    fresh = not path.exists() or path.stat().st_size == 0
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _make_sound(connection, path, fresh=fresh)
    except UnicodeDecodeError:  # a damaged schema is quoted, undecodable, in the message
        connection.close()
        raise sqlite3.DatabaseError(f"{path} has a damaged schema") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _make_sound(connection: sqlite3.Connection, path: Path, *, fresh: bool) -> None:
    if not fresh:
        if connection.execute("pragma application_id").fetchone()[0] != APPLICATION_ID:
            raise sqlite3.DatabaseError(f"{path} belongs to another program")
        if path.stat().st_size <= CHECKED_BYTES:
            found = connection.execute("pragma quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(str(found))
    for setting in SETTINGS:
        connection.execute(setting)
    from sqlite_utils import Database  # 66 ms to import: only the agent's start pays for it

    migrate(Database(connection, execute_plugins=False))
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.chmod(0o600)


def put_aside(path: Path, now_ms: int) -> Path:
    """Rename a damaged database and its journals out of the way; returns the new name."""
    stamp = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    try:
        path.rename(aside)
        for suffix in ("-wal", "-shm"):
            journal = path.with_name(path.name + suffix)
            if journal.exists():
                journal.rename(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise StoreDamaged(
            f"{path} is damaged and cannot be renamed ({error.strerror}); move it away by hand: mv {path} {path}.bad"
        ) from None
    return aside


def open_or_replace(state_dir: Path, now_ms: int, *, damaged: bool = False) -> tuple[sqlite3.Connection, Path | None]:
    """The connection, and the name under which a damaged database was put aside. `damaged`: a write has found that it
    is, whatever a check of the file would say."""
    path = state_dir / TELEMETRY
    try:
        if not damaged or not path.exists():
            return open_file(path), None
    except (sqlite3.OperationalError, OSError) as error:
        if not _is_damage(error):
            raise StoreError(f"{path}: {error}; free disk space or choose another --state-dir") from None
    except sqlite3.DatabaseError:
        pass
    aside = put_aside(path, now_ms)
    try:
        return open_file(path), aside
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path}: {error}; free disk space or choose another --state-dir") from None


def _is_damage(error: Exception) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or (
        name == "SQLITE_ERROR" or name == "SQLITE_IOERR_SHORT_READ"
    )

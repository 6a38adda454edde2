"""The file of controls.db: made private, in one shape, refused where it is another program's or a newer one's."""

import os
import sqlite3
from pathlib import Path

from costtui.errors import StoreDamaged, StoreError
from costtui.store.faults import is_damage, transact

CONTROLS = "controls.db"
APPLICATION_ID = 0x434F5343
"""`COSC`"""
VERSION = 3
SETTINGS = ("synchronous = full", "trusted_schema = off", "foreign_keys = on", "recursive_triggers = on")
_REVISIONS = (
    "create table revisions (revision_id integer primary key autoincrement, route text not null, target text not null,"
    " at_ms integer not null, actor text not null, reason text not null,"
    " kind text not null check (kind in ('shift', 'pin', 'drain', 'budget', 'undo')), weights text not null,"
    " until_ms integer, parent integer references revisions) strict",
)
_REVISIONS_KEPT = (
    "create index revisions_by_scope on revisions (route, target, revision_id)",
    "create trigger revisions_stay before delete on revisions begin select raise(abort, 'only added to'); end",
    "create trigger revisions_hold before update on revisions begin select raise(abort, 'only added to'); end",
)
ENDPOINTS_TOO = (
    "create table if not exists endpoint_orders (order_id integer primary key autoincrement, provider text not null,"
    " name text not null, action text not null, at_ms integer not null, actor text not null,"
    " reason text not null) strict",
    "create trigger if not exists orders_stay before delete on endpoint_orders"
    " begin select raise(abort, 'only added to'); end",
    "create trigger if not exists orders_hold before update on endpoint_orders"
    " begin select raise(abort, 'only added to'); end",
)
"""From version 2, which knew no endpoints."""
SHAPE = (
    *ENDPOINTS_TOO,
    *_REVISIONS,
    *_REVISIONS_KEPT,
    "create table keys (key_id text primary key, name text not null, digest blob not null unique,"
    " last_four text not null, created_ms integer not null, revoked_ms integer) strict",
    "create unique index keys_in_use on keys (name) where revoked_ms is null",
    "create table audit (audit_id integer primary key autoincrement, at_ms integer not null, actor text not null,"
    " action text not null, subject text not null, reason text not null) strict",
    "create trigger audit_stays before delete on audit begin select raise(abort, 'only added to'); end",
    "create trigger audit_holds before update on audit begin select raise(abort, 'only added to'); end",
)
BUDGETS_TOO = (
    "alter table revisions rename to revisions_before",
    *_REVISIONS,
    "insert into revisions select * from revisions_before",
    "drop table revisions_before",
    *_REVISIONS_KEPT,
)
"""From version 1, whose revisions were of routes and targets alone."""


def make(path: Path) -> None:
    """Create the database where there is none, mode 0600 from its first byte on."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        connection = connect(path, 5.0)
    except (sqlite3.Error, OSError) as error:
        raise _cannot(path, error) from None
    try:
        _shape(connection, path)
    except sqlite3.Error as error:
        raise _cannot(path, error) from None
    finally:
        connection.close()


def connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    """A connection to a file that is there; autocommit, durable when a commit returns."""
    text = str(path.absolute())
    for raw, quoted in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        text = text.replace(raw, quoted)
    connection = sqlite3.connect(f"file:{text}?mode=rw", uri=True, timeout=busy_seconds, isolation_level=None)
    try:
        for setting in SETTINGS:
            connection.execute(f"pragma {setting}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _shape(connection: sqlite3.Connection, path: Path) -> None:
    def build(inside: sqlite3.Connection) -> None:
        version = inside.execute("pragma user_version").fetchone()[0]
        if version >= VERSION:
            return  # another process was first
        later = (*(BUDGETS_TOO if version == 1 else ()), *ENDPOINTS_TOO)
        for statement in later if version else SHAPE:
            inside.execute(statement)
        inside.execute(f"pragma application_id = {APPLICATION_ID}")
        inside.execute(f"pragma user_version = {VERSION}")

    if _version(connection, path) < VERSION:
        connection.execute("pragma foreign_keys = off")  # a table that is replaced would take its rows' parents along
        transact(connection, [build])


def _version(connection: sqlite3.Connection, path: Path) -> int:
    # in one statement: another process may be making the file at this moment
    version, owner, tables = connection.execute(
        "select user_version, application_id, (select count(*) from sqlite_schema)"
        " from pragma_user_version, pragma_application_id"
    ).fetchone()
    if owner != APPLICATION_ID and (tables or version):
        raise StoreDamaged(f"{path} belongs to another program; move it away, or use another --state-dir")
    if version > VERSION:
        raise StoreDamaged(
            f"{path} has version {version}, this costtui knows {VERSION}: it was written by a newer one;"
            " upgrade costtui, or use another --state-dir"
        )
    return int(version)


def _cannot(path: Path, error: Exception) -> StoreError:
    if isinstance(error, sqlite3.Error) and is_damage(error):
        return StoreDamaged(f"{path} is damaged ({error}); move it away (keys and shifts are then set anew)")
    why = error.strerror if isinstance(error, OSError) else str(error)
    return StoreError(f"{path}: {why}; check the directory's mode and the disk, or choose another --state-dir")

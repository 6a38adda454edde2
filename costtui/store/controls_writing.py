"""Writing to controls.db: each change with its audit row, in one transaction that is on the disk when it returns."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from costtui.domain.control import GatewayKey, Revision
from costtui.errors import StoreBusy, StoreError
from costtui.store.controls_file import connect
from costtui.store.faults import transact

WRITE_SECONDS = 5.0
"""How long a write waits for another one; one takes milliseconds."""


class Superseded(StoreError):  # noqa: N818 - reads as the fact it states
    """Somebody changed the same thing meanwhile; nothing was written."""

    exit_code = 75


class KeyNameTaken(StoreError):  # noqa: N818
    """A key in use has this name; nothing was written."""


class AuditRow(NamedTuple):
    """One thing that somebody did."""

    at_ms: int
    actor: str
    action: str
    subject: str
    reason: str


def add_revision(path: Path, revision: Revision) -> Revision:
    """Write a revision if its parent is still the newest of its scope."""
    written = []

    def write(inside: sqlite3.Connection) -> None:
        route, target = revision.scope
        head = inside.execute(
            "select revision_id, actor, kind from revisions where route = ? and target = ?"
            " order by revision_id desc limit 1",
            (route, target),
        ).fetchone()
        if (None if head is None else head[0]) != revision.parent:
            who = "nothing is recorded any more" if head is None else f"{head[1]} made a {head[2]} meanwhile"
            raise Superseded(f"{revision.subject} was changed: {who}; look at it and try again")
        added = inside.execute(
            "insert into revisions (route, target, at_ms, actor, reason, kind, weights, until_ms, parent)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                route, target, revision.at_ms, revision.actor, revision.reason, revision.kind.value,
                json.dumps(revision.weights), revision.until_ms, revision.parent,
            ),
        )  # fmt: skip
        written.append(replace(revision, revision_id=int(added.lastrowid or 0)))
        told = f"{revision.subject} {' '.join(f'{name}={share}' for name, share in revision.weights)}"
        _audit(inside, AuditRow(revision.at_ms, revision.actor, revision.kind.value, told, revision.reason))

    _write(path, write)
    return written[0]


def audited(path: Path, statement: str, values: tuple[object, ...], row: AuditRow) -> int:
    """Run an insert with its audit row; returns the number of what was inserted."""
    written = []

    def write(inside: sqlite3.Connection) -> None:
        written.append(int(inside.execute(statement, values).lastrowid or 0))
        _audit(inside, row)

    _write(path, write)
    return written[0]


def add_key(path: Path, key: GatewayKey, actor: str) -> None:
    """Write a key's hash."""

    def write(inside: sqlite3.Connection) -> None:
        taken = inside.execute("select 1 from keys where name = ? and revoked_ms is null", (key.name,)).fetchone()
        if taken is not None:
            raise KeyNameTaken(f"a key named {key.name} is in use; choose another name, or `costtui key revoke` it")
        inside.execute(
            "insert into keys (key_id, name, digest, last_four, created_ms, revoked_ms) values (?, ?, ?, ?, ?, null)",
            (key.key_id, key.name, key.digest, key.last_four, key.created_ms),
        )
        _audit(inside, AuditRow(key.created_ms, actor, "key add", f"{key.name} {key.key_id} …{key.last_four}", ""))

    _write(path, write)


def revoke_key(path: Path, key: GatewayKey, actor: str, at_ms: int) -> None:
    """Note when a key ended; the first end stays."""

    def write(inside: sqlite3.Connection) -> None:
        ended = inside.execute(
            "update keys set revoked_ms = ? where key_id = ? and revoked_ms is null", (at_ms, key.key_id)
        )
        if ended.rowcount:
            _audit(inside, AuditRow(at_ms, actor, "key revoke", f"{key.name} {key.key_id} …{key.last_four}", ""))

    _write(path, write)


def read_audit(path: Path, limit: int) -> list[AuditRow]:
    """The newest rows first."""
    question = "select at_ms, actor, action, subject, reason from audit order by audit_id desc limit ?"
    rows: list[Any] = []
    _write(path, lambda inside: rows.extend(inside.execute(question, (limit,)).fetchall()))
    return [AuditRow(*row) for row in rows]


def _audit(inside: sqlite3.Connection, row: AuditRow) -> None:
    inside.execute("insert into audit (at_ms, actor, action, subject, reason) values (?, ?, ?, ?, ?)", row)


def _write(path: Path, work: Callable[[sqlite3.Connection], None]) -> None:
    try:
        with closing(connect(path, WRITE_SECONDS)) as connection:
            transact(connection, [work])
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise StoreBusy(f"another program holds a lock on {path}; close it and try again") from None
        raise StoreError(f"{path} cannot be written ({error}); nothing was changed: check the disk") from None

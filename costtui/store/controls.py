"""controls.db: what people set by hand, for the gateway that looks ten times a second and for those who set it.

A rollback journal and FULL: writes are rare and come from many processes. Readers open it for writing but only query,
since a reader that may not write cannot recover the journal of a writer that was killed.
"""

import contextlib
import json
import os
import sqlite3
from pathlib import Path

from costtui.domain.control import ControlsState, GatewayKey, Kind, Revision
from costtui.domain.reading import Problem
from costtui.errors import StoreDamaged, StoreError
from costtui.store import controls_writing as writing
from costtui.store.controls_file import CONTROLS, connect, make
from costtui.store.controls_writing import AuditRow, KeyNameTaken, Superseded

__all__ = [
    "CONTROLS",
    "AuditRow",
    "ControlsState",
    "ControlsStore",
    "GatewayKey",
    "KeyNameTaken",
    "Kind",
    "Revision",
    "Superseded",
]

BUSY_SECONDS = 1.0
PER_SCOPE = 50
"""Revisions of one route or target that are read: an undo reaches no further back."""
_REVISION = "revision_id, route, at_ms, actor, reason, kind, weights, until_ms, parent"
_IN_REACH = f"""
select {_REVISION} from (
  select *, row_number() over (partition by route, target order by revision_id desc) as place from revisions
) where place <= {PER_SCOPE} order by revision_id
"""  # noqa: S608 - constants of this module
_KEYS = "select key_id, name, digest, created_ms, revoked_ms, last_four from keys order by created_ms, key_id"


class ControlsStore:
    """A look at controls.db. Busy is unchanged, and so is a file that is gone: what was read last stays in force."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._text = str(path)
        self.trouble: Problem | None = None
        """Why the last look failed, where it did for another reason than a writer's moment."""
        self._reading: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._version: int | None = None
        self._state = ControlsState()

    @classmethod
    def open(cls, state_dir: Path) -> "ControlsStore":
        """Look at controls.db, made where there is none. Raises StoreError, or StoreDamaged."""
        path = state_dir / CONTROLS
        make(path)
        store = cls(path)
        store.state()
        if store.trouble is not None:
            store.close()
            raise StoreDamaged(f"{store.trouble.reason}; {store.trouble.remedy}")
        return store

    def close(self) -> None:
        """Let go of the file."""
        if self._reading is not None:
            self._reading.close()
        self._reading = self._version = None

    def changed(self) -> bool:
        """Whether anything was committed since `state` was read last; takes 10 us."""
        identity = self._identity_now()
        if identity is None:
            return False
        if identity != self._identity or self._reading is None:
            return True
        try:
            version = self._reading.execute("pragma data_version").fetchone()[0]
        except sqlite3.Error:
            return False
        return bool(version != self._version)

    def state(self) -> ControlsState:
        """Everything that can still be in force; what was read last while a writer is at it."""
        identity = self._identity_now()
        if identity is None:
            return self._state
        if identity != self._identity:
            self.close()
        try:
            self._read(identity)
            self.trouble = None
        except sqlite3.OperationalError as error:
            self._take_note(error)
        except (sqlite3.DatabaseError, ValueError, StoreError) as error:
            self._note(str(error))
        return self._state

    def add_revision(self, revision: Revision) -> Revision:
        """Write one and return it with its number; `revision_id` is not looked at. Raises Superseded where somebody
        changed the same scope after `revision.parent`, StoreError where it cannot be written."""
        return writing.add_revision(self.path, revision)

    def add_key(self, key: GatewayKey, actor: str) -> None:
        """Write one. Raises KeyNameTaken where a key in use has this name, StoreError where it cannot be written."""
        writing.add_key(self.path, key, actor)

    def revoke_key(self, key: GatewayKey, actor: str, at_ms: int) -> None:
        """End a key. Raises StoreError where it cannot be written."""
        writing.revoke_key(self.path, key, actor, at_ms)

    def audit(self, limit: int = 100) -> list[AuditRow]:
        """Who did what, newest first. Raises StoreError where it cannot be read."""
        return writing.read_audit(self.path, limit)

    def _read(self, identity: tuple[int, int]) -> None:
        if self._reading is None:
            self._reading = connect(self.path, BUSY_SECONDS if self._identity is None else 0.0)
            self._reading.execute("pragma query_only = on")
            self._identity = identity
        reading = self._reading
        reading.execute("begin")
        try:
            version = reading.execute("pragma data_version").fetchone()[0]
            revisions = reading.execute(_IN_REACH).fetchall()
            keys = reading.execute(_KEYS).fetchall()
        finally:
            with contextlib.suppress(sqlite3.Error):
                reading.execute("commit")
        self._state = ControlsState(tuple(_revision(row) for row in revisions), tuple(_key(row) for row in keys))
        if self._version is None:
            reading.execute("pragma busy_timeout = 0")  # the gateway's loop never waits; only the first look may
        self._version = version

    def _take_note(self, error: sqlite3.OperationalError) -> None:
        if not getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            self._note(str(error))

    def _note(self, why: str) -> None:
        remedy = "move it away (keys and shifts are then set anew) or restore a backup"
        self.trouble = Problem("controls", f"{self.path} cannot be read ({why})", remedy)

    def _identity_now(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._text)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _revision(row: tuple[int, str, int, str, str, str, str, int | None, int | None]) -> Revision:
    revision_id, route, at_ms, actor, reason, kind, weights, until_ms, parent = row
    pairs = tuple((str(name), int(share)) for name, share in json.loads(weights))
    return Revision(revision_id, route, at_ms, actor, reason, Kind(kind), pairs, until_ms, parent)


def _key(row: tuple[str, str, bytes, int, int | None, str]) -> GatewayKey:
    return GatewayKey(*row)

"""The writing thread's side: commits, other processes' spool files, anchors, and faults of the disk."""

import contextlib
import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from costtui.domain.attempt import Attempt, Lane
from costtui.domain.reading import Problem
from costtui.errors import StoreError
from costtui.store.ballast import Ballast
from costtui.store.faults import is_damage, is_full, journal_problem
from costtui.store.ledger.anchors import write_anchor
from costtui.store.ledger.chain import head_of
from costtui.store.ledger.commit import Committer, Row
from costtui.store.ledger.file import open_or_freeze
from costtui.store.ledger.holds import HoldsOfOthers, SpooledHold, lost
from costtui.store.ledger.leases import LeaseDesk
from costtui.store.ledger.purge import KEPT_MS, purge_months, purge_step
from costtui.store.ledger.record import encode, unframe
from costtui.store.ledger.rollup import close_buckets, sweep_minutes
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER
from costtui.store.ledger.seal import finish_sealing, month_is_over, seal
from costtui.store.ledger.spool import SPOOL, epoch_of, is_abandoned, remove, spool_files, spool_is_own

NOTICE_MS = 3_600_000
"""How long a frozen or lost ledger stays among the warnings; the chain's origin keeps it."""
LOOK_SECONDS = 1.0
WAITS = "attempts wait in memory and in the spool"
ANCHOR_SECONDS = 60.0
CHORES_SECONDS = 20.0


class LedgerKeeper:
    """Owns the connection. Used by the writing thread alone, `trouble`, `lanes` and `newest_id` excepted."""

    def __init__(
        self,
        state_dir: Path,
        connection: sqlite3.Connection,
        clock_ms: Callable[[], int],
        on_anchor: Callable[[Head], None] | None,
    ) -> None:
        self.path = state_dir / LEDGER
        self.lanes: dict[int, Lane] = {}
        self._state_dir = state_dir
        self._clock_ms = clock_ms
        self._on_anchor = on_anchor
        self._ballast = Ballast(state_dir / SPOOL)
        self._offsets: dict[Path, int] = {}
        self._holds = HoldsOfOthers()
        self._living: set[int] = set()
        """Epochs of other processes that had a locked file at the last look."""
        self.shared = False
        """Whether a predecessor may still be at work."""
        self.others_live = False
        """Whether one is, as of the last look."""
        self._adopted: deque[Attempt] | None = None
        self._take(connection)
        self._anchored: Head | None = None
        self._anchored_at = self._swept_at = time.monotonic()
        self._trouble: Problem | None = None
        self._notice: Problem | None = None
        self._notice_until_ms = 0

    @classmethod
    def open(
        cls,
        state_dir: Path,
        now_ms: int,
        clock_ms: Callable[[], int],
        on_anchor: Callable[[Head], None] | None,
    ) -> "LedgerKeeper":
        """Raises StoreDamaged or StoreError."""
        finish_sealing(state_dir)
        connection, frozen = open_or_freeze(state_dir, now_ms)
        keeper = cls(state_dir, connection, clock_ms, on_anchor)
        if frozen is not None:
            keeper._tell_frozen(frozen)
        return keeper

    def _take(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._committer = Committer(connection, self.lanes)
        self._identity = self._file_identity()
        self._head = head_of(connection)

    @property
    def trouble(self) -> Problem | None:
        """What keeps it from writing, or what happened within the last hour."""
        notice = self._notice if self._notice and self._clock_ms() < self._notice_until_ms else None
        return self._trouble or notice

    def newest_id(self) -> int:
        """The largest attempt id of the file; 0 where it has none."""
        return int(self._connection.execute("select coalesce(max(attempt_id), 0) from attempt").fetchone()[0])

    def commit(self, rows: Sequence[Row]) -> bool:
        """True once `rows` are in the ledger and on the disk."""
        if self._file_identity() != self._identity and not self._start_over("was deleted or replaced"):
            return False
        held_up = journal_problem(self._connection, self.path, "ledger", WAITS)
        if held_up is not None:
            self._trouble = held_up
            return False
        try:
            self._committer.commit(rows)
        except sqlite3.Error as error:
            self._failed(error)
            return False
        if self._file_identity() != self._identity:  # deleted while it was written: what was written went with it
            return False
        self._trouble = None
        return True

    def _failed(self, error: sqlite3.Error) -> None:
        if is_damage(error):
            self._start_over("is damaged")
            return
        self._trouble = _explain(error, self.path)
        if is_full(error):
            self._ballast.drop()
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("pragma wal_checkpoint(truncate)")

    def _start_over(self, why: str) -> bool:
        """A new ledger in place of a damaged or lost one; its chain names the head of the old."""
        with contextlib.suppress(sqlite3.Error):
            self._head = head_of(self._connection)
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        try:
            connection, frozen = open_or_freeze(self._state_dir, self._clock_ms(), self._head)
        except StoreError as error:
            self._trouble = Problem("ledger", f"{error}; {WAITS}")
            return False
        self._take(connection)
        if frozen is not None:
            self._tell_frozen(frozen)
        else:
            self._tell(f"{self.path} {why}; a new one was begun after row {self._head.seq}", "restore a backup")
        return True

    def _tell_frozen(self, frozen: Path) -> None:
        text = f"{self.path} was damaged and is frozen as {frozen.name}; a new one was begun after it"
        self._tell(text, "see `costtui verify`; keep the frozen file or restore a backup")

    def _tell(self, text: str, remedy: str) -> None:
        self._notice = Problem("ledger", text, remedy)
        self._notice_until_ms = self._clock_ms() + NOTICE_MS

    # leases

    def grant(self, desk: LeaseDesk) -> None:
        """Write what was asked of the desk; who asked is told."""
        if self._file_identity() != self._identity and not self._start_over("was deleted or replaced"):
            desk.refuse()
            return
        try:
            desk.write(self._connection)
        except sqlite3.Error as error:
            self._failed(error)

    # other processes' spool files

    def adopt(self, own: set[Path], own_epoch: int) -> None:
        """Commit what files of other processes gained; charge holds of those that ended, and remove their files."""
        paths = [path for path in spool_files(self._state_dir / SPOOL) if path not in own]
        ended = {path for path in paths if is_abandoned(path)}  # before reading: nothing is appended after that
        rests = {path: self._read(path) for path in paths}
        living = {epoch_of(path) or 0 for path in paths if path not in ended}
        # a process that goes on to its next file holds no lock for a moment: it has ended if that is so at two looks
        held = living | {own_epoch} | (self._living if self.shared else set())
        self._living, self.others_live = living, bool(held - {own_epoch})
        if not self._charge_lost(held):
            return
        for path in ended:
            rest = rests[path]
            epoch = epoch_of(path) or 0
            if rest is not None and (epoch == own_epoch or epoch not in held or not self._holds.of(epoch)):
                self._offsets.pop(path, None)
                self._discard(path, rest)

    def tell_of_others(self) -> "deque[Attempt]":
        """From now on attempts of other processes are told of in what this returns, as they are committed."""
        if self._adopted is None:
            self._adopted = deque()
        return self._adopted

    def _charge_lost(self, living: set[int]) -> bool:
        """Holds of processes that ended without settling them become attempts at their worst case."""
        holds = self._holds.lost_outside(living)
        rows = [(attempt, encode(attempt)) for attempt in map(lost, holds)]
        if rows and not self._commit_others(rows):
            return False
        for hold in holds:
            self._holds.settled(hold.attempt_id)
        return True

    def _commit_others(self, rows: Sequence[Row]) -> bool:
        if not self.commit(rows):
            return False
        if self._adopted is not None:
            self._adopted.extend(attempt for attempt, _ in rows)
        return True

    def _discard(self, path: Path, rest: bytes) -> None:
        """A file that is committed. What a power cut left behind its last whole record is kept for a look."""
        if not rest.strip(b"\0"):
            remove(path)
            return
        kept = path.with_suffix(".torn")
        path.replace(kept)
        self._tell(f"{kept} ends in {len(rest)} bytes that are no attempt", "delete it once looked at")

    def _read(self, path: Path) -> bytes | None:
        """What comes after the last whole record, once everything before is committed; None if it could not be."""
        start = self._offsets.get(path, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
        except OSError:
            return None
        rows: list[Row] = []
        whole = 0
        for end, record, payload in unframe(data):
            whole = end
            if isinstance(record, Attempt):
                rows.append((record, payload))
                self._holds.settled(record.attempt_id)
            elif isinstance(record, SpooledHold):
                self._holds.opened(record)
            else:
                self.lanes[record[0]] = record[1]
        if rows and not self._commit_others(rows):
            return None
        self._offsets[path] = start + whole
        return data[whole:]

    # what is due now and then

    def chores(self) -> None:
        """Anchor each minute; close and sweep rollups; lay the ballast again."""
        now = time.monotonic()
        if now - self._anchored_at >= ANCHOR_SECONDS:
            self._anchored_at = now
            self.anchor()
        if now - self._swept_at >= CHORES_SECONDS:
            self._swept_at = now
            self._sweep()

    def _sweep(self) -> None:
        now_ms = self._clock_ms()
        try:
            self._retain(now_ms)
            self._connection.execute("begin immediate")
            close_buckets(self._connection, now_ms)
            sweep_minutes(self._connection, now_ms)
            self._connection.execute("commit")
        except OSError as error:
            self._trouble = Problem("ledger", f"{error.filename}: {error.strerror}", "check the disk")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("rollback")
            self._failed(error)
        else:
            if self._trouble is None:
                self._ballast.lay()

    def _retain(self, now_ms: int) -> None:
        """One step of letting old attempts go, and the month that is over."""
        purge_months(self._state_dir, now_ms - KEPT_MS, now_ms)
        purge_step(self._connection, self._state_dir, now_ms - KEPT_MS, now_ms)
        if spool_is_own(self._state_dir / SPOOL) and month_is_over(self._connection, now_ms):
            self.anchor()
            self._take(seal(self._connection, self._state_dir, now_ms))

    def anchor(self) -> None:
        """Write down where the chain stands, if it moved."""
        try:
            head = head_of(self._connection, self._clock_ms())
            if (self._anchored is not None and head.seq == self._anchored.seq) or head.seq == 0:
                return
            write_anchor(self._state_dir, head)
        except sqlite3.Error as error:
            self._failed(error)
        except OSError as error:
            self._trouble = Problem("ledger", f"no anchor written: {error.strerror}", "free disk space")
        else:
            self._anchored = head
            if self._on_anchor is not None:
                self._on_anchor(head)

    def close(self, *, anchor: bool) -> None:
        """Anchor, checkpoint, close."""
        if anchor:
            self.anchor()
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("pragma wal_checkpoint(truncate)")
        self._connection.close()

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _explain(error: sqlite3.Error, path: Path) -> Problem:
    """Reason and remedy of a failed write."""
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return Problem("ledger", f"no space left for {path}; {WAITS}", "free disk space")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Problem("ledger", f"another program holds a lock on {path}; {WAITS}", "close that program")
    if name.startswith("SQLITE_IOERR"):
        return Problem("ledger", f"{path} cannot be written ({name}); {WAITS}", "check the disk")
    return Problem("ledger", f"{path}: {error}; {WAITS}", "run costtui verify")

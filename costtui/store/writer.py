"""The only writer of telemetry.db: one thread, group commits, and nothing lost while the disk is full or locked."""

import contextlib
import os
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from costtui.domain.alert import OpenAlert
from costtui.domain.balancer import Ack
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.endpoint import EndpointAck
from costtui.domain.reading import Problem
from costtui.domain.terms import Adjustment, GpuTerms, KeptTerms
from costtui.errors import StoreError
from costtui.store import faults, write
from costtui.store.balancers import write_ack
from costtui.store.ballast import Ballast
from costtui.store.bill_writing import sum_minutes, write_answer, write_feed
from costtui.store.endpoints import write_ack as write_endpoint_ack
from costtui.store.file import open_or_replace
from costtui.store.ledger.rows import Head
from costtui.store.ledger.witness import write_witnessed
from costtui.store.lock import OwnerLock
from costtui.store.place import TELEMETRY, prepare
from costtui.store.retention import sweep
from costtui.store.rows import Event, Second

RETRY_SECONDS = 2.0
LOOK_SECONDS = 20.0
"""Between two looks at whether the file is still the one that was opened, and at retention."""
PENDING_LIMIT = 7_200
"""Jobs kept in memory while nothing can be written: an hour of seconds and pictures."""
MEMORY_SECONDS = 900
"""Seconds written last, to fill in again when the database is deleted under the agent."""
NOTICE_MS = 3_600_000
"""How long a database that was damaged or deleted stays among the warnings; the events keep it."""

Work = Callable[[sqlite3.Connection], None]


@dataclass(slots=True)
class _Job:
    work: Work
    keep: str
    """`second`: back-filled for a while; `lasting`: back-filled always; empty: only the newest matters."""
    done: "Future[None]" = field(default_factory=Future)


class TelemetryWriter:
    """Takes values from one thread, writes them on another. Every method returns at once."""

    def __init__(self, state_dir: Path, connection: sqlite3.Connection, lock: OwnerLock) -> None:
        self._state_dir = state_dir
        self._path = state_dir / TELEMETRY
        self._connection = connection
        self._lock = lock
        self._ids = write.Ids()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._pending: list[_Job] = []
        self._memory: deque[Work] = deque(maxlen=MEMORY_SECONDS)
        self._lasting: deque[Work] = deque(maxlen=1_000)
        self._ballast = Ballast(state_dir)
        self._identity = self._file_identity()
        self._looked = time.monotonic()
        self._last_ms = 0
        self._trouble: Problem | None = None
        self._notice: Problem | None = None
        self._notice_until_ms = 0
        self._journal: Problem | None = None
        self._thread = threading.Thread(target=self._run, name="telemetry", daemon=True)

    @classmethod
    def open(cls, state_dir: Path, *, now_ms: int) -> "TelemetryWriter":
        """Own the store: lock, check, migrate, start writing. Raises StoreBusy, StoreDamaged or StoreError."""
        prepare(state_dir)
        try:
            lock = OwnerLock.take(state_dir)
        except OSError as error:
            raise StoreError(f"{state_dir}: {error.strerror}; choose another one with --state-dir") from None
        try:
            connection, aside = open_or_replace(state_dir, now_ms)
        except BaseException:
            lock.release()
            raise
        writer = cls(state_dir, connection, lock)
        writer._last_ms = now_ms
        writer._thread.start()
        if aside is not None:
            writer._put_aside(aside, now_ms)
        return writer

    @property
    def trouble(self) -> Problem | None:
        """What keeps the store from writing, or what it had to do within the last hour; None when all is well."""
        notice = self._notice if self._last_ms < self._notice_until_ms else None
        return self._trouble or self._journal or notice

    def record(self, second: Second) -> "Future[None]":
        """Write one tick; done once committed."""
        self._last_ms = second.at_ms
        return self._put(lambda connection: write.write_second(connection, self._ids, second), "second")

    def publish(self, body: bytes, at_ms: int) -> "Future[None]":
        """Replace the picture; it is the heartbeat too."""
        pid = os.getpid()
        return self._put(lambda connection: write.write_status(connection, body, at_ms, pid), "")

    def keep_terms(self, uuid: str, terms: GpuTerms, recorded_ms: int) -> "Future[None]":
        """Terms that come into force; the rows before stay as they are."""
        kept = KeptTerms(recorded_ms, terms)
        return self._put(lambda connection: write.write_terms(connection, uuid, kept), "lasting")

    def keep_adjustments(self, adjustments: Sequence[Adjustment]) -> "Future[None]":
        """Corrections of rent already owed."""
        rows = tuple(adjustments)

        def work(connection: sqlite3.Connection) -> None:
            for row in rows:
                write.write_adjustment(connection, row)

        return self._put(work, "lasting")

    def keep_alerts(self, alerts: Sequence[OpenAlert]) -> "Future[None]":
        """The alerts that are open now."""
        rows = tuple(alerts)
        return self._put(lambda connection: write.write_alerts(connection, rows), "")

    def keep_event(self, event: Event) -> "Future[None]":
        """One line of history."""
        return self._put(lambda connection: write.write_event(connection, event), "")

    def keep_ledger_head(self, head: Head) -> "Future[None]":
        """Where the ledger's chain stood."""
        return self._put(lambda connection: write_witnessed(connection, head), "lasting")

    def keep_ack(self, ack: Ack) -> "Future[None]":
        """What a load balancer was told or said."""
        return self._put(lambda connection: write_ack(connection, ack), "lasting")

    def keep_bill(self, answer: BillAnswer, state: FeedState) -> "Future[None]":
        """What one reading of a provider's feed brought, and how that feed is doing now: in one transaction."""

        def work(connection: sqlite3.Connection) -> None:
            write_answer(connection, answer)
            write_feed(connection, state)

        return self._put(work, "")

    def keep_endpoint_ack(self, ack: EndpointAck) -> "Future[None]":
        """What became of an order to an endpoint."""
        return self._put(lambda connection: write_endpoint_ack(connection, ack), "lasting")

    def keep_feed(self, state: FeedState) -> "Future[None]":
        """How a provider's feed is doing; what it said before stays."""
        return self._put(lambda connection: write_feed(connection, state), "")

    def close(self) -> None:
        """Write what is waiting, checkpoint, let the next owner in. Waits 5 s at most."""
        self._queue.put(None)
        self._thread.join(5)
        self._lock.release()

    def _put(self, work: Work, keep: str) -> "Future[None]":
        job = _Job(work, keep)
        self._queue.put(job)
        return job.done

    def _run(self) -> None:
        going = True
        while going:
            going = self._gather()
            if time.monotonic() - self._looked > LOOK_SECONDS:
                self._look()
            if self._pending:
                self._commit()
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("pragma wal_checkpoint(truncate)")
        self._connection.close()

    def _gather(self) -> bool:
        """Wait for one job, take all that queued up behind it; False once the end was asked for."""
        try:
            job = self._queue.get(timeout=RETRY_SECONDS)
            while True:
                if job is None:
                    return False
                self._pending.append(job)
                job = self._queue.get_nowait()
        except queue.Empty:
            pass
        for dropped in self._pending[: max(0, len(self._pending) - PENDING_LIMIT)]:
            dropped.done.set_exception(StoreError("the store could not be written for an hour; this second is lost"))
        del self._pending[: max(0, len(self._pending) - PENDING_LIMIT)]
        return True

    def _commit(self) -> None:
        self._journal = faults.journal_problem(self._connection, self._path)
        if self._journal is not None:
            return
        try:
            faults.transact(self._connection, [job.work for job in self._pending])
        except sqlite3.IntegrityError:
            self._commit_singly()
        except sqlite3.Error as error:
            self._ids.forget()
            self._failed(error)
        else:
            self._committed(self._pending)
            self._pending = []
            self._trouble = None

    def _commit_singly(self) -> None:
        """One value that breaks a rule of the schema must not take the others with it."""
        self._ids.forget()
        jobs, self._pending = self._pending, []
        for job in jobs:
            try:
                faults.transact(self._connection, [job.work])
            except sqlite3.Error as error:
                self._ids.forget()
                job.done.set_exception(StoreError(f"a value does not fit the store: {error}"))
            else:
                self._committed([job])

    def _committed(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            if job.keep == "second":
                self._memory.append(job.work)
            elif job.keep == "lasting":
                self._lasting.append(job.work)
            if not job.done.done():
                job.done.set_result(None)

    def _failed(self, error: sqlite3.Error) -> None:
        self._trouble = faults.explain(error, self._path)
        if faults.is_damage(error):
            self._start_over("is damaged", damaged=True)
        elif faults.is_full(error):
            self._ballast.drop()
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("pragma wal_checkpoint(truncate)")

    def _look(self) -> None:
        self._looked = time.monotonic()
        if self._file_identity() != self._identity:
            self._start_over("was deleted or replaced")
            return
        try:
            sweep(self._connection, self._last_ms)
            sum_minutes(self._connection, self._last_ms)
        except sqlite3.Error as error:
            self._trouble = faults.explain(error, self._path)
        else:
            if self._trouble is None:
                self._ballast.lay()

    def _start_over(self, why: str, *, damaged: bool = False) -> None:
        """Open a new database in place of a lost one and fill in what memory still holds."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._ids.forget()
        try:
            self._connection, aside = open_or_replace(self._state_dir, self._last_ms, damaged=damaged)
        except StoreError as error:
            self._connection = sqlite3.connect(":memory:")
            self._identity = None
            self._trouble = Problem("store", str(error))
            return
        self._identity = self._file_identity()
        again = [_Job(work, "") for work in (*self._lasting, *self._memory)]
        self._pending = again + self._pending
        if aside is not None:
            self._put_aside(aside, self._last_ms)
        else:
            self._tell(f"{self._path} {why}; a new one was made and the last {len(self._memory)} s were filled in")

    def _put_aside(self, aside: Path, now_ms: int) -> None:
        self._last_ms = now_ms
        self._tell(f"{self._path} was damaged; it is now {aside.name}, and history starts anew")

    def _tell(self, text: str) -> None:
        self._notice = Problem("store", text, "restore a backup, or delete the file that was put aside")
        self._notice_until_ms = self._last_ms + NOTICE_MS
        event = Event(self._last_ms, "warn", text)
        self._queue.put(_Job(lambda connection: write.write_event(connection, event), ""))

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

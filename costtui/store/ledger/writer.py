"""The only writer of ledger.db: attempts go to the spool at once and into the ledger in group commits, on a thread."""

import itertools
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from costtui.domain.attempt import Attempt, Lane
from costtui.domain.reading import Problem
from costtui.errors import StoreError
from costtui.store.ledger.commit import Row
from costtui.store.ledger.epoch import COUNTER_BITS, next_epoch
from costtui.store.ledger.holds import SpooledHold
from costtui.store.ledger.keeper import LedgerKeeper
from costtui.store.ledger.leases import Lease, LeaseDesk
from costtui.store.ledger.lock import LedgerLock
from costtui.store.ledger.record import encode, encode_lane, frame, frame_head, lane_number, without_figures
from costtui.store.ledger.rows import Head
from costtui.store.ledger.spool import SPOOL, Spool, remove
from costtui.store.place import prepare

GATHER_SECONDS = 0.03
"""From the first attempt of a group to its commit: with the commit itself it stays under 50 ms."""
IDLE_SECONDS = 1.0
RETRY_SECONDS = 1.0
CLOSE_SECONDS = 5.0
GROUP_LIMIT = 4_096
_QUIET_SECONDS = 0.001


class LedgerWriter:
    """Takes attempts from one thread, commits them on another. `settle` returns at once."""

    def __init__(self, state_dir: Path, lock: LedgerLock, keeper: LedgerKeeper, epoch: int) -> None:
        self._lock = lock
        self._keeper = keeper
        self.epoch = epoch
        self._ids = itertools.count((epoch << COUNTER_BITS) + 1)
        self._lanes = keeper.lanes
        self._numbers: dict[Lane, int] = {}
        self._spool = Spool(state_dir / SPOOL, epoch)
        self._spooled_lanes: set[int] = set()
        self._held: dict[int, tuple[int, bytes]] = {}
        """Lane and record of holds that did not settle yet: each file of the spool begins with them."""
        self._desk = LeaseDesk()
        self._queue: deque[Row] = deque()
        self._settled = 0
        self._committed = 0
        self._retired: deque[tuple[int, Path]] = deque()
        """Spool files and how many attempts must be committed before they may go."""
        self._work = threading.Event()
        self._resting = False
        self._adopting = True
        self._looked_through = False
        self._detached = False
        self._busy = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)

    @classmethod
    def open(
        cls,
        state_dir: Path,
        *,
        now_ms: int,
        clock_ms: Callable[[], int],
        lock_fd: int | None = None,
        on_anchor: Callable[[Head], None] | None = None,
    ) -> "LedgerWriter":
        """Own the ledger: lock, check, migrate, take over what dead processes left in the spool.

        `lock_fd` is a lock that a predecessor handed over. `on_anchor` is told each minute where the chain stands, on
        the writing thread. Raises StoreBusy with the owner's pid, StoreDamaged for a ledger of a newer costtui, or
        StoreError. A damaged ledger is frozen under another name, which `trouble` says.
        """
        prepare(state_dir)
        try:
            (state_dir / SPOOL).mkdir(mode=0o700, exist_ok=True)
            lock = LedgerLock.take(state_dir) if lock_fd is None else LedgerLock(lock_fd)
        except OSError as error:
            raise StoreError(f"{state_dir}: {error.strerror}; choose another one with --state-dir") from None
        keeper: LedgerKeeper | None = None
        try:
            keeper = LedgerKeeper.open(state_dir, now_ms, clock_ms, on_anchor)
            keeper.shared = lock_fd is not None
            epoch = next_epoch(state_dir, now_ms, keeper.newest_id())
        except BaseException as error:
            if keeper is not None:
                keeper.close(anchor=False)
            lock.release()
            if isinstance(error, OSError):
                raise StoreError(f"{state_dir}: {error.strerror}; free disk space") from None
            raise
        writer = cls(state_dir, lock, keeper, epoch)
        writer._thread.start()
        writer._wait_for(lambda: writer._looked_through, CLOSE_SECONDS)
        return writer

    @property
    def trouble(self) -> Problem | None:
        """What keeps the ledger from writing, or what happened to it within the last hour; None when all is well."""
        if self._spool.problem:
            where = self._keeper.path.parent / SPOOL
            reason = f"{where} cannot be written ({self._spool.problem}); attempts wait in memory"
            return Problem("ledger", reason, "free disk space")
        return self._keeper.trouble

    def new_attempt_id(self) -> int:
        """Unique for ever, ascending."""
        return next(self._ids)

    def lane(self, lane: Lane) -> int:
        """The lane's number, the same in every process."""
        number = self._numbers.get(lane)
        if number is None:
            number = self._numbers[lane] = lane_number(lane)
            self._lanes[number] = lane
        return number

    def named_lane(self, number: int) -> Lane | None:
        """The lane of that number, where this process has heard of it."""
        return self._lanes.get(number)

    def settle(self, attempt: Attempt) -> None:
        """Record an attempt that ended. When this returns it survives the process; on the disk within 50 ms.

        Never raises: what the spool cannot take waits in memory, and figures that no ledger can hold become unknown.
        """
        try:
            payload = encode(attempt)
        except (OverflowError, UnicodeEncodeError):
            attempt = without_figures(attempt)
            payload = encode(attempt)
        record = frame_head(len(payload), zlib.crc32(payload)) + payload
        if self._held:
            self._held.pop(attempt.attempt_id, None)
        if self._put(attempt.lane, record) and self._detached:
            return
        self._settled += 1
        self._queue.append((attempt, payload))
        if self._resting:
            self._resting = False
            self._work.set()

    def hold(self, hold: SpooledHold) -> bool:
        """Write down what an attempt may cost at most, before it is sent: it settles, or a successor charges it.

        False where it cannot be written; `trouble` says why. 1 us.
        """
        payload = encode(hold)
        record = frame_head(len(payload), zlib.crc32(payload)) + payload
        if not self._put(hold.lane, record):
            return False
        self._held[hold.attempt_id] = hold.lane, record
        return True

    def lease(self, leases: Sequence[Lease], told: Callable[[bool], None]) -> None:
        """Have leases written; `told` is called on the writing thread once they are on the disk, with False where they
        cannot be: the disk is full or another process has the ledger."""
        self._desk.ask(leases, told)
        if self._resting:
            self._resting = False
            self._work.set()

    def watch_others(self) -> "deque[Attempt]":
        """From now on attempts that other processes settled are told of here, as they are committed."""
        return self._keeper.tell_of_others()

    @property
    def others_live(self) -> bool:
        """Whether a predecessor may still settle and hold, as of the last look at its spool."""
        return self._keeper.others_live

    def _put(self, lane: int, record: bytes) -> bool:
        if not self._spool.fits(record):
            self._retire()
        if lane not in self._spooled_lanes:
            self._spool_lane(lane)
        return self._spool.append(record)

    def _spool_lane(self, number: int) -> None:
        """A file of the spool can be read without the ledger: each names its lanes before their first attempt."""
        lane = self._lanes.get(number)
        if lane is None or self._spool.append(frame(encode_lane(number, lane))):
            self._spooled_lanes.add(number)

    def _carry_holds(self) -> None:
        """Into a new file, before the one they were in may be removed."""
        for lane, record in self._held.values():
            if lane not in self._spooled_lanes:
                self._spool_lane(lane)
            self._spool.append(record)

    def _retire(self) -> None:
        path = self._spool.retire()
        self._spooled_lanes.clear()
        self._carry_holds()
        if path is not None and not self._detached:
            self._retired.append((self._settled, path))

    def committed(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until everything that settled before this call is committed; False where it is not in time."""
        target = self._settled
        return self._wait_for(lambda: self._committed >= target, timeout_seconds)

    def adopt(self) -> None:
        """Have the spool files of other processes committed, and removed where their process has ended."""
        self._adopting = True

    def detach(self) -> int:
        """Stop committing and give the lock's descriptor to a successor; `settle` goes on into the spool alone."""
        self._detached = True
        self._wait_for(lambda: not self._busy, CLOSE_SECONDS)
        self._begin_file()
        return self._lock.descriptor

    def _begin_file(self) -> None:
        """What is in the file before is for whoever has the lock. The new one's own lock says that this process lives,
        so it is there before anything settles."""
        self._spool.retire()
        self._spooled_lanes.clear()
        self._spool.append(b"")
        self._carry_holds()

    def attach(self) -> None:
        """Take the ledger back from a successor that did not come up."""
        self._begin_file()
        self._lock.sign()
        self._adopting = True
        self._detached = False
        self._work.set()

    def close(self) -> None:
        """Commit what waits, anchor, let the next owner in. Waits 5 s at most; what is left stays in the spool."""
        self._closing = True
        self._work.set()
        self._thread.join(CLOSE_SECONDS + RETRY_SECONDS)
        path = self._spool.retire()
        if self._detached:
            self._lock.leave()
            return
        if path is not None and self._committed >= self._settled:
            remove(path)
        self._lock.release()

    def _wait_for(self, there: Callable[[], bool], timeout_seconds: float) -> bool:
        deadline = time.monotonic() + timeout_seconds
        while not there():
            if time.monotonic() > deadline:
                return False
            time.sleep(_QUIET_SECONDS)
        return True

    # on the thread

    def _run(self) -> None:
        waiting: list[Row] = []
        deadline = 0.0
        while True:
            if not self._detached:
                self._busy = True
                waiting = self._round(waiting) if not self._detached else waiting
                self._busy = False
            elif self._closing:
                waiting = self._respool(waiting)
            if self._detached:
                self._desk.refuse()
            if self._closing:
                deadline = deadline or time.monotonic() + CLOSE_SECONDS
                if not (waiting or self._queue or self._desk.waiting) or time.monotonic() > deadline:
                    break
            self._rest(failed=bool(waiting))
        self._keeper.close(anchor=not self._detached)

    def _round(self, waiting: list[Row]) -> list[Row]:
        """One group commit, the spools of others, and what is due each second; returns what could not be written."""
        queue = self._queue
        if self._desk.waiting:
            self._keeper.grant(self._desk)
        while queue and len(waiting) < GROUP_LIMIT:
            waiting.append(queue.popleft())
        if waiting and self._keeper.commit(waiting):
            self._committed += len(waiting)
            waiting = []
            self._spool.problem = ""  # what it could not take is in the ledger now
            self._remove_spent()
        if self._adopting:
            self._adopting = False
            own = {self._spool.path, *(path for _, path in self._retired)}
            self._keeper.adopt({path for path in own if path is not None}, self.epoch)
            self._looked_through = True
        self._keeper.chores()
        return waiting

    def _respool(self, waiting: list[Row]) -> list[Row]:
        """What a detached process could not put into its spool gets another chance at its end."""
        rows = [*waiting, *self._queue]
        self._queue.clear()
        while rows:
            attempt, payload = rows[0]
            if not self._put(attempt.lane, frame(payload)):
                return rows
            rows.pop(0)
        return rows

    def _remove_spent(self) -> None:
        while self._retired and self._retired[0][0] <= self._committed:
            remove(self._retired.popleft()[1])

    def _rest(self, *, failed: bool) -> None:
        """Wait for work, then for the rest of its group."""
        if failed:
            time.sleep(RETRY_SECONDS if not self._closing else 0.1)
            return
        self._work.clear()
        self._resting = True
        if not self._queue and not self._desk.waiting and not self._closing:
            self._work.wait(IDLE_SECONDS)
        self._resting = False
        if not self._closing:
            time.sleep(GATHER_SECONDS)

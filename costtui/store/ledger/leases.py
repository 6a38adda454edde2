"""Leases: how far a budget's spend may have gone at most, on the disk before it goes there.

They stand beside the chain of attempts and not in it: a lease is a promise about money and no spend, it is superseded
by the next one, and a link of the chain numbers attempts alone. Their table has a chain of its own, row by row.
"""

import contextlib
import hashlib
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from costtui.domain.money import NanoUsd
from costtui.store.ledger.schema import LEDGER

NOTHING = bytes(32)
_COLUMNS = "seq, budget, starts_ms, ends_ms, granted_nano, settled_nano, counted_nano, closed, epoch, boot, at_ms"
_encode = msgspec.msgpack.Encoder().encode


class Lease(NamedTuple):
    """One budget in one window, as its process left it; the last one of a window holds."""

    budget: str
    starts_ms: int
    ends_ms: int
    granted_nano: NanoUsd
    """Settled and held together never went above it."""
    settled_nano: NanoUsd
    """When it was written."""
    counted_nano: NanoUsd
    """What the budget counts and the ledger's sums lack: an open lease after a power cut, a cost that is not known."""
    closed: bool
    """Its process ended in good order: what was settled is all there is."""
    epoch: int
    boot: str
    """Of the kernel: another one means that what was not on the disk is gone."""
    at_ms: int


class LeaseDesk:
    """Leases that wait for the disk: asked for on one thread, written on another."""

    def __init__(self) -> None:
        self._asked: deque[tuple[Sequence[Lease], Callable[[bool], None]]] = deque()

    def ask(self, leases: Sequence[Lease], told: Callable[[bool], None]) -> None:
        """`told` is called on the writing thread: True once they are on the disk, False where they cannot be."""
        self._asked.append((leases, told))

    @property
    def waiting(self) -> bool:
        """Whether anything was asked."""
        return bool(self._asked)

    def refuse(self) -> None:
        """Nothing can be written."""
        while self._asked:
            self._asked.popleft()[1](False)

    def write(self, connection: sqlite3.Connection) -> None:
        """Everything that was asked, in one FULL transaction. Raises sqlite3.Error after everybody was told."""
        asked = [self._asked.popleft() for _ in range(len(self._asked))]
        done = False
        try:
            _append(connection, [lease for leases, _ in asked for lease in leases])
            done = True
        finally:
            for _, told in asked:
                told(done)


def _append(connection: sqlite3.Connection, leases: Sequence[Lease]) -> None:
    connection.execute("begin immediate")
    try:
        last = connection.execute("select seq, hash from lease order by seq desc limit 1").fetchone()
        seq, before = (0, NOTHING) if last is None else (last[0], bytes(last[1]))
        for lease in leases:
            seq += 1
            row = (seq, *lease)
            digest = _digest(before, row)
            connection.execute(
                f"insert into lease ({_COLUMNS}, before, hash) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - the names are ours
                (*row, before, digest),
            )
            before = digest
        connection.execute("commit")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("rollback")
        raise


def _digest(before: bytes, row: Sequence[object]) -> bytes:
    return hashlib.sha256(before + _encode((*row[:7], bool(row[7]), *row[8:]))).digest()


def last_lease(state_dir: Path, budget: str, starts_ms: int) -> Lease | None:
    """The one that holds; None where the budget had none in that window or the ledger cannot be read."""
    uri = f"{(state_dir / LEDGER).absolute().as_uri()}?mode=ro"
    query = f"select {_COLUMNS} from lease where budget = ? and starts_ms = ? order by seq desc limit 1"  # noqa: S608
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(uri, uri=True, timeout=1.0, isolation_level=None)) as connection,
    ):
        row: Any = connection.execute(query, (budget, starts_ms)).fetchone()
        if row is not None:
            return Lease._make((*row[1:7], bool(row[7]), *row[8:]))
    return None


def wrong_leases(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """(seq, what is wrong) of every row that was changed or is missing. Rows that were carried over from the month
    before may have gaps between them: those of windows that were over are not there. A cut tail is not seen."""
    if not connection.execute("select count(*) from sqlite_master where name = 'lease'").fetchone()[0]:
        return
    carried_until_ms = connection.execute("select min(at_ms) from origin").fetchone()[0] or 0
    seq, hash_before = 0, NOTHING
    for *row, before, stored in connection.execute(f"select {_COLUMNS}, before, hash from lease order by seq"):  # noqa: S608
        if _digest(bytes(before), row) != bytes(stored):
            yield row[0], f"lease {row[0]} of budget {row[1]} was changed"
        elif (row[0] != seq + 1 or bytes(before) != hash_before) and row[10] > carried_until_ms:
            yield row[0], f"leases before {row[0]} are missing"
        seq, hash_before = row[0], bytes(stored)

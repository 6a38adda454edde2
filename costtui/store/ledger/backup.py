"""A copy of the ledger that is whole, also while it is written."""

import contextlib
import os
import sqlite3
from pathlib import Path

from costtui.errors import StoreError
from costtui.store.ledger.chain import head_of
from costtui.store.ledger.rows import Head
from costtui.store.ledger.schema import LEDGER

PAGES = 4_096
"""Copied at once; a ledger that grows meanwhile is copied to the end in one more step."""


def backup(state_dir: Path, to: Path) -> Head:
    """Copy ledger.db to a file that is not there yet, check it, and say where its chain stands. Sealed months do not
    change: copy them as they are. Raises StoreError."""
    if not (state_dir / LEDGER).exists():
        raise StoreError(f"there is no ledger in {state_dir}; the gateway begins one when it starts")
    try:
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise StoreError(f"{to}: {error.strerror}; name a file that is not there yet") from None
    try:
        return _copy(state_dir / LEDGER, to)
    except (sqlite3.Error, OSError) as error:
        to.unlink(missing_ok=True)
        raise StoreError(f"{to} was not written: {error}; run costtui verify") from None


def _copy(source: Path, to: Path) -> Head:
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None)) as old,
        contextlib.closing(sqlite3.connect(to, isolation_level=None)) as new,
    ):
        old.execute("begin")
        old.execute("select count(*) from origin").fetchone()  # from here on one moment is copied
        old.backup(new, pages=PAGES)
        new.execute("pragma journal_mode = delete")
        if new.execute("pragma integrity_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("the copy is damaged, and so is the ledger")
        head = head_of(new)
    file = os.open(to, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
    return head

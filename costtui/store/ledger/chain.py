"""One link a group commit: SHA-256 over the link before, the place, the lanes that are new and the rows in order."""

import hashlib
import sqlite3
import struct
from collections.abc import Iterable

from costtui.store.ledger.rows import Head

NOTHING = bytes(32)
"""The hash before the first link of all."""
_place = struct.Struct("<QQ").pack


def link_hash(before: bytes, first_seq: int, count: int, lanes: Iterable[bytes], rows: Iterable[bytes]) -> bytes:
    """The hash of a link; `lanes` and `rows` are records as `record.encode` makes them."""
    digest = hashlib.sha256(before)
    digest.update(_place(first_seq, count))
    digest.update(b"".join((*lanes, b"|", *rows)))
    return digest.digest()


def head_of(connection: sqlite3.Connection, at_ms: int = 0) -> Head:
    """The last link, or where this file's chain begins."""
    row = (
        connection.execute("select first_seq + count - 1, hash from link order by first_seq desc limit 1").fetchone()
        or connection.execute("select seq, hash from origin order by seq desc limit 1").fetchone()
    )
    return Head(row[0], bytes(row[1]), at_ms) if row else Head(0, NOTHING, at_ms)

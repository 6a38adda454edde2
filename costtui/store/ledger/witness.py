"""The agent as a witness: it writes down in its own telemetry.db where the ledger's chain stood."""

import contextlib
import sqlite3
from pathlib import Path

from costtui.store.ledger.rows import Head
from costtui.store.place import TELEMETRY

SLOT_MS = 600_000
"""One head is kept for every ten minutes: 3 MiB a year."""


def write_witnessed(connection: sqlite3.Connection, head: Head) -> None:
    """Keep the last head of its ten minutes; one that is further back never replaces it."""
    connection.execute(
        "insert into ledger_heads (slot, seq, hash, at_ms) values (?, ?, ?, ?) on conflict (slot) do update"
        " set seq = excluded.seq, hash = excluded.hash, at_ms = excluded.at_ms where excluded.seq > ledger_heads.seq",
        (head.at_ms // SLOT_MS, head.seq, head.hash, head.at_ms),
    )


def witnessed_heads(state_dir: Path) -> list[Head]:
    """Every head that the agent saw, ascending; none where no agent ran yet or its database cannot be read."""
    path = (state_dir / TELEMETRY).absolute()
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
            rows = connection.execute("select seq, hash, at_ms from ledger_heads order by seq").fetchall()
    except sqlite3.Error:
        return []
    return [Head(seq, bytes(digest), at_ms) for seq, digest, at_ms in rows]

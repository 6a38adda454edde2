"""Looks each minute where the ledger's chain stands and keeps it in telemetry.db: an old ledger put back is found."""

from pathlib import Path
from typing import TYPE_CHECKING

from costtui.store.ledger.anchors import read_head
from costtui.store.writer import TelemetryWriter

if TYPE_CHECKING:
    from costtui.store.ledger.rows import Head

EVERY_MS = 60_000
"""As often as the gateway itself writes it down."""


class Witness:
    """Of the ledger in the agent's state directory, if there is one."""

    def __init__(self, state_dir: Path, writer: TelemetryWriter) -> None:
        self._state_dir = state_dir
        self._writer = writer
        self._looked_ms = 0
        self._seen: Head | None = None

    def look(self, now_ms: int) -> None:
        """Once a minute: keep the newest anchor where it is another one than the last."""
        if abs(now_ms - self._looked_ms) < EVERY_MS:
            return
        self._looked_ms = now_ms
        head = read_head(self._state_dir)
        if head is not None and head != self._seen:
            self._seen = head
            self._writer.keep_ledger_head(head)

"""A log of events: one is one line of JSON, whatever it contains."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from costtui.domain.clean import clean

ROTATE_BYTES = 2_500_000
"""Two files of this size at most: the log and the one before it."""
FIELD_LIMIT = 500


class EventLog:
    """Appends events to a file that only its owner may read; a full disk costs lines, never the process."""

    def __init__(self, path: Path, now_ms: Callable[[], int], rotate_bytes: int = ROTATE_BYTES) -> None:
        self._path = path
        self._now_ms = now_ms
        self._rotate_bytes = rotate_bytes
        self._file = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def write(self, event: str, **fields: str | int | float | None) -> None:
        """One event with its fields; strings are cleaned and capped."""
        shown = {name: clean(value, FIELD_LIMIT) if isinstance(value, str) else value for name, value in fields.items()}
        line = json.dumps({"at_ms": self._now_ms(), "event": event, **shown}, separators=(",", ":"))
        try:
            os.write(self._file, line.encode() + b"\n")
            if os.fstat(self._file).st_size >= self._rotate_bytes:
                self._rotate()
        except OSError:
            return  # the disk is full or the folder is gone: the store says so on every screen

    def _rotate(self) -> None:
        self._path.replace(self._path.with_name(self._path.name + ".1"))
        before, self._file = self._file, self._open()
        os.close(before)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

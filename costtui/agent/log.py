"""`agent.log`: one event is one line of JSON, whatever it contains."""

import json
import os
from pathlib import Path

from costtui.agent.clock import Clock
from costtui.domain.clean import clean

NAME = "agent.log"
ROTATE_BYTES = 2_500_000
"""Two files of this size at most: the log and the one before it."""
FIELD_LIMIT = 500


class Log:
    """Appends events to a file that only its owner may read; a full disk costs lines, never the agent."""

    def __init__(self, state_dir: Path, clock: Clock, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._path = state_dir / NAME
        self._clock = clock
        self._rotate_bytes = rotate_bytes
        self._file = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)

    def write(self, event: str, **fields: str | int | float | None) -> None:
        """One event with its fields; strings are cleaned and capped."""
        shown = {name: clean(value, FIELD_LIMIT) if isinstance(value, str) else value for name, value in fields.items()}
        line = json.dumps({"at_ms": self._clock.now_ms(), "event": event, **shown}, separators=(",", ":"))
        try:
            os.write(self._file, line.encode() + b"\n")
            if os.fstat(self._file).st_size >= self._rotate_bytes:
                self._rotate()
        except OSError:
            return  # the disk is full or the folder is gone: the store says so on every screen

    def _rotate(self) -> None:
        self._path.replace(self._path.with_name(NAME + ".1"))
        before, self._file = self._file, self._open()
        os.close(before)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

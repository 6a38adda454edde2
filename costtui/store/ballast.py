"""A little room that is let go when the disk is full, so that deleting and checkpointing still work."""

import contextlib
import os
from pathlib import Path

NAME = "ballast"
SIZE_BYTES = 4 * 2**20


class Ballast:
    """A file of 4 MiB, or a sixteenth of what is free where that is less."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / NAME
        self.lay()

    def lay(self) -> None:
        """Take the room if it is not taken."""
        if self._path.exists():
            return
        with contextlib.suppress(OSError):
            space = os.statvfs(self._path.parent)
            size = min(SIZE_BYTES, space.f_bavail * space.f_frsize // 16)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, max(size, 1))
            finally:
                os.close(descriptor)

    def drop(self) -> None:
        """Give the room back to the disk."""
        self._path.unlink(missing_ok=True)

"""One agent per store: a lock that the kernel frees with its process, not a file that outlives it."""

import fcntl
import os
from pathlib import Path

from costtui.errors import StoreBusy
from costtui.store.status_row import LOCK, lock_holder, pid_in


class OwnerLock:
    """Held from `take` to `release` or to the process's end, however that comes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, state_dir: Path) -> "OwnerLock":
        """Become the owner, or raise StoreBusy with the owner's pid."""
        descriptor = os.open(state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = pid_in(os.pread(descriptor, 64, 0))
            os.close(descriptor)
            raise StoreBusy(
                f"an agent (pid {pid or '?'}) already writes to {state_dir}; see it with `costtui agent status`", pid
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let the next one in."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def holder_pid(state_dir: Path) -> int | None:
    """Process that owns the store, None when nobody does or it cannot be told."""
    return lock_holder(str(state_dir))

"""One committer per ledger; the lock can be handed to a successor without being let go in between."""

import fcntl
import os
from pathlib import Path

from costtui.errors import StoreBusy
from costtui.store.status_row import pid_in

LOCK = "ledger.lock"


class LedgerLock:
    """Held from `take` to `release` or to the end of the last process that has the descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        os.set_inheritable(descriptor, False)
        self.sign()

    @classmethod
    def take(cls, state_dir: Path) -> "LedgerLock":
        """Become the committer, or raise StoreBusy with its pid."""
        descriptor = os.open(state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = pid_in(os.pread(descriptor, 64, 0))
            os.close(descriptor)
            raise StoreBusy(
                f"a gateway (pid {pid or '?'}) already keeps the ledger in {state_dir};"
                " see it with `costtui gateway status`",
                pid,
            ) from None
        return cls(descriptor)

    def sign(self) -> None:
        """Write down whose it is now."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next one in."""
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)

    def leave(self) -> None:
        """Close this process's share of a lock that a successor has."""
        os.close(self.descriptor)


def ledger_holder(state_dir: Path) -> int | None:
    """Process that keeps the ledger, None when nobody does or it cannot be told."""
    try:
        descriptor = os.open(state_dir / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return pid_in(os.pread(descriptor, 64, 0))
    finally:
        os.close(descriptor)
    return None

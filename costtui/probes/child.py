"""The life of a child process that writes one sweep a tick: on time, and gone with its parent."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable

from costtui.domain.reading import GpuSweep
from costtui.probes.wire import encode

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the parent ends; leave at once where it already has."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent in (0, 1) or os.getppid() != parent:
        sys.exit(0)


def ticks(interval_seconds: float, processes_seconds: float) -> Callable[[], tuple[int, bool]]:
    """A function that sleeps until the next tick, on whole intervals of the wall clock.

    It returns the time in UTC milliseconds and whether the process lists are due. A slow tick is followed by the
    next whole interval: missed ones are not made up for.
    """
    processes_due = 0.0

    def next_tick() -> tuple[int, bool]:
        nonlocal processes_due
        time.sleep(interval_seconds - time.time() % interval_seconds)
        now = time.time()
        due = now >= processes_due
        if due:
            processes_due = now + processes_seconds - interval_seconds / 2
        return int(now * 1000), due

    return next_tick


def say(sweep: GpuSweep) -> None:
    """Write one sweep; a parent that is gone ends this process."""
    try:
        sys.stdout.buffer.write(encode(sweep))
        sys.stdout.buffer.flush()
    except OSError:
        os._exit(0)

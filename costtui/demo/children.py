"""Processes that end with this one: the kernel tells them, so that no crash leaves any behind."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import IO

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    """Between fork and exec: SIGTERM when the parent is gone. Only async-signal-safe work happens here."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def started(
    module_and_arguments: Sequence[str], stdout: int | IO[bytes], stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """A child running `python -m MODULE ARGUMENTS...`, out of reach of the terminal's Ctrl-C."""
    return subprocess.Popen(
        [sys.executable, "-m", *module_and_arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=_die_with_parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )

"""The key with which end users' names become pseudonyms: made once per store, never shown."""

import os
from pathlib import Path

NAME = "pseudonyms.key"
BYTES = 32


def salt_in(state_dir: Path) -> bytes:
    """Read it, or make it, mode 0600."""
    path = state_dir / NAME
    try:
        salt = path.read_bytes()
    except FileNotFoundError:
        salt = os.urandom(BYTES)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, salt)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    return salt[:64].ljust(BYTES, b"\0")

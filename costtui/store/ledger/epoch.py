"""Each opening of the ledger has a number of its own, the upper part of every attempt's id."""

import os
from pathlib import Path

from costtui.store.ledger.spool import SPOOL, epoch_of, spool_files

EPOCH = "ledger.epoch"
COUNTER_BITS = 40
FIRST_MS = 1_767_225_600_000
"""2026-01-01 UTC; 23 bits of minutes from there on last for 15 years."""
MINUTE_MS = 60_000


def next_epoch(state_dir: Path, now_ms: int, newest_id: int) -> int:
    """A number above every one that was used: by the file, the spool, the ledger (`newest_id`) and by the clock, so
    that an old copy of the whole folder does not give out ids again. It is on the disk before it is used."""
    path = state_dir / EPOCH
    spooled = [epoch_of(each) or 0 for each in spool_files(state_dir / SPOOL)]
    used = max([_written(path), newest_id >> COUNTER_BITS, *spooled])
    epoch = max(used + 1, (now_ms - FIRST_MS) // MINUTE_MS)
    draft = path.with_name(f".{EPOCH}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(file, f"{epoch}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
    sync_folder(state_dir)
    return epoch


def _written(path: Path) -> int:
    try:
        text = path.read_text(errors="replace").strip()
    except OSError:
        return 0
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def sync_folder(folder: Path) -> None:
    """Make names in it survive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)

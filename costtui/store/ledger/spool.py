"""What settled and may not be on the disk's surface yet: appended with one write(2), so that it survives a kill.

One file a process, EPOCH-PID-NUMBER.spool, locked by its process for as long as it appends to it. It is never fsynced:
against a power cut stands the commit that follows within 50 ms.
"""

import contextlib
import fcntl
import os
from pathlib import Path

SPOOL = "spool"
SUFFIX = ".spool"
SEGMENT_BYTES = 1 << 20
"""Then a new file is begun: some 7,000 attempts, which a successor reads in 20 ms."""


class Spool:
    """This process's own file. Not for two threads at once, `retire` and `spent` excepted."""

    def __init__(self, folder: Path, epoch: int) -> None:
        self._folder = folder
        self._stem = f"{epoch}-{os.getpid()}"
        self._number = 0
        self._file = -1
        self._path = folder
        self._size = 0
        self.problem = ""
        """Why the last record was not written; empty when all is well."""

    @property
    def path(self) -> Path | None:
        """The file that is appended to, None before the first record."""
        return self._path if self._file >= 0 else None

    @property
    def full(self) -> bool:
        """Whether a new file is due."""
        return self._size >= SEGMENT_BYTES

    def append(self, record: bytes) -> bool:
        """Write one record; what was written in part is taken back. Never raises: `problem` says why it did not."""
        try:
            if self._file < 0:
                self._begin()
            written = os.write(self._file, record)
        except OSError as error:
            self._take_back(error.strerror or str(error))
            return False
        if written != len(record):
            self._take_back("no space left")
            return False
        self._size += written
        self.problem = ""
        return True

    def _begin(self) -> None:
        """A new file, locked before it has its name: what has the name and no lock is a dead process's."""
        self._number += 1
        self._path = self._folder / f"{self._stem}-{self._number}{SUFFIX}"
        draft = self._path.with_suffix(".new")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(self._path)
        except OSError:
            os.close(file)
            raise
        self._file, self._size = file, 0

    def _take_back(self, why: str) -> None:
        self.problem = why
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)

    def retire(self) -> Path | None:
        """Append no more to this file; returns it, for whoever removes it once it is committed."""
        if self._file < 0:
            return None
        os.close(self._file)
        self._file, self._size = -1, 0
        return self._path


def remove(path: Path) -> None:
    """A file whose every record is committed."""
    with contextlib.suppress(OSError):
        path.unlink()


def spool_files(folder: Path) -> list[Path]:
    """Every process's files, oldest first."""
    try:
        found = [path for path in folder.iterdir() if path.suffix == SUFFIX and epoch_of(path) is not None]
    except OSError:
        return []
    return sorted(found, key=lambda path: tuple(int(part) for part in path.stem.split("-")))


def spool_is_own(folder: Path) -> bool:
    """Whether no other process has a file there whose attempts may still have to be committed."""
    return all(path.stem.split("-")[1] == str(os.getpid()) for path in spool_files(folder))


def epoch_of(path: Path) -> int | None:
    """As the file's name says; None for a file that is not a spool's."""
    parts = path.stem.split("-")
    return int(parts[0]) if len(parts) == 3 and all(part.isdecimal() for part in parts) else None


def is_abandoned(path: Path) -> bool:
    """Whether no process appends to it any more."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True

"""A configuration that follows its file while costtui runs: good edits apply, bad ones change nothing."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from costtui.config.document import CONFIG_BYTES
from costtui.config.load import find_path, load, load_bytes
from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.errors import ConfigError

Stamp = tuple[int, int, int]
"""Modification time, size and inode: a look costs one stat."""


class ConfigWatch:
    """The configuration in force, and the problems of a newer file that was refused."""

    def __init__(self, explicit: Path | None, environ: Mapping[str, str], now_ms: int) -> None:
        """Load the first configuration. Raises ConfigError: there is no last good one yet."""
        self._explicit = explicit
        self._environ = environ
        self._path = find_path(explicit, environ)
        self._judged = _stamp(self._path)
        self._seen = self._judged
        self._config = load(self._path, now_ms)
        self._problems: tuple[str, ...] = ()

    def look(self, now_ms: int) -> tuple[Config, tuple[str, ...]]:
        """The configuration in force and what is wrong with the file as it now is.

        A change is read at the second look that finds it the same, so that half a file is not judged.
        """
        if self._path is None:
            self._path = find_path(self._explicit, self._environ)
        stamp = _stamp(self._path)
        if stamp == self._seen and stamp != self._judged:
            self._judge(stamp, now_ms)
        self._seen = stamp
        return self._config, self._problems

    def _judge(self, stamp: Stamp | None, now_ms: int) -> None:
        assert self._path is not None
        if stamp is None:
            self._judged = None
            self._problems = (
                f"{clean(str(self._path))}:1 is gone; the running configuration of {self._since()} stays in force",
            )
            return
        try:
            body = _settled(self._path, stamp)
            if body is None:
                return
            self._config, self._problems = load_bytes(self._path, body, now_ms), ()
        except ConfigError as error:
            self._problems = error.problems
        self._judged = stamp

    def _since(self) -> str:
        """When the configuration in force was read, on the host's clock."""
        loaded = datetime.fromtimestamp((self._config.loaded_ms or 0) / 1000, UTC)
        return f"{loaded.astimezone(self._config.host.timezone):%H:%M}"


def _stamp(path: Path | None) -> Stamp | None:
    try:
        found = os.stat(path) if path is not None else None
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found else None


def _settled(path: Path, stamp: Stamp) -> bytes | None:
    """The file's bytes if nobody touched it while they were read; None to try again at the next look."""
    try:
        with path.open("rb") as file:
            body = file.read(CONFIG_BYTES + 1)
            found = os.fstat(file.fileno())
    except OSError as error:
        raise ConfigError((f"{clean(str(path))}:1 cannot be read ({error.strerror}); check its mode",)) from None
    return body if (found.st_mtime_ns, found.st_size, found.st_ino) == stamp else None

"""What the doctor knows about this Python, this clock and this terminal."""

import importlib.metadata
import locale
import shutil
import site
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from costtui.cli.finding import Finding
from costtui.cli.given import Given
from costtui.cli.zone import local_zone
from costtui.config.model import Config

PYTHON = (3, 11)
SQLITE_FIXED = (3, 51, 3)
"""From here on SQLite does not lose pages when two writers reset the WAL at once."""
BAD_LITELLM = ("1.82.7", "1.82.8", "1.107.0")
"""Releases that send keys away; `litellm_init.pth` is how the first two run without being imported."""
EARLIEST_MS = 1_767_225_600_000
"""2026-01-01: no clock of a host that runs this can be before."""
SMALLEST = (80, 24)


def software() -> Iterator[Finding]:
    """Interpreter, SQLite, and packages that must not be beside this one."""
    yield python(sys.version_info[:3])
    version = import_module("sqlite3").sqlite_version_info  # its number alone; no SQL outside the store
    yield sqlite(version)
    yield from neighbours(_installed("litellm"), _site_packages())


def python(version: tuple[int, int, int]) -> Finding:
    """Whether this Python is new enough."""
    text = ".".join(map(str, version))
    if version[:2] < PYTHON:
        return Finding("python", "problem", text, "costtui needs Python 3.11 or newer")
    return Finding("python", "ok", f"{text} ({sys.executable})")


def sqlite(version: tuple[int, int, int]) -> Finding:
    """The library that keeps the history."""
    text = ".".join(map(str, version))
    if version < SQLITE_FIXED:
        return Finding(
            "sqlite",
            "note",
            f"{text}: before 3.51.3 two writing processes can lose pages (WAL reset); here only one ever writes",
        )
    return Finding("sqlite", "ok", text)


def neighbours(litellm: str | None, folders: Iterable[Path]) -> Iterator[Finding]:
    """Packages of this interpreter that are known to steal keys. Nothing of them is imported."""
    remedy = "remove litellm from this environment and replace every key that was readable here"
    found = [folder / "litellm_init.pth" for folder in folders if (folder / "litellm_init.pth").exists()]
    for path in found:
        yield Finding("neighbours", "problem", f"{path} runs at every start of this Python and steals keys", remedy)
    if litellm in BAD_LITELLM:
        yield Finding("neighbours", "problem", f"litellm {litellm} is a release that steals keys", remedy)
    elif not found:
        yield Finding("neighbours", "ok", "no package here is known to be harmful")


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _site_packages() -> tuple[Path, ...]:
    folders = [*site.getsitepackages(), site.getusersitepackages(), *sys.path]
    return tuple(dict.fromkeys(Path(folder) for folder in folders if folder))


def clock(config: Config, environ: Mapping[str, str], at_ms: int) -> Iterator[Finding]:
    """The clock decides which day a cost falls on; so does the time zone."""
    if at_ms < EARLIEST_MS:
        yield Finding("clock", "problem", "this host's clock is before 2026", "set it, and keep it set with NTP")
    else:
        yield Finding("clock", "ok", "plausible")
    here, used = local_zone(environ), config.host.timezone.key
    if here is not None and here != used:
        text = f"days and months are those of {used}, this host lives in {here}"
        yield Finding("time zone", "note", text, f'set timezone = "{here}" under [host] to count local days')
    else:
        yield Finding("time zone", "ok", used)


def terminal(given: Given, environ: Mapping[str, str]) -> Iterator[Finding]:
    """What the screen could be painted on."""
    if not sys.stdout.isatty():
        yield Finding("terminal", "note", "standard output is no terminal, so it cannot be looked at")
        return
    size = shutil.get_terminal_size()
    yield painted(environ.get("TERM", ""), (size.columns, size.lines), plain=given.no_color)
    encoding = (sys.stdout.encoding or locale.getpreferredencoding()).lower().replace("-", "")
    if encoding != "utf8" and not given.ascii_only:
        yield Finding("encoding", "note", f"{encoding}, not UTF-8", "use a UTF-8 locale, or --ascii")


def painted(term: str, size: tuple[int, int], *, plain: bool) -> Finding:
    """TERM, size and colour in one line."""
    columns, rows = size
    text = f"TERM={term or 'unset'}, {columns}x{rows}, {'no colour asked for' if plain else 'colour'}"
    if term in ("", "dumb"):
        return Finding("terminal", "note", text, "the screen needs a real terminal; `costtui --plain` works anywhere")
    if columns < SMALLEST[0] or rows < SMALLEST[1]:
        return Finding("terminal", "note", text, "the screen shows everything from 80x24 on")
    return Finding("terminal", "ok", text)

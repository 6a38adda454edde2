"""What the doctor knows about the state directory: who can read it, what is in it, whether an agent fills it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from costtui.agent.start import agent_state
from costtui.cli.finding import Finding
from costtui.errors import SourceError
from costtui.rates.prices import PriceBook
from costtui.report.words import duration
from costtui.store.place import NETWORK, file_system

MOUNTS = Path("/proc/self/mountinfo")
OLD_SECONDS = 90 * 86_400
"""Prices older than this are probably not what is charged today."""


def directory(state_dir: Path) -> Iterator[Finding]:
    """Where the history is kept. Nothing is made or changed here."""
    present = next((folder for folder in (state_dir, *state_dir.parents) if folder.exists()), Path("/"))
    yield from _place(state_dir, present)
    if not state_dir.is_dir():
        return
    for path in (state_dir, *sorted(state_dir.iterdir())):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and not path.is_symlink():
            right = "700" if path.is_dir() else "600"
            yield Finding("state", "problem", f"{path} can be read by others ({mode:o})", f"chmod {right} {path}")


def _place(state_dir: Path, present: Path) -> Iterator[Finding]:
    kind = file_system(present.resolve(), _mounts())
    if kind in NETWORK:
        text = f"{state_dir} is on a network file system ({kind}), where database locks do not hold"
        yield Finding("state", "problem", text, "choose a local disk with --state-dir or host.state_dir")
    elif not present.is_dir():
        yield Finding("state", "problem", f"{present} is no directory", "choose another one with --state-dir")
    elif not os.access(present, os.W_OK | os.X_OK):
        yield Finding("state", "problem", f"{present} cannot be written", "choose another one with --state-dir")
    elif present != state_dir:
        yield Finding("state", "ok", f"{state_dir} does not exist yet; the agent makes it")
    else:
        yield Finding("state", "ok", f"{state_dir}{f' on {kind}' if kind else ''}")


def _mounts() -> str:
    try:
        return MOUNTS.read_text(errors="replace")
    except OSError:
        return ""


def prices(state_dir: Path, at_ms: int) -> Finding:
    """API prices to compare with: compiled, how old, what they lack."""
    try:
        book = PriceBook.load(state_dir)
    except SourceError as error:
        return Finding("prices", "problem", error.reason, error.remedy)
    if book is None:
        return Finding("prices", "note", "no API prices compiled yet", "start the agent, or `costtui prices compile`")
    age = (at_ms - book.compiled_ms) / 1000
    missing = f"; unknown for {', '.join(book.unpriced)}" if book.unpriced else ""
    text = f"{len(book.models)} models, compiled {duration(max(age, 0))} ago from {book.catalogue}{missing}"
    if age > OLD_SECONDS:
        return Finding("prices", "note", text, "update genai-prices, then `costtui prices compile`")
    if missing:
        return Finding("prices", "note", text, "`costtui prices` says why; [prices] in the configuration can say them")
    return Finding("prices", "ok", text)


def agent(state_dir: Path, at_ms: int) -> Finding:
    """Whether somebody samples."""
    found = agent_state(state_dir, at_ms)
    age = "" if found.age_seconds is None else f", last heartbeat {duration(found.age_seconds)} ago"
    if found.state == "running":
        return Finding("agent", "ok", f"running (pid {found.pid}){age}")
    if found.state == "none":
        return Finding("agent", "note", "no agent has run with this state directory", "`costtui agent start`")
    return Finding("agent", "problem", f"{found.state}{age}", "`costtui agent restart`; `costtui agent logs` says why")

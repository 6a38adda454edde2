"""`costtui status`: the picture in text, in one line, or as JSON; imports nothing that is slow."""

from __future__ import annotations

import os
import sys

from costtui.cli.picture import stored_json
from costtui.errors import UsageError
from costtui.report import live

TYPE_CHECKING = False  # importing `typing` costs `status` 3 ms
if TYPE_CHECKING:
    from typing import Any

    from costtui.cli.given import Given

WATCH_SECONDS = 0.5
ESCAPES = {code: f"\\u{code:04x}" for code in range(0x7F, 0xA0)}
"""JSON allows these inside strings as they are; a terminal obeys them."""
PIPE_COLUMNS = 160


def run(given: Given) -> int:
    """Print once, or whenever something changed under `--watch`."""
    hosts = given.value("--hosts")
    flags = given.flags("--json", "--line", "--check", "--watch")
    given.no_more()
    if {"--json", "--line"} <= flags:
        raise UsageError("status: --json and --line do not go together")
    if hosts is not None:
        from costtui.cli.hosts import run_hosts

        return run_hosts(hosts, given, flags)
    if "--watch" in flags:
        return _watch(given, flags)
    body = stored_json(given.state_text)
    sys.stdout.write(rendered(body, given, flags) + "\n")
    return _code(body, flags)


def rendered(body: bytes | None, given: Given, flags: set[str]) -> str:
    """What to print of a stored picture, or of there being none."""
    if "--json" in flags:
        return _json(body)
    from costtui.report import lines  # JSON needs nothing of it

    picture = _picture(body)
    if "--line" in flags:
        return lines.line(picture, ascii_only=given.ascii_only)
    return "\n".join(lines.text(picture, ascii_only=given.ascii_only, width=_columns()))


def _picture(body: bytes | None) -> dict[str, Any]:
    return live.absent() if body is None else live.load(body)


def _columns() -> int:
    """Of the terminal; a serial line that does not know its size says 0."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or PIPE_COLUMNS
    except OSError:
        return PIPE_COLUMNS


def _json(body: bytes | None) -> str:
    """Byte for byte as stored, amounts included, but for bytes that a terminal would obey."""
    if body is None:
        import json

        return json.dumps(live.absent(), separators=(",", ":"))
    return body.decode(errors="replace").translate(ESCAPES)


def _watch(given: Given, flags: set[str]) -> int:
    """Print what changed, line by line, flushed; ends with Ctrl-C or its reader."""
    import time

    from costtui.store.reader import TelemetryReader

    reader, before = TelemetryReader(given.state_dir), ""
    try:
        while True:
            if reader.changed() or not before:
                text = rendered(stored_json(given.state_text), given, flags)
                if text != before:
                    sys.stdout.write(text + "\n")
                    sys.stdout.flush()
                    before = text
            time.sleep(WATCH_SECONDS)
    finally:
        reader.close()


def _code(body: bytes | None, flags: set[str]) -> int:
    if "--check" not in flags:
        return 0
    from costtui.cli.check import exit_code

    return exit_code(_picture(body))

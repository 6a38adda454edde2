"""Where the chain stood, written down outside the ledger: a cut tail, a rewrite and an old copy are found by it."""

import os
from pathlib import Path

from costtui.store.ledger.rows import Head

ANCHORS = "ledger.anchors"
TAIL_BYTES = 64 * 1024
"""Hundreds of lines: a purge between two heads adds one each month."""


def write_anchor(state_dir: Path, head: Head, word: str = "head") -> None:
    """Append `word seq hash at_ms`, on the disk when this returns. `gone` says that rows up to there were purged."""
    line = f"{word} {head.seq} {head.hash.hex()} {head.at_ms}\n".encode()
    file = os.open(state_dir / ANCHORS, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(file, line)
        os.fsync(file)
    finally:
        os.close(file)


def read_anchors(state_dir: Path) -> list[tuple[str, Head]]:
    """All of them in order; a line that a power cut tore is left out."""
    try:
        lines = (state_dir / ANCHORS).read_text(errors="replace").splitlines()
    except OSError:
        return []
    return [anchor for line in lines if (anchor := _anchor(line.split())) is not None]


def _anchor(words: list[str]) -> tuple[str, Head] | None:
    if len(words) != 4 or words[0] not in ("head", "gone") or len(words[2]) != 64:
        return None
    try:
        return words[0], Head(int(words[1]), bytes.fromhex(words[2]), int(words[3]))
    except ValueError:
        return None


def read_head(state_dir: Path) -> Head | None:
    """The newest anchor, for whoever keeps it elsewhere too; None before the first. Reads the end of the file only."""
    try:
        with (state_dir / ANCHORS).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read(TAIL_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return None
    anchors = (_anchor(line.split()) for line in reversed(lines))
    return next((anchor[1] for anchor in anchors if anchor is not None and anchor[0] == "head"), None)

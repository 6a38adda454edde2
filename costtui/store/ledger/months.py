"""Sealed months beside the ledger: ledger-2026-11.db, and -2 and on where a month has more than one."""

import re
from pathlib import Path

_NAME = re.compile(r"ledger-(\d{4})-(\d{2})(?:-(\d+))?\.db")


def sealed_files(state_dir: Path) -> list[Path]:
    """Oldest first."""
    try:
        found = [(match.groups(), path) for path in state_dir.iterdir() if (match := _NAME.fullmatch(path.name))]
    except OSError:
        return []
    return [path for _, path in sorted(found, key=lambda each: [int(part or 1) for part in each[0]])]


def sealed_name(state_dir: Path, month: str) -> Path:
    """A free name for a month, given as `2026-11`."""
    path, number = state_dir / f"ledger-{month}.db", 1
    while path.exists():
        number += 1
        path = state_dir / f"ledger-{month}-{number}.db"
    return path

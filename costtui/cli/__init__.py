"""The command line: one module per verb, imported only when its verb runs."""

from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    raise SystemExit(f"costtui {' '.join(argv)}: not a command")

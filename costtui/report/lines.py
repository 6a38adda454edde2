"""The text that `status` and its `--line` print, from a picture as `costtui.report.live` loads it."""

from typing import Any


def text(picture: dict[str, Any], *, ascii_only: bool = False, width: int = 80) -> list[str]:
    """Two header lines, one line per GPU, engines, budgets, warnings; at most `width` columns each."""
    raise NotImplementedError


def line(picture: dict[str, Any], *, ascii_only: bool = False) -> str:
    """One short line for tmux and prompts; `#` is doubled, because tmux reads it as a command."""
    raise NotImplementedError

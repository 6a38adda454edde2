"""What the user chose for the screen."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ThemeName = Literal["terminal", "dark", "light", "colour-blind", "mono"]
THEMES: tuple[ThemeName, ...] = ("terminal", "dark", "light", "colour-blind", "mono")


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """`theme` None lets the environment decide: NO_COLOR gives mono, anything else the terminal's own colours."""

    theme: ThemeName | None = None
    ascii_only: bool = False
    """Draw no glyph whose width terminals disagree about."""
    mouse: bool = True
    save_to: Path | None = None
    """Folder for saved pictures of the screen; None is the current one."""

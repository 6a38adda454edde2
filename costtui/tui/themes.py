"""Roles become styles. Only the terminal's own sixteen colours, and never a background that is not asked for."""

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style

from costtui.tui.line import Role
from costtui.tui.options import ThemeName

_PLAIN: dict[Role, str] = {
    "plain": "",
    "dim": "",
    "strong": "bold",
    "good": "",
    "low": "",
    "warn": "bold",
    "bad": "bold",
    "other": "",
    "money": "",
    "head": "underline",
    "key": "bold",
    "alarm": "bold reverse",
    "old": "dim",
}
_TERMINAL: dict[Role, str] = {
    **_PLAIN,
    "good": "green",
    "low": "cyan",
    "warn": "bold magenta",
    "bad": "bold red",
    "other": "blue",
    "alarm": "bold red reverse",
}
"""Legible on white and on black: yellow, the usual sign of a warning, is not."""
_DARK: dict[Role, str] = {
    **_TERMINAL,
    "dim": "bright_black",
    "good": "bright_green",
    "low": "bright_cyan",
    "warn": "bright_yellow",
    "bad": "bright_red",
    "other": "bright_blue",
}
_LIGHT: dict[Role, str] = {
    **_TERMINAL,
    "good": "green",
    "low": "blue",
    "warn": "bold magenta",
    "other": "blue",
}
_COLOUR_BLIND: dict[Role, str] = {
    **_PLAIN,
    "good": "blue",
    "low": "cyan",
    "warn": "bold yellow",
    "bad": "bold yellow",
    "alarm": "bold yellow reverse",
}
"""Blue against yellow: the pair that red-green colour blindness leaves apart."""
_THEMES: Mapping[ThemeName, Mapping[Role, str]] = {
    "terminal": _TERMINAL,
    "dark": _DARK,
    "light": _LIGHT,
    "colour-blind": _COLOUR_BLIND,
    "mono": _PLAIN,
}


@lru_cache(maxsize=128)
def style_of(theme: ThemeName, role: Role) -> Style:
    """The style of a role; the same object each time."""
    return Style.parse(_THEMES[theme][role])

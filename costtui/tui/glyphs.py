"""The few signs of the screen, and their plain stand-ins for terminals that draw them two cells wide."""

from dataclasses import dataclass

from costtui.tui.feed import History
from costtui.tui.line import Role

_STATES: dict[str, tuple[str, str, Role]] = {
    "busy": ("●", "#", "good"),
    "low": ("◐", "+", "low"),
    "idle loaded": ("○", "o", "warn"),
    "empty": ("□", "_", "warn"),
    "other": ("◆", "*", "other"),
    "lost": ("✗", "X", "alarm"),
    "unknown": ("?", "?", "bad"),
    "idle": ("○", "o", "warn"),
    "sleeping": ("○", "z", "warn"),
}
_ASCII = str.maketrans(
    {
        "·": "-",
        "≥": ">=",
        "≤": "<=",
        "…": "~",
        "×": "x",
        "°": "",
        "→": ">",
        "▸": ">",
        "─": "-",
        "│": "|",
        "┌": "+",
        "┐": "+",
        "└": "+",
        "┘": "+",
        "■": "#",
        "✗": "X",
        "\ufffd": "?",
    }
)
_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = ".:-=+*#@"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One of two sets."""

    ascii_only: bool = False

    def state(self, state: str) -> tuple[str, Role]:
        """`● busy` and its role; a lost GPU is written large."""
        sign, plain, role = _STATES.get(state, ("?", "?", "bad"))
        word = "LOST" if state == "lost" else state
        return f"{plain if self.ascii_only else sign} {word}", role

    def own(self, text: str) -> str:
        """costtui's own words; in plain mode without any sign of ambiguous width."""
        return text.translate(_ASCII) if self.ascii_only else text

    @property
    def ellipsis(self) -> str:
        """Where a text was cut."""
        return "~" if self.ascii_only else "…"

    @property
    def marker(self) -> str:
        """Before the selected row."""
        return ">" if self.ascii_only else "▸"

    def spark(self, history: History, width: int) -> str:
        """All slots in `width` bars, several to a bar where bars are fewer; a blank where nothing was observed."""
        bars = _ASCII_BARS if self.ascii_only else _BARS
        shown = _in_bars(history, width)
        return "".join(" " if value is None else bars[_height(value, len(bars))] for value in shown).rjust(width)


def _height(percent: int, heights: int) -> int:
    return min(max(percent, 0) * heights // 101, heights - 1)


def _in_bars(history: History, width: int) -> list[int | None]:
    if not history or width < 1:
        return []
    slots = -(-len(history) // width)
    parts = [[value for value in history[at : at + slots] if value is not None] for at in range(0, len(history), slots)]
    return [sum(part) // len(part) if part else None for part in parts]

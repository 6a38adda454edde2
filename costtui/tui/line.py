"""A line of the screen as runs of text, each with a role; themes turn roles into colours."""

from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len, set_cell_size

from costtui.domain.clean import clean

Role = Literal["plain", "dim", "strong", "good", "low", "warn", "bad", "other", "money", "head", "key", "alarm", "old"]

LONGEST = 500
"""Cells of the widest screen; no outside string needs to be longer."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line in one style; the text is clean, whatever was passed."""

    text: str
    role: Role = "plain"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text, LONGEST))


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A line that may be selected: `key` says what it stands for, None that it is only read."""

    line: Line
    key: str | None = None


def width_of(line: Line) -> int:
    """Cells that a line takes."""
    return sum(cell_len(run.text) for run in line)


def plain_text(line: Line) -> str:
    """A line without its roles."""
    return "".join(run.text for run in line).rstrip()


def cropped(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells, with a mark where something is missing."""
    if cell_len(text) <= width:
        return text
    if width <= len(ellipsis):
        return ellipsis[: max(width, 0)]
    return set_cell_size(text, width - len(ellipsis)).rstrip() + ellipsis


def fitted(text: str, width: int, *, right: bool = False, ellipsis: str = "…") -> str:
    """`text` in exactly `width` cells."""
    short = cropped(text, width, ellipsis)
    gap = " " * (width - cell_len(short))
    return gap + short if right else short + gap


def wrapped(text: str, width: int, indent: str = "    ") -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where possible.

    The first begins with one space, later ones with `indent`.
    """
    lines: list[str] = []
    current = " "
    for word in clean(text, LONGEST * 4).split(" "):
        candidate = f"{current} {word}" if current.strip() else current + (word or " ")
        if cell_len(candidate) <= width or not current.strip():
            current = candidate
        else:
            lines.append(cropped(current, width))
            current = indent + word
    lines.append(cropped(current, width))
    return lines

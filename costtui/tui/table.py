"""A table that gives up columns by rank when the screen is narrow."""

from collections.abc import Sequence
from dataclasses import dataclass

from costtui.tui.glyphs import Glyphs
from costtui.tui.line import Line, Role, Run, fitted


@dataclass(frozen=True, slots=True)
class Column:
    """`least` is the screen width from which the column is shown; width 0 takes what is left."""

    title: str
    width: int
    right: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """What a row says in one column."""

    text: str
    role: Role = "plain"


def shown_columns(columns: Sequence[Column], width: int) -> list[int]:
    """Indexes of the columns that a screen of `width` cells has room for."""
    return [index for index, column in enumerate(columns) if width >= column.least]


def _runs(cells: Sequence[Cell], columns: Sequence[Column], width: int, glyphs: Glyphs) -> Line:
    kept = shown_columns(columns, width)
    fixed = sum(columns[index].width + 1 for index in kept if columns[index].width)
    rest = max(width - 2 - fixed, 0)
    runs = []
    for index in kept:
        column, cell = columns[index], cells[index]
        size = column.width or rest
        text = fitted(cell.text, size, right=column.right, ellipsis=glyphs.ellipsis)
        runs.append(Run(text + " " if column.width else " " + text, cell.role))
    return tuple(runs)


def title_line(columns: Sequence[Column], width: int, glyphs: Glyphs) -> Line:
    """The titles above the rows."""
    return (
        Run(" ", "head"),
        *_runs([Cell(glyphs.own(column.title), "head") for column in columns], columns, width, glyphs),
    )


def row_line(cells: Sequence[Cell], columns: Sequence[Column], width: int, glyphs: Glyphs, *, selected: bool) -> Line:
    """One row; the selected one starts with a marker."""
    return (Run(glyphs.marker if selected else " ", "strong"), *_runs(cells, columns, width, glyphs))

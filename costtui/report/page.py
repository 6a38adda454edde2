"""The page that `costtui report --html` and `--markdown` write: what is on it, without a word of either format."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure to be seen first, with where it comes from."""

    name: str
    shown: str
    told_by: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Side by side."""

    each: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are names. `words` are the columns of text; all others are figures."""

    caption: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset({0})


@dataclass(frozen=True, slots=True)
class Bar:
    """One amount. `value` None is unknown: no bar, and `shown` is `?`."""

    label: str
    value: Decimal | None
    shown: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Amounts side by side, in order of time."""

    caption: str
    each: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Heat:
    """A week by hour: seven rows of 24 amounts."""

    caption: str
    days: tuple[str, ...]
    cells: tuple[tuple[Bar, ...], ...]


@dataclass(frozen=True, slots=True)
class Stack:
    """Parts of one sum, none of them unknown."""

    caption: str
    each: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line from `begin` at zero to `end` where the chart's axis ends; `shown` is what it is at the mark."""

    name: str
    begin: Decimal
    end: Decimal
    shown: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Lines over an axis that begins at zero and ends at `widest`; `mark` is where one is on it."""

    caption: str
    lines: tuple[Line, ...]
    top: Decimal
    """Of the other axis: what is above is cut off."""
    top_shown: str
    widest: Decimal
    widest_shown: str
    mark: Decimal
    mark_shown: str


Block = Note | Figures | Table | Bars | Heat | Stack | Curve


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what is beneath it."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report. `told` says of when and of what span."""

    title: str
    told: str
    sections: Sequence[Section]

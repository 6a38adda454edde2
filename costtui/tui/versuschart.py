"""Cost against volume as a chart: dots by plotille, a role for each curve, and its name where it ends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log10

from plotille import Canvas

from costtui.tui.line import Line, Role, Run, fitted

BLANK = "\u2800"
LEFT = 8
"""Cells for amounts on the left."""
RIGHT = 16
"""Cells for the names of curves on the right."""
POINTS = 120
"""Of each curve: two for every cell of the widest usual chart."""


@dataclass(frozen=True, slots=True)
class Curve:
    """USD a month at a volume; `sign` draws it where there are no dots."""

    name: str
    role: Role
    sign: str
    usd_at: Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A volume worth a sign on the axis."""

    volume: float
    sign: str
    text: str
    role: Role


@dataclass(frozen=True, slots=True)
class Axes:
    """From where to where, in millions of tokens a day and USD a month."""

    least: float
    most: float
    logarithmic: bool

    def place(self, volume: float) -> float:
        """Where a volume lies on the chart."""
        return log10(volume) if self.logarithmic else volume

    def volumes(self) -> list[float]:
        """Points at equal distances on the chart."""
        low, high = self.place(self.least), self.place(self.most)
        steps = [low + (high - low) * number / (POINTS - 1) for number in range(POINTS)]
        return [10**step for step in steps] if self.logarithmic else steps


def chart(
    curves: Sequence[Curve], axes: Axes, marks: Sequence[Mark], size: tuple[int, int], *, ascii_only: bool
) -> list[Line]:
    """`size[1]` lines of `size[0]` cells: the chart and below it its axis."""
    width, height = max(size[0] - LEFT - RIGHT, 10), max(size[1] - 2, 2)
    volumes = axes.volumes()
    amounts = [[curve.usd_at(volume) for volume in volumes] for curve in curves]
    top = _above(max(max(each) for each in amounts))
    bottom = _below(min(min(each) for each in amounts), top) if axes.logarithmic else 0.0

    def level(usd: float) -> float:
        return log10(max(usd, bottom)) if axes.logarithmic else usd

    drawn = [
        _dots(axes, volumes, [level(usd) for usd in each], (level(bottom), level(top)), (width, height))
        for each in amounts
    ]
    names = _names(
        curves, [(level(each[-1]) - level(bottom)) / (level(top) - level(bottom)) for each in amounts], height
    )
    lines = []
    for row in range(height):
        edge = f"{top:,.0f}" if row == 0 else f"{bottom:,.0f}" if row == height - 1 else ""
        dots = _runs([each[row] for each in drawn], curves, ascii_only=ascii_only)
        name = names.get(row)
        ends = () if name is None else (Run(f" {name.name}"[:RIGHT], name.role),)
        lines.append((Run(f"{edge:>{LEFT - 1}} ", "dim"), *dots, *ends))
    return [*lines, *_axis(axes, marks, width, ascii_only=ascii_only)]


def _above(usd: float) -> float:
    """The next amount of one digit, or of 1.5 or 2.5."""
    if usd <= 0:
        return 1.0
    unit = 10 ** int(log10(usd)) if usd >= 1 else 0.1
    return next(step * unit for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 100) if step * unit >= usd)


def _below(usd: float, top: float) -> float:
    """At most four decades below."""
    return max(usd, top / 10_000, 1.0) if top > 1 else top / 10


def _dots(
    axes: Axes, volumes: Sequence[float], levels: Sequence[float], range_: tuple[float, float], size: tuple[int, int]
) -> list[str]:
    low, high = axes.place(axes.least), axes.place(axes.most)
    slack = (high - low) / (size[0] * 2), (range_[1] - range_[0]) / (size[1] * 4)
    canvas = Canvas(*size, xmin=low, ymin=range_[0], xmax=high + slack[0], ymax=range_[1] + slack[1])
    places = [axes.place(volume) for volume in volumes]
    for at in range(len(places) - 1):
        canvas.line(places[at], levels[at], places[at + 1], levels[at + 1])
    return str(canvas.plot(linesep="\n")).split("\n")


def _names(curves: Sequence[Curve], ends: Sequence[float], height: int) -> dict[int, Curve]:
    """Row by row who ends there; a name that would lie on another goes to the next free row."""
    taken: dict[int, Curve] = {}
    for curve, end in sorted(zip(curves, ends, strict=True), key=lambda pair: -pair[1]):
        row = min(max(round((1 - end) * (height - 1)), 0), height - 1)
        free = sorted(range(height), key=lambda other: (abs(other - row), other))
        place = next((other for other in free if other not in taken), None)
        if place is not None:
            taken[place] = curve
    return taken


def _runs(layers: Sequence[str], curves: Sequence[Curve], *, ascii_only: bool) -> list[Run]:
    """One row; where curves meet the first is seen."""
    runs: list[Run] = []
    for cells in zip(*layers, strict=True):
        at = next((number for number, dots in enumerate(cells) if dots != BLANK), None)
        text = " " if at is None else curves[at].sign if ascii_only else cells[at]
        role: Role = "plain" if at is None else curves[at].role
        if runs and runs[-1].role == role:
            runs[-1] = Run(runs[-1].text + text, role)
        else:
            runs.append(Run(text, role))
    return runs


def _axis(axes: Axes, marks: Sequence[Mark], width: int, *, ascii_only: bool) -> list[Line]:
    low, high = axes.place(axes.least), axes.place(axes.most)
    rule = ["-" if ascii_only else "─"] * width
    words = [" "] * width
    seen = sorted((mark for mark in marks if axes.least <= mark.volume <= axes.most), key=lambda mark: mark.volume)
    for mark in seen:
        at = round((axes.place(mark.volume) - low) / (high - low) * (width - 1))
        rule[at] = mark.sign
        begin = at - len(mark.text) + 1 if mark is seen[0] and len(seen) > 1 else at
        start = min(max(begin, 0), width - len(mark.text))
        if start >= 0 and not "".join(words[max(start - 1, 0) : start + len(mark.text) + 1]).strip():
            words[start : start + len(mark.text)] = list(mark.text)
    most = f" {axes.most:,.0f} Mtok/day"
    return [
        (Run(" " * LEFT), Run("".join(rule), "dim"), Run(fitted(most, RIGHT), "dim")),
        (Run(" " * LEFT), Run("".join(words), "key")),
    ]

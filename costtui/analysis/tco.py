"""What owning the answer costs: parts, each a formula over inputs that say where they come from.

Every part is rounded once, half to even, to the nano-dollar, and a total is the sum of its parts. An input that is not
known makes its part unknown, and the total says which parts it lacks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from costtui.domain.money import NanoUsd, nano_from_usd

HOURS_PER_MONTH = Decimal(730)
"""8,760 hours of a year in twelve."""
MONTHS_PER_YEAR = 12
TENTH = Decimal("0.1")

Group = Literal["gpus", "staff", "other"]
"""`gpus`: what grows with their number. Staff is always shown apart: it is what people disagree about most."""


class Source(StrEnum):
    """Where an input comes from."""

    MEASURED = "measured"
    CONFIGURED = "configured"
    DEFAULT = "default"
    """Of costtui: a dated list price, a usual value. Replace it by your own."""
    WHAT_IF = "what-if"
    """Tried out by hand."""
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Input:
    """One number that somebody has to know. `value` None: nobody does, and then the source is `?`."""

    name: str
    unit: str
    value: Decimal | None
    source: Source
    note: str = ""


def unknown(name: str, unit: str, note: str = "") -> Input:
    """An input that nobody has stated."""
    return Input(name, unit, None, Source.UNKNOWN, note)


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the bill: USD a month, computed from its inputs in their order."""

    name: str
    group: Group
    inputs: tuple[Input, ...]
    usd_per_month: Callable[..., Decimal]
    formula: str

    def usd(self, changed: str = "", factor: Decimal = Decimal(1)) -> Decimal | None:
        """A month; the input `changed` times `factor`. None where an input is unknown."""
        values = [
            each.value if each.name != changed or each.value is None else each.value * factor for each in self.inputs
        ]
        if any(value is None for value in values):
            return None
        return self.usd_per_month(*values)


@dataclass(frozen=True, slots=True)
class Amounts:
    """The same cost over an hour, a month and a year, each rounded by itself; None: not known."""

    hour: NanoUsd | None
    month: NanoUsd | None
    year: NanoUsd | None


@dataclass(frozen=True, slots=True)
class Line:
    """A part and what it comes to."""

    part: Part
    amounts: Amounts

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs that nobody has stated."""
        return tuple(each.name for each in self.part.inputs if each.value is None)


@dataclass(frozen=True, slots=True)
class Bill:
    """All parts. The total lacks the parts in `unknown`."""

    lines: tuple[Line, ...]
    total: Amounts
    unknown: tuple[str, ...]

    def of(self, *groups: Group) -> Amounts:
        """The known parts of some groups."""
        return _sum([line.amounts for line in self.lines if line.part.group in groups])


def bill_of(parts: Sequence[Part]) -> Bill:
    """Every part over an hour, a month and a year; totals add the known parts up to the nano-dollar."""
    lines = tuple(Line(part, _amounts(part.usd())) for part in parts)
    lacking = tuple(line.part.name for line in lines if line.amounts.month is None)
    return Bill(lines, _sum([line.amounts for line in lines]), lacking)


def _amounts(month: Decimal | None) -> Amounts:
    if month is None:
        return Amounts(None, None, None)
    periods = (month / HOURS_PER_MONTH, month, month * MONTHS_PER_YEAR)
    return Amounts(*(nano_from_usd(each) for each in periods))


def _sum(amounts: Sequence[Amounts]) -> Amounts:
    """Of the known; None where nothing is, or nothing was asked."""
    known = [each for each in amounts if each.month is not None]
    if not known:
        return Amounts(None, None, None)
    return Amounts(
        NanoUsd(sum(each.hour or 0 for each in known)),
        NanoUsd(sum(each.month or 0 for each in known)),
        NanoUsd(sum(each.year or 0 for each in known)),
    )


@dataclass(frozen=True, slots=True)
class Swing:
    """How a month's total moves with one input: 10 % less of it, and 10 % more."""

    input: Input
    parts: tuple[str, ...]
    less: NanoUsd | None
    more: NanoUsd | None


def sensitivity(parts: Sequence[Part]) -> tuple[Swing, ...]:
    """Every input with its swing, the strongest first, the unknown last."""
    inputs = {each.name: each for part in parts for each in part.inputs}
    swings = [_swing(each, [part for part in parts if each in part.inputs]) for each in inputs.values()]
    return tuple(sorted(swings, key=lambda swing: -max(abs(swing.less or 0), abs(swing.more or 0))))


def _swing(moved: Input, parts: Sequence[Part]) -> Swing:
    moves: list[NanoUsd | None] = []
    for factor in (1 - TENTH, 1 + TENTH):
        pairs = [(part.usd(), part.usd(moved.name, factor)) for part in parts]
        known = [after - before for before, after in pairs if before is not None and after is not None]
        moves.append(nano_from_usd(sum(known, Decimal(0))) if known else None)
    return Swing(moved, tuple(part.name for part in parts), *moves)

"""The rows of one walk, each once, however the pages that brought them overlap or repeat."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from costtui.domain.bill import Balance, BilledLine, BillRow, Dimensions, Limit, ListPrice, UsedLine
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.providers.look import Notes

_Amount = TypeVar("_Amount", int, Decimal)
_Place = tuple[type, int, int, Dimensions]


class Rows:
    """Lines by what identifies them; the others in their order."""

    def __init__(self) -> None:
        self._lines: dict[_Place, BilledLine | UsedLine] = {}
        self._others: dict[BillRow, None] = {}
        self._changed = self._alike = False

    def __len__(self) -> int:
        return len(self._lines) + len(self._others)

    def take(self, page: Iterable[BillRow]) -> None:
        """Add a page's. A line that an earlier page had replaces that one.

        Two lines of one page that cannot be told apart are two lines, added up: one of the names that set them apart
        is gone, and to keep one alone would lose money.
        """
        lines: dict[_Place, BilledLine | UsedLine] = {}
        for row in page:
            if not isinstance(row, (BilledLine, UsedLine)):
                self._others[row] = None
                continue
            place = (type(row), row.from_ms, row.until_ms, row.dims)
            before = lines.get(place)
            self._alike |= before is not None
            lines[place] = row if before is None else _joined(before, row)
        for place, row in lines.items():
            before = self._lines.get(place)
            self._changed |= before is not None and before != row
        self._lines |= lines

    def all(self, notes: Notes) -> tuple[BillRow, ...]:
        """What is known at the end."""
        if self._changed:
            notes.add("one line came twice with two amounts; the later one counts")
        if self._alike:
            notes.add("some of its lines cannot be told apart; they are added up")
        return (*self._lines.values(), *self._others)


def silent(rows: Iterable[BillRow]) -> bool:
    """Whether none of them says anything: there is none, or only such without an amount."""
    return all(_says_nothing(row) for row in rows)


def _says_nothing(row: BillRow) -> bool:
    if isinstance(row, BilledLine):
        return row.nano is None and row.quantity is None
    if isinstance(row, ListPrice):
        return row.input is None and row.output is None
    return isinstance(row, (Balance, Limit)) and row.nano is None


def _joined(first: BilledLine | UsedLine, second: BilledLine | UsedLine) -> BilledLine | UsedLine:
    """Two lines of one bucket as one; unknown in either is unknown in both."""
    if isinstance(first, BilledLine) and isinstance(second, BilledLine):
        nano = None if first.nano is None or second.nano is None else NanoUsd(first.nano + second.nano)
        quantity = _sum(first.quantity, second.quantity) if first.unit == second.unit else None
        return replace(first, nano=nano, quantity=quantity)
    assert isinstance(first, UsedLine)
    assert isinstance(second, UsedLine)
    usage = None if first.usage is None or second.usage is None else _added(first.usage, second.usage)
    return replace(first, usage=usage, requests=_sum(first.requests, second.requests))


def _added(first: Usage, second: Usage) -> Usage:
    return Usage(
        input_tokens=first.input_tokens + second.input_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
        cached_input_tokens=first.cached_input_tokens + second.cached_input_tokens,
        cache_write_tokens=first.cache_write_tokens + second.cache_write_tokens,
        cache_write_1h_tokens=first.cache_write_1h_tokens + second.cache_write_1h_tokens,
        reasoning_tokens=first.reasoning_tokens + second.reasoning_tokens,
        input_audio_tokens=first.input_audio_tokens + second.input_audio_tokens,
        output_audio_tokens=first.output_audio_tokens + second.output_audio_tokens,
        web_searches=first.web_searches + second.web_searches,
    )


def _sum(first: _Amount | None, second: _Amount | None) -> _Amount | None:
    return None if first is None or second is None else first + second

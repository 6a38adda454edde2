"""Waiting and the end of a budget in words, as previews say them."""

from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from costtui.report.words import UNKNOWN


class Ending(Protocol):
    """When a budget is spent: not known, not before it resets (None), or in Unix milliseconds."""

    @property
    def known(self) -> bool: ...
    @property
    def at_ms(self) -> int | None: ...


def first_byte(milliseconds: Decimal | int | None) -> str:
    """Seconds with two decimals below ten, `?` where nothing was measured."""
    if milliseconds is None:
        return UNKNOWN
    seconds = Decimal(milliseconds) / 1000
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.0f} s"


def runs_out(ending: Ending, resets_ms: int | None, zone: tzinfo) -> str:
    """`spent Sat 28 Nov 03:00`, `lasts until Tue 01 Dec 00:00`, or `?`."""
    if not ending.known or resets_ms is None:
        return UNKNOWN
    at_ms, word = (resets_ms, "lasts until") if ending.at_ms is None else (ending.at_ms, "spent")
    return f"{word} {datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone):%a %d %b %H:%M}"

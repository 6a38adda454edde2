"""Values on their way into tables, CSV and JSON: money exact, unknown empty, text that no spreadsheet runs."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from costtui.domain.clean import clean
from costtui.domain.money import usd_from_nano

Cell = str | int | Decimal | None
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|")
_encode = msgspec.json.Encoder(decimal_format="number").encode


def usd(nano: int | None) -> Decimal | None:
    """Nano-USD as exact USD; None stays unknown."""
    return None if nano is None else usd_from_nano(nano)


def csv_cell(value: Cell) -> str:
    """Unknown is empty; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    return _harmless(value)


@lru_cache(maxsize=4_096)
def _harmless(text: str) -> str:
    """The same few names are on every row."""
    text = clean(text, 500)
    return f"'{text}" if text.lstrip().startswith(_RUN_BY_SPREADSHEETS) else text


def json_line(row: Mapping[str, object]) -> str:
    """One object on one line; money as a number with all its digits, unknown null."""
    return _encode(row).decode()


def plain_cell(value: Cell) -> str:
    """For a terminal: unknown is `?`."""
    if value is None:
        return "?"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return f"{value:,}" if isinstance(value, int) else clean(value)

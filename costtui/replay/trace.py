"""Traces: when requests came, how long their prompts and answers were."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite
from typing import NamedTuple

from costtui.errors import CosttuiError

COLUMNS = {
    "at": ("timestamp", "time", "arrived_at", "arrival"),
    "prompt": ("prompt_tokens", "contexttokens", "input_tokens", "input_length", "request tokens"),
    "output": ("output_tokens", "generatedtokens", "completion_tokens", "output_length", "response tokens"),
}
"""Names that are known, without regard to case; Azure's among them."""


class Request(NamedTuple):
    """One line. `at` is seconds since the first."""

    at: float
    prompt_tokens: int
    output_tokens: int


def read_trace(lines: Iterable[str], name: str) -> list[Request]:
    """Requests in order of time. Raises CosttuiError that names the line and the column which cannot be read."""
    rows = csv.reader(lines)
    header = [cell.strip().lower().removeprefix("\ufeff") for cell in next(rows, [])]
    places = {kind: _place(header, kind, name) for kind in COLUMNS}
    found = [_request(row, places, f"{name}, line {number}") for number, row in enumerate(rows, 2) if row]
    if not found:
        raise CosttuiError(f"{name}: no requests in it; a line needs a time, prompt tokens and output tokens")
    found.sort()
    first = found[0].at
    return [Request(each.at - first, each.prompt_tokens, each.output_tokens) for each in found]


def _place(header: list[str], kind: str, name: str) -> int:
    place = next((header.index(known) for known in COLUMNS[kind] if known in header), None)
    if place is None:
        raise CosttuiError(f"{name}: no column for {kind}; call it {' or '.join(COLUMNS[kind][:2])}")
    return place


def _request(row: list[str], places: dict[str, int], where: str) -> Request:
    try:
        tokens = [int(float(row[places[kind]])) for kind in ("prompt", "output")]
        at = _seconds(row[places["at"]].strip())
    except (ValueError, IndexError, OverflowError):
        raise CosttuiError(f"{where}: cannot be read; a line is a time and two numbers of tokens") from None
    if not isfinite(at):
        raise CosttuiError(f"{where}: {at} is no time")
    if min(tokens) < 0 or max(tokens) > 1 << 40:
        raise CosttuiError(f"{where}: {min(tokens)} tokens cannot be")
    return Request(at, tokens[0], tokens[1])


def _seconds(text: str) -> float:
    """Of a number of seconds, or a date and time with any number of decimals."""
    try:
        return float(text)
    except ValueError:
        whole, point, rest = text.partition(".")
        digits = rest.rstrip("Z") if point else ""
        moment = datetime.fromisoformat(whole.replace("Z", "+00:00"))
        if digits and not digits.isdigit():
            moment, digits = datetime.fromisoformat(text.replace("Z", "+00:00")), ""
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp() + (float(f"0.{digits}") if digits else 0.0)

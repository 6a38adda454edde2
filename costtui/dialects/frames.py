"""Server-sent events as bytes: where one ends, and what its data is. Lines end in LF, CRLF or CR, also mixed."""

import re
from itertools import pairwise

_EVENT_END = re.compile(rb"\n\n|\n\r\n|\r\r|\n\r(?=[^\n])")


def whole_length(buffer: bytes) -> int:
    """How many bytes of `buffer` are whole events: up to its last empty line."""
    end = buffer.rfind(b"\n\n") + 2
    if b"\r" in buffer:
        end = max(end, buffer.rfind(b"\n\r\n") + 3, buffer.rfind(b"\r\r") + 2, _after_mixed(buffer))
    return end if end > 2 else 0


def split_events(block: bytes) -> list[bytes]:
    """Whole events with the empty line that ends each; what is left over comes last as it is."""
    if b"\r" not in block:
        pieces = block.split(b"\n\n")
        rest = pieces.pop()
        events = [piece + b"\n\n" for piece in pieces]
    else:
        ends = [0, *(found.end() for found in _EVENT_END.finditer(block))]
        events = [block[start:end] for start, end in pairwise(ends)]
        rest = block[ends[-1] :]
    return [*events, rest] if rest else events


def data_of(event: bytes) -> bytes:
    """The event's data: its `data` lines without the field's name and one space; empty for comments."""
    values = [line[5:] for line in event.splitlines() if line.startswith(b"data:")]
    return b"\n".join([value[1:] if value.startswith(b" ") else value for value in values])


def _after_mixed(buffer: bytes) -> int:
    """After a line that ends in LF and an empty one that ends in CR; only what follows tells it from CRLF."""
    at = buffer.rfind(b"\n\r")
    return at + 2 if 0 <= at < len(buffer) - 2 and buffer[at + 2] != 0x0A else 0

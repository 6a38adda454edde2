"""A TOML text with the line of every key, which the standard parser does not tell."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.domain.clean import clean
from costtui.errors import ConfigError

CONFIG_BYTES = 256 * 1024
"""Larger files are refused unread: dotted keys cost the parser time that grows with the square."""

LINE_CHARACTERS = 1000
"""A longer line is no setting; one dotted key of 40 KB would take seven seconds."""

Step = str | int
KeyPath = tuple[Step, ...]

_HEADER = re.compile(r"""^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$""")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)""")
_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where."""

    name: str
    values: dict[str, object]
    text: str

    def line_of(self, path: KeyPath) -> int:
        """Line of a key, of the nearest thing around it otherwise; 1 when nothing of it is found."""
        lines = self.text.splitlines()
        starts = _statements(lines)
        for length in range(len(path), 0, -1):
            if path[:length] in starts:
                return _within(lines, starts[path[:length]], path[length:])
        return 1


def parse(name: str, body: bytes) -> Document:
    """Read TOML with exact decimals. Raises ConfigError with the line, whatever the bytes are."""
    if len(body) > CONFIG_BYTES:
        raise ConfigError((f"{name}:1 the file is larger than {CONFIG_BYTES // 1024} KiB; is it the right one?",))
    try:
        text = body.decode()
        long = next((n for n, line in enumerate(text.split("\n"), start=1) if len(line) > LINE_CHARACTERS), None)
        if long is not None:
            raise ConfigError((f"{name}:{long} the line is longer than {LINE_CHARACTERS} characters",))
        return Document(name, tomllib.loads(text, parse_float=Decimal), text)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ConfigError((f"{name}:{line} the file is not UTF-8 text",)) from None
    except RecursionError:
        raise ConfigError((f"{name}:1 the file nests deeper than any setting does",)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((_syntax(name, str(error), body),)) from None
    except (ValueError, ArithmeticError):
        raise ConfigError((f"{name}:1 a number in the file is too large",)) from None


def _syntax(name: str, message: str, body: bytes) -> str:
    """The parser's complaint; two of its messages quote the file's own words, which could be secrets."""
    found = _AT_LINE.search(message)
    line = int(found.group(1)) if found else body.count(b"\n") + 1
    what = _AT_LINE.sub("", message)
    if what.startswith("Cannot declare"):
        what = "a table is declared twice"
    elif what.startswith("Duplicate"):
        what = "a key stands twice in one table"
    return f"{name}:{line} not valid TOML: {clean(what)}"


def _statements(lines: Sequence[str]) -> dict[KeyPath, int]:
    """Line index (from 1) of every table header and every key that starts a line."""
    starts: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(lines, start=1):
        if header := _HEADER.match(line):
            table = _parts(header.group(2))
            if header.group(1) == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            starts.setdefault(table, number)
        elif key := _KEY.match(line):
            starts.setdefault(table + _parts(key.group(1)), number)
    return starts


def _parts(dotted: str) -> KeyPath:
    return tuple(next(group for group in match.groups() if group is not None) for match in _PART.finditer(dotted))


def _within(lines: Sequence[str], start: int, rest: KeyPath) -> int:
    """Line of what lies inside one statement: the n-th time that its key is written there."""
    keys = [step for step in rest if isinstance(step, str)]
    if not keys:
        return start
    nth = next((step for step in rest if isinstance(step, int)), 0)
    found = []
    for number in range(start, len(lines) + 1):
        line = lines[number - 1]
        if number > start and (_HEADER.match(line) or _KEY.match(line)) and not line.startswith((" ", "\t")):
            break
        found += [number] * len(re.findall(rf"(?<![\w-])[\"']?{re.escape(keys[-1])}[\"']?\s*=", line))
    return found[min(nth, len(found) - 1)] if found else start

"""A tolerant look into a provider's JSON: what is there is read exactly, what is missing is named and becomes None."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from costtui.domain.clean import clean
from costtui.domain.money import NANO_PER_USD, NanoUsd
from costtui.errors import SourceError

NOTES = 20
"""Most missing things that one walk names."""
TEXT_CHARACTERS = 200
TOKEN_CHARACTERS = 4_096
_MOST = Decimal(10) ** 9
"""Amounts of a billion dollars and more are not believed, nor do they fit the store."""
_EXACT = Context(prec=80)
"""Digits for one rounding: Decimal's usual 28 would round long fractions twice."""
_MAGNITUDE = 40
"""Powers of ten, up and down, beyond which a number is none: `1e999999999` as an integer would fill the memory."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,40})?([eE][+-]?\d{1,2})?")
_MOST_COUNT = 10**15
_EARLIEST, _LATEST = 10**9, 10**10
"""Unix seconds of 2001 and 2286: milliseconds, and zeros, are no time."""


def decoded(body: bytes, where: str) -> object:
    """The JSON of `body`, fractions as Decimal. Raises SourceError: a login page or half an answer is none."""
    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=_refused)
    except (ValueError, InvalidOperation, RecursionError):
        kind = "a web page" if body.lstrip()[:1] == b"<" else "something that is not JSON"
        kind = kind if body.strip() else "nothing"
        raise SourceError(f"{clean(where)} answered with {kind}", "check the address and the key's kind") from None


def _whole(text: str) -> int | Decimal:
    """Python refuses integers of 4,300 digits and more with a ValueError; so long a one is no amount."""
    return int(text) if len(text) <= 30 else Decimal(text)


def _refused(text: str) -> object:
    raise ValueError(text)


class Notes:
    """What an answer lacked, each once."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}
        self.lost = False
        """Whether lines may be left out for it: then what is absent is not gone."""

    def add(self, text: str) -> None:
        """Note it; more than a few are not told."""
        if len(self._found) < NOTES:
            self._found[clean(text, TEXT_CHARACTERS)] = None

    def take(self, page: "Notes") -> None:
        """Those of a page too."""
        self.lost |= page.lost
        for text in page:
            self.add(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)


class Look:
    """One value inside the answer, with its place. A reader returns None for what is absent, null or of another type.

    A reader notes what it did not find unless it is told that the thing is `optional`; null is then as good as absent.
    Places name no index of a list, so that one change of a provider's is one note.
    """

    __slots__ = ("notes", "place", "value")

    def __init__(self, value: object, notes: Notes, place: str = "") -> None:
        self.value = value
        self.notes = notes
        self.place = place

    def at(self, key: str) -> "Look":
        """The member `key`; one that is absent is a Look at None."""
        inner = self.value.get(key) if isinstance(self.value, dict) else None
        return Look(inner, self.notes, f"{self.place}.{key}" if self.place else key)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def each(self, key: str = "", *, optional: bool = False) -> "Iterator[Look]":
        """The members of a list, by name or, without one, of this very value."""
        found = self.at(key) if key else self
        if not isinstance(found.value, list):
            found.lacks("a list", optional=optional, loses=True)
            return
        for member in found.value:
            yield Look(member, self.notes, f"{found.place}[]")

    def named(self, key: str) -> "Iterator[tuple[str, Look]]":
        """The members of an object whose names the provider chooses; names come cleaned."""
        found = self.at(key)
        if not isinstance(found.value, dict):
            found.lacks("an object", loses=True)
            return
        for name, member in found.value.items():
            yield clean(name, TEXT_CHARACTERS), Look(member, self.notes, f"{found.place}.*")

    def text(self, key: str, *, optional: bool = False) -> str | None:
        """Cleaned, at most 200 characters; an id that comes as a whole number is one too."""
        found = self.at(key)
        if isinstance(found.value, str):
            return clean(found.value, TEXT_CHARACTERS)
        if isinstance(found.value, int) and not isinstance(found.value, bool):
            return str(found.value)
        found.lacks("a text", optional=optional)
        return None

    def token(self, key: str) -> str | None:
        """What marks the next page, unchanged, for it is sent back; None where there is none, which is not noted."""
        found = self.at(key)
        if isinstance(found.value, str) and len(found.value) <= TOKEN_CHARACTERS and _TOKEN.fullmatch(found.value):
            return found.value
        if isinstance(found.value, int) and not isinstance(found.value, bool):
            return str(found.value)
        if found.value not in (None, ""):
            found.lacks("the mark of a page")
        return None

    def flag(self, key: str, *, optional: bool = False) -> bool | None:
        """True or false."""
        found = self.at(key)
        if isinstance(found.value, bool):
            return found.value
        found.lacks("true or false", optional=optional)
        return None

    def number(self, key: str, *, optional: bool = False) -> Decimal | None:
        """A JSON number, or a text that holds one: some providers send both (`12.5`, `"12.5"`), even of one field."""
        found = self.at(key)
        number = _number(found.value)
        if number is None:
            found.lacks("a number", optional=optional)
        elif number.is_finite() and (not number or abs(number.adjusted()) <= _MAGNITUDE):
            return number
        else:
            found.lacks("a believable number")
        return None

    def count(self, key: str, *, optional: bool = False) -> int | None:
        """A whole number of things, not negative."""
        number = self.number(key, optional=optional)
        if number is None:
            return None
        if number != number.to_integral_value() or not 0 <= number < _MOST_COUNT:
            self.at(key).lacks("a count")
            return None
        return int(number)

    def usd(self, key: str, *, per_usd: int = 1, optional: bool = False) -> NanoUsd | None:
        """An amount of which `per_usd` make a dollar (100 for cents), in nano-USD, rounded once, half to even."""
        number = self.number(key, optional=optional)
        if number is None:
            return None
        nano = _EXACT.divide(_EXACT.multiply(number, Decimal(NANO_PER_USD)), Decimal(per_usd))
        if abs(nano) >= _MOST * NANO_PER_USD:
            self.at(key).lacks("a believable amount")
            return None
        return NanoUsd(int(nano.to_integral_value(ROUND_HALF_EVEN)))

    def in_dollars(self, key: str) -> bool:
        """Whether the currency's code, in letters of either size, is that of the dollar; noted where it is not."""
        found = self.text(key)
        if found is not None and found.upper() != "USD":
            self.at(key).lacks("USD")
        return found is not None and found.upper() == "USD"

    def bucket(self, start: str, end: str) -> tuple[int, int] | None:
        """From when until when, in milliseconds; None unless both are there and in this order."""
        from_ms, until_ms = self.moment(start), self.moment(end)
        if from_ms is None or until_ms is None:
            return None
        if from_ms < until_ms:
            return from_ms, until_ms
        self.at(end).lacks(f"after {start}", loses=True)
        return None

    def moment(self, key: str, *, optional: bool = False) -> int | None:
        """Milliseconds since 1970 of Unix seconds (number or text), of an RFC 3339 time, or of a day in UTC.

        A line whose time is not told cannot be kept, so that a lacking one counts as a line that is lost.
        """
        found = self.at(key)
        number = _number(found.value)
        seconds = _iso(found.value) if number is None and isinstance(found.value, str) else number
        if seconds is not None and _EARLIEST <= seconds < _LATEST:
            return int(seconds) * 1000
        found.lacks("a time", optional=optional, loses=not optional)
        return None

    def lacks(self, what: str, *, optional: bool = False, loses: bool = False) -> None:
        """Note that this is missing, or is not `what`; and whether lines are lost for it."""
        if not optional or self.value is not None:
            place = self.place or "the answer"
            self.notes.add(f"{place} is {'missing' if self.value is None else f'not {what}'}")
            self.notes.lost |= loses


def _number(value: object) -> Decimal | None:
    """The number that this is, or that this text holds."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return Decimal(value) if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else None


def _iso(text: str) -> Decimal | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    at_utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Decimal(int(at_utc.timestamp()))

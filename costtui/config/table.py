"""Reading a table key by key: what does not fit is noted and reading goes on, so that all problems come at once."""

import difflib
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from costtui.config.document import Document, KeyPath, Step
from costtui.config.duration import duration_seconds
from costtui.domain.clean import clean

_SECRET_KEY = re.compile(r"(^|[_-])(key|token|secret|password|passwd|webhook|credential)s?$", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"(?<![A-Za-z0-9])(sk|pk|rk|hf|gsk|xai|ghp|gho|glpat|nvapi|xox[a-z])[-_][A-Za-z0-9_-]{10,}|AKIA|AIza|eyJ"
    r"|-----BEGIN|Bearer |hooks\.slack|(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9+=_-]{24,}|://[^/\s]*@|\?.*="
)
SHOWN_CHARACTERS = 60


def looks_secret(text: str) -> bool:
    """Whether a value could be a key; it errs on the side of not showing."""
    return len(text) > 200 or _SECRET_VALUE.search(text) is not None


def dotted(path: KeyPath) -> str:
    """`gpus[0].rates[1].from`, cleaned; a part that looks like a key is not shown."""
    words = ""
    for step in path:
        if isinstance(step, int):
            words += f"[{step}]"
        else:
            shown = "(hidden)" if looks_secret(step) else clean(step, SHOWN_CHARACTERS)
            words += f".{shown}" if words else shown
    return words


class Problems:
    """Everything wrong with one document, in the order of its lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._found: list[tuple[int, str]] = []

    def add(self, path: KeyPath, what: str) -> None:
        """Note one; `what` must already be free of secrets."""
        line = self._document.line_of(path)
        self._found.append((line, f"{self._document.name}:{line} {dotted(path)}: {what}"))

    def lines(self) -> tuple[str, ...]:
        """One line each, none twice."""
        return tuple(dict.fromkeys(text for _, text in sorted(self._found, key=lambda found: found[0])))


def nearest(word: str, known: Collection[str]) -> str:
    """`; did you mean "x"?; known: x, y`, as far as there is something to say."""
    known = [candidate for candidate in known if not looks_secret(candidate)]
    lowered = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word[:SHOWN_CHARACTERS].lower(), lowered, n=1, cutoff=0.6)
    hint = f'; did you mean "{clean(lowered[close[0]])}"?' if close else ""
    listed = ", ".join(clean(candidate, SHOWN_CHARACTERS) for candidate in sorted(known)[:40])
    return f"{hint}; known: {listed}" if listed else hint


class Table:
    """One table of the document. Every key asked for counts as known; `close` reports the others."""

    def __init__(self, values: dict[str, object], path: KeyPath, problems: Problems, zone: ZoneInfo) -> None:
        self.path = path
        self.problems = problems
        self.zone = zone
        self._values = values
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def names_given(self) -> tuple[str, ...]:
        """The keys as written; used where the user chooses the names, which makes all of them known."""
        self._known.update(self._values)
        return tuple(self._values)

    def wrong(self, key: Step | None, what: str, value: object = None) -> None:
        """Note a problem of a key, or of the table itself; `value` is shown unless it could be a secret."""
        path = self.path if key is None else (*self.path, key)
        self.problems.add(path, what.replace("%", shown(path, value), 1) if value is not None else what)

    def require(self, *keys: str) -> None:
        """Note every key of these that is absent."""
        for key in keys:
            self._known.add(key)
            if key not in self._values:
                self.wrong(None, f'"{key}" is missing')

    def close(self) -> None:
        """Note every key that nobody asked for, with the nearest known one."""
        for key in self._values:
            if key not in self._known:
                self.wrong(key, f"is not a setting{nearest(key, self._known)}")

    def take(self, key: str) -> object:
        """The raw value, None when absent."""
        self._known.add(key)
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        """A string that is not empty and has no control characters."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > 1000 or clean(value, 1000) != value:
            self.wrong(key, "must be plain text in quotes, not %", value)
            return None
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """One word of a few."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, str) or value not in allowed:
            hint = nearest(value if isinstance(value, str) else "", allowed)
            self.wrong(key, f"must be one of the known words, not %{hint}", value)
            return default
        return value

    def number(
        self, key: str, *, low: Decimal | int = 0, high: Decimal | int = 10**9, above: bool = False
    ) -> Decimal | None:
        """An exact number from `low` to `high` with at most nine decimals; `above`: not `low` itself."""
        value = self.take(key)
        if value is None:
            return None
        bound = f"above {low}" if above else f"from {low}"
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            self.wrong(key, f"must be a number {bound} to {high}, not %", value)
            return None
        number = Decimal(value) if isinstance(value, Decimal) or abs(value) < 10**30 else Decimal("Infinity")
        if not number.is_finite() or number < low or number > high or (above and number == low):
            self.wrong(key, f"must be {bound} to {high}, not %", value)
            return None
        if number != round(number, 9):
            self.wrong(key, "has more than nine decimals: %", value)
            return None
        return number

    def flag(self, key: str) -> bool:
        """true or false; absent is false."""
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.wrong(key, "must be true or false without quotes, not %", value)
        return value is True

    def timezone(self, key: str) -> ZoneInfo | None:
        """A time zone by its name in the IANA database."""
        name = self.text(key)
        try:
            return None if name is None else ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.wrong(key, 'must be a name such as "Europe/Berlin", not %', name)
            return None

    def seconds(self, key: str, default: float) -> float:
        """An interval of at least a second."""
        value = self.number(key, low=1, high=3600)
        return default if value is None else float(value)

    def duration_seconds(self, key: str) -> int | None:
        """`2h`, `15m`, `1h30m`, `90s`, `1d` in seconds."""
        value = self.take(key)
        if value is None:
            return None
        total = duration_seconds(value) if isinstance(value, str) else None
        if total is None:
            self.wrong(key, 'must be a duration such as "2h", "15m" or "1h30m", not %', value)
            return None
        return total

    def moment_ms(self, key: str) -> int | None:
        """A TOML date is that day's local midnight; a time with offset is itself, without one it is local."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, date):
            self.wrong(key, "must be a date without quotes, such as 2026-11-01, not %", value)
            return None
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        if not 1990 <= moment.year <= 2200:
            self.wrong(key, "is not a year in which GPUs are paid: %", value)
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).timestamp() * 1000)

    def names(self, key: str) -> tuple[str, ...] | None:
        """A list of words, none twice, at least one."""
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            self.wrong(key, "must be a list of names in quotes, not %", value)
            return None
        if len(set(value)) != len(value):
            self.wrong(key, "names something twice")
        return tuple(dict.fromkeys(value))

    def table(self, key: str) -> "Table":
        """A table inside; an empty one where it is absent or something else."""
        value = self.take(key)
        if value is not None and not isinstance(value, dict):
            self.wrong(key, "must be a table, not %", value)
        return self._inner(value if isinstance(value, dict) else {}, (key,))

    def tables(self, key: str) -> Iterator["Table"]:
        """A list of tables inside."""
        value = self.take(key)
        items = [] if value is None else value
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self.wrong(key, "must be a list of tables, not %", value)
            return
        for index, item in enumerate(items):
            yield self._inner(item, (key, index))

    def named_tables(self) -> Iterator[tuple[str, "Table"]]:
        """Every value of this table as a table of its own, by the name that the user gave it."""
        for key in self.names_given():
            value = self._values[key]
            if not key.strip() or len(key) > 64 or clean(key) != key:
                self.wrong(key, "a name has 1 to 64 printable characters")
            elif isinstance(value, dict):
                yield key, self._inner(value, (key,))
            else:
                self.wrong(key, "must be a table, not %", value)

    def _inner(self, values: dict[str, object], steps: KeyPath) -> "Table":
        return Table(values, self.path + steps, self.problems, self.zone)


def shown(path: KeyPath, value: object) -> str:
    """A value as a problem may show it: short, cleaned, never something that could be a secret."""
    if isinstance(value, (dict, list)):
        return "a table" if isinstance(value, dict) else "this list"
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    text = str(value)
    if looks_secret(text) or any(isinstance(step, str) and _SECRET_KEY.search(step) for step in path):
        return "this value (hidden, it may be a secret)"
    return clean(f'"{text}"' if isinstance(value, str) else text, SHOWN_CHARACTERS)

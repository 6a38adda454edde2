"""What is known of providers' bills: each line with the moment it was said, and how each feed is read."""

from dataclasses import dataclass

from costtui.domain.bill import BilledLine, BillRow, Level
from costtui.domain.money import NanoUsd


@dataclass(frozen=True, slots=True)
class KeptLine:
    """A line as a provider said it at `as_of_ms`. A later row of the same bucket and dimensions replaces it."""

    provider: str
    feed: str
    line: BilledLine
    as_of_ms: int
    gone: bool = False
    """The provider no longer publishes it: its amount is 0 from then on."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A line that changed after it was first said."""

    after: KeptLine
    before_nano: NanoUsd | None
    before_as_of_ms: int

    @property
    def nano(self) -> NanoUsd | None:
        """By how much; None where either amount is unknown."""
        after = self.after.line.nano
        return None if self.before_nano is None or after is None else NanoUsd(after - self.before_nano)


@dataclass(frozen=True, slots=True)
class KeptLevel:
    """A balance, something rented, a limit or a price: since when it is as it is, and when it was last seen so."""

    provider: str
    feed: str
    row: Level
    since_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """How one feed is doing. A feed that fails keeps what it said before, with its age."""

    provider: str
    feed: str
    read_ms: int | None = None
    """The last good reading."""
    failed_ms: int | None = None
    """The last failure; None once it was read again."""
    failures: int = 0
    """In a row."""
    problem: str = ""
    remedy: str = ""
    gone: bool = False
    """The provider does not offer it to this account."""
    not_before_ms: int = 0
    """When it may be asked again."""
    days_ms: int = 0
    """When the last three days were read."""
    month_ms: int = 0
    """When the last 35 days were read."""
    missing: tuple[str, ...] = ()
    """What the last answer lacked."""
    refreshed_ms: int | None = None
    """Up to when the provider says that its figures are complete."""
    kind: str = ""
    """`spend`, `usage`, `balance`, `burn`, `limit`, `price`; empty: it tells nothing, and `problem` says why."""
    scope: str = ""
    """`org`: everybody's of the organisation; `part`: of the projects or keys that the configuration names; `account`;
    `key`."""
    finer: bool = False
    """It tells the money of another feed once more: never added to that."""
    every_seconds: int = 0
    lag_seconds: int = 0


@dataclass(frozen=True, slots=True)
class BillAnswer:
    """What one reading of a feed brought at `at_ms`."""

    provider: str
    feed: str
    rows: tuple[BillRow, ...]
    at_ms: int
    whole: tuple[int, int] | None = None
    """The span (Unix milliseconds) that was read completely: what it no longer has is gone. None: part of it."""

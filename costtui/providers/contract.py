"""What one provider's file declares. It asks nothing itself: it says what to ask, and reads what was answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from costtui.domain.bill import BillKind, BillRow
from costtui.domain.secret import Secret
from costtui.providers.look import Look

MINUTE = 60
HOUR = 3_600
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Account:
    """Whose figures are read: one `[billing.NAME]` of the configuration."""

    provider: str
    key: Secret
    base: str = ""
    """Instead of the provider's own: scheme, host, and the path before all of its addresses, no slash at the end."""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the names that the provider's `filters` allows."""
    usd_per_unit: Mapping[str, str] = field(default_factory=dict)
    """Dollars per unit of another currency today, as decimal text, by its ISO code."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which time is asked for; whole buckets of the feed's grain, in UTC."""

    from_ms: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Query:
    """One question. The key is not in it: `Provider.headers` adds it when it is sent."""

    path: str
    """Follows the base: `/v1/organization/costs`."""
    params: tuple[tuple[str, str], ...] = ()
    method: Literal["GET", "POST"] = "GET"
    payload: object = None
    """Sent as JSON with a POST, None as nothing: only where the provider documents its reading as one."""
    headers: tuple[tuple[str, str], ...] = ()
    """Besides the provider's own, for this question alone; never a key."""
    kept: object = None
    """What an earlier answer of this walk said and `read` needs; never sent."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer said."""

    rows: tuple[BillRow, ...]
    next: Query | None = None
    """The question for the next page. One that was asked before ends the walk."""
    learnt: bool = False
    """It was not to bring rows: `next` keeps what it said."""
    cut: bool = False
    """The provider says that there is more, and not where."""
    refreshed_ms: int | None = None
    """Up to when the provider says that its figures are complete."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One thing that a provider tells."""

    name: str
    """Unique within the provider: `costs`, `usage`, `balance`, `endpoints`, …"""
    kind: BillKind
    every_seconds: int
    """Between two readings of what is new."""
    first: Callable[[Account, Span], Query]
    """The first question for a span; a balance, burn or limit ignores the span."""
    read: Callable[[Look, Query], Page]
    """Reads one answer. It never raises for what the answer holds or lacks: `Look` notes what is missing."""
    grain_seconds: int = 0
    """Of its buckets; 0 where there is none (balance, burn, limit)."""
    lag_seconds: int = 0
    """A bucket is closed this long after its end; before that it may still grow."""
    most_days: int = 31
    """Longest span of one question."""
    base: str = ""
    """Where it is asked, if not at the provider's `base`."""
    optional: bool = False
    """Not every account has it: refused or gone, it is off, which is no fault."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider: where it is, what it tells, and with which key."""

    name: str
    """As in the configuration's `provider` and `[billing.NAME]`."""
    title: str
    """As people write it."""
    base: str
    """Scheme, host, and the path before all of its addresses, no slash at the end; empty: only the user knows it."""
    headers: Callable[[Account], Mapping[str, str | Secret]]
    """With the key."""
    key_kind: str
    """Which key it takes, in words: `an admin key (sk-admin-…)`."""
    feeds: tuple[Feed, ...] = ()
    scope: Literal["org", "account", "key"] = "org"
    """Whose spend it tells: everybody's of the organisation, of one account, or of this one key."""
    filters: tuple[str, ...] = ()
    """Names under `[billing.NAME]` that narrow its figures down: `projects`, `workspaces`, `keys`, `namespace`."""
    unsupported: str = ""
    """Why it tells nothing; then there are no feeds, and only what is metered is shown."""
    finer: tuple[Feed, ...] = ()
    """Feeds that tell the money of `feeds` once more, in a finer grain and sooner: never added to those."""


def bearer(account: Account) -> dict[str, str | Secret]:
    """`Authorization: Bearer KEY`, which most of them take."""
    return {"authorization": Secret(f"Bearer {account.key.reveal()}")}


def always(path: str, *params: tuple[str, str]) -> Callable[[Account, Span], Query]:
    """The same question for every account and span, as of most balances, burn rates and limits."""
    query = Query(path, params)

    def first(_account: Account, _span: Span) -> Query:
        return query

    return first


def instant(at_ms: int) -> str:
    """As RFC 3339 writes it, in UTC and whole seconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

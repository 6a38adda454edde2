"""One upstream attempt as the ledger keeps it: written once, when it ended, and never changed."""

from enum import StrEnum
from typing import NamedTuple

from costtui.domain.amount import Provenance
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage, UsageSource


class Outcome(StrEnum):
    """How an attempt ended."""

    OK = "ok"
    """whole answer, with the protocol's own end, delivered"""
    REFUSED = "refused"
    """the upstream answered with an error before it made anything"""
    UNREACHABLE = "unreachable"
    """no connection, no answer, or not in time"""
    CUT = "cut"
    """the upstream's answer broke off, or ended with an error event"""
    CANCELLED = "cancelled"
    """the client left"""
    CACHED = "cached"
    """answered from costtui's own prompt cache; nothing was sent"""
    LOST = "lost"
    """costtui itself ended while it ran; charged at its bound"""

    __hash__ = str.__hash__  # Enum's own is written in Python: 0.2 us a look-up


class Lane(NamedTuple):
    """What many attempts share; the ledger keeps each lane once and an attempt names it by number."""

    route: str
    """The alias that clients ask for; the target's own name where they ask for it directly."""
    target: str
    provider: str
    """API provider, or the engine's kind where it is self-hosted."""
    self_hosted: bool
    model: str
    """As sent upstream."""
    operation: str
    """The upstream's dialect: `chat`, `completions`, `embeddings`, `responses`, `messages`."""
    key_id: str
    """Pseudonymous id of the gateway key; empty for `same-uid`."""
    price_model: str
    """The model that the price was found under; empty where there is no price."""
    prices_hash: str
    """Hash of the price file in force; empty where nothing was priced."""
    tag: str = ""
    """What the caller called the request, of the tags that the configuration names; empty if nothing."""


class Attempt(NamedTuple):
    """One attempt. `charge` is what it costs by itself: for an API what is owed for it, for a self-hosted target its
    share of rent and power (provenance `accrued`), which is never added to an API's or to the rent."""

    attempt_id: int
    """Unique for ever and ascending by start."""
    request_id: int
    """The first attempt's id: what belongs to one request of a client."""
    lane: int
    """From `LedgerWriter.lane`."""
    started_ms: int
    """Unix time."""
    duration_ms: int
    ttft_ms: int | None
    """From the client's request to the first byte of a stream's body; None without one, and of a whole answer."""
    outcome: Outcome
    status: int
    """HTTP status of the upstream; 0 if it gave none."""
    stream: bool
    usage: Usage
    usage_source: UsageSource
    disputed: bool
    """The reported usage is out of proportion to what was sent."""
    charge: Charge | None
    """None is unknown."""
    provenance: Provenance
    saved_nano: NanoUsd | None
    """What answering from costtui's cache saved."""
    user_id: str
    """Pseudonym of the end user that the request names; empty if none."""
    reason: str
    """Why this target, in one sentence; the reason of a fallback or retry where it is one."""

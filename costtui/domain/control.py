"""What people set by hand: where traffic goes, and who may send it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a revision does."""

    SHIFT = "shift"
    """shares of a route's traffic, until a moment or until undone"""
    PIN = "pin"
    """all of a route's traffic to one target and to no other, whatever becomes of it"""
    DRAIN = "drain"
    """nothing new to one target, on every route"""
    UNDO = "undo"
    """what was in force in this scope before the change that is in force now"""


@dataclass(frozen=True, slots=True)
class Revision:
    """One change by hand. Revisions are only ever added; what is in force follows from all of them and the time."""

    revision_id: int
    route: str
    """Empty for a drain, which concerns a target on every route."""
    at_ms: int
    actor: str
    reason: str
    kind: Kind
    weights: tuple[tuple[str, int], ...]
    """Target and share: of a pin the one target, of a drain the target with 0; an undo repeats what it takes back."""
    until_ms: int | None = None
    """When it ends by itself; None: not before it is undone."""
    parent: int | None = None
    """The newest revision of the same scope that whoever made this one had seen."""

    @property
    def scope(self) -> tuple[str, str]:
        """What it changes: a route, or a target on every route. Later revisions of a scope replace earlier ones."""
        return (self.route, "") if self.route else ("", self.weights[0][0] if self.weights else "")


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """A key with which clients call the gateway. The key itself is nowhere: it was shown once."""

    key_id: str
    """Pseudonymous; the ledger names keys by it."""
    name: str
    digest: bytes = field(repr=False)
    """SHA-256 of the key."""
    created_ms: int
    revoked_ms: int | None = None
    last_four: str = ""
    """The key's last four characters, to tell it from others."""


@dataclass(frozen=True, slots=True)
class ControlsState:
    """Everything set by hand, revisions oldest first."""

    revisions: tuple[Revision, ...] = ()
    keys: tuple[GatewayKey, ...] = ()
    """With the revoked ones."""

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
    BUDGET = "budget"
    """the limit of a budget, until a moment or until undone"""
    UNDO = "undo"
    """what was in force in this scope before the change that is in force now"""


BUDGET_SCOPE = "budget:"
"""Before a budget's name, where a revision names a target."""


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
    """Target and share: of a pin the one target, of a drain the target with 0, of a budget `BUDGET_SCOPE` with its name
    and nano-USD; an undo repeats what it takes back."""
    until_ms: int | None = None
    """When it ends by itself; None: not before it is undone."""
    parent: int | None = None
    """The newest revision of the same scope that whoever made this one had seen."""

    @property
    def scope(self) -> tuple[str, str]:
        """What it changes: a route, or a target on every route. Later revisions of a scope replace earlier ones."""
        return (self.route, "") if self.route else ("", self.weights[0][0] if self.weights else "")

    @property
    def subject(self) -> str:
        """What it is about, as people say it: a route, a target, `budget NAME`."""
        return (self.route or self.scope[1]).replace(BUDGET_SCOPE, "budget ", 1)

    @property
    def budget(self) -> str:
        """The budget that it is about; empty for one of routes and targets."""
        target = self.scope[1]
        return target.removeprefix(BUDGET_SCOPE) if target.startswith(BUDGET_SCOPE) else ""


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

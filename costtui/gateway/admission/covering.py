"""Which accounts count an attempt, and where else it may go when one of them is spent."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from costtui.domain.attempt import Lane
from costtui.domain.budget import AtLimit, Scope, ScopeKind
from costtui.policy.account import Account

COMBINATIONS = 10_000
"""Of payers that are remembered."""


class Payer(NamedTuple):
    """Whose spending an attempt at an API is."""

    route: str
    key_id: str
    provider: str
    model: str
    tag: str


class Covering:
    """Accounts by what they count."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.all = tuple(accounts)
        self._key_names: dict[str, str] = {}
        self._known: dict[Payer, tuple[Account, ...]] = {}

    def take_keys(self, named: Iterable[tuple[str, str]]) -> None:
        """(id, name) of every key."""
        self._key_names = dict(named)
        self._known.clear()

    def named_as(self, other: "Covering") -> None:
        """Know the keys that another one knew."""
        self._key_names = other._key_names

    def of(self, payer: Payer) -> tuple[Account, ...]:
        """Those that count the payer's attempts; 0.2 us."""
        known = self._known.get(payer)
        if known is None:
            known = tuple(account for account in self.all if self._matches(account.budget.scope, payer))
            if len(self._known) >= COMBINATIONS:
                self._known.clear()
            self._known[payer] = known
        return known

    def of_lane(self, lane: Lane | None) -> tuple[Account, ...]:
        """Those that count an attempt of the ledger; every account where its lane is not known. A self-hosted target
        is counted by none: its rent is owed anyway."""
        if lane is None:
            return self.all
        return () if lane.self_hosted else self.of(Payer(lane.route, lane.key_id, lane.provider, lane.model, lane.tag))

    def _matches(self, scope: Scope, payer: Payer) -> bool:
        match scope.kind:
            case ScopeKind.ALL:
                return True
            case ScopeKind.ROUTE:
                return scope.name == payer.route
            case ScopeKind.KEY:
                return bool(payer.key_id) and scope.name in (payer.key_id, self._key_names.get(payer.key_id))
            case ScopeKind.PROVIDER:
                return scope.name == payer.provider
            case ScopeKind.MODEL:
                return scope.name == payer.model
            case ScopeKind.TAG:
                return scope.name == payer.tag


class Choice(NamedTuple):
    """A target of the request's route that takes requests now."""

    target: str
    self_hosted: bool


def instead(account: Account, present: str, others: Sequence[Choice]) -> tuple[str, ...]:
    """Where the budget sends what it does not pay for at `present`: some of `others`, in their order."""
    budget = account.budget
    if budget.at_limit is AtLimit.SELF_HOSTED_ONLY:
        return tuple(other.target for other in others if other.self_hosted)
    if budget.at_limit is AtLimit.DOWNGRADE:
        cheaper = dict(budget.downgrade).get(present)
        return tuple(other.target for other in others if other.target == cheaper)
    return ()

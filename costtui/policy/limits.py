"""Limits of budgets as they hold now: the configuration's, or what somebody set by hand for a while."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from costtui.domain.budget import Budget
from costtui.domain.control import Revision
from costtui.domain.money import NanoUsd
from costtui.policy.overlay import in_force


class Limit(NamedTuple):
    """Of one budget."""

    nano: NanoUsd
    revision: Revision | None
    """Who set it by hand, and until when; None: the configuration."""


class Limits(NamedTuple):
    """Of all budgets."""

    by_name: Mapping[str, Limit]
    next_change_ms: int | None
    """When one that was set by hand ends next."""
    warnings: tuple[str, ...]
    """Those of budgets that are not configured any more."""

    @property
    def nano(self) -> dict[str, int]:
        """By name."""
        return {name: limit.nano for name, limit in self.by_name.items()}


def limits_in_force(budgets: Iterable[Budget], revisions: Sequence[Revision], now_ms: int) -> Limits:
    """At `now_ms`."""
    held = {each.budget: each for each in in_force(revisions, now_ms).values() if each.budget}
    found = {budget.name: _limit(budget, held.get(budget.name)) for budget in budgets}
    ends = [each.until_ms for name, each in held.items() if name in found and each.until_ms is not None]
    gone = tuple(
        f"the limit of budget {name} by {each.actor} is of a budget that is not configured any more: left out"
        for name, each in held.items()
        if name not in found
    )
    return Limits(found, min(ends, default=None), gone)


def _limit(budget: Budget, revision: Revision | None) -> Limit:
    return Limit(budget.limit, None) if revision is None else Limit(NanoUsd(revision.weights[0][1]), revision)

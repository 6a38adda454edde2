"""Budgets in the picture: where each stands, what its limit is now, and what the gateway holds of it."""

from collections.abc import Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from costtui.analysis.budgets import Standing
from costtui.domain.budget import Budget
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.policy.limits import Limit
from costtui.report.money import iso, usd


class BudgetStanding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A budget in its current window. `state`: ok, warn, over, unknown. `resets_at` is empty where it never does."""

    name: str
    covers: tuple[str, ...]
    window: str
    limit_usd: Decimal
    """In force: the configured one, or one set by hand."""
    used_usd: Decimal | None
    used_ratio: float | None
    state: str
    runs_out_at: str | None
    projected_usd: Decimal | None
    resets_at: str
    unknown: tuple[str, ...] = ()
    scope: str = "everything"
    at_limit: str = "warn"
    set_aside_usd: Decimal | None = None
    """For the window's rent and power, what is still due included."""
    shadow: bool = False
    overridden_by: str = ""
    """Who set the limit by hand; empty where it is the configured one."""
    overridden_until: str | None = None
    configured_usd: Decimal | None = None
    """The configuration's limit, where another one is in force."""
    held_usd: Decimal | None = None
    """By the gateway, for requests under way at their worst case; null where it holds nothing of this budget."""
    settled_usd: Decimal | None = None
    """As the gateway counts it, what nobody told at its worst case."""
    denied: int = 0
    """Requests of this window that were refused, moved, or would have been."""


class HeldBudget(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A hard budget in the gateway's own words."""

    name: str
    limit_usd: Decimal
    """What requests may spend: the limit less what is set aside."""
    settled_usd: Decimal
    held_usd: Decimal
    denied: int
    stage: int


def budget_part(
    budget: Budget, limit: Limit, found: Standing, held: Iterable[HeldBudget], zone: ZoneInfo, now_ms: int
) -> BudgetStanding:
    """As the picture has it."""
    _, ends_ms = budget.window.span(now_ms, zone)
    own = next((each for each in held if each.name == budget.name), None)
    by_hand = limit.revision
    return BudgetStanding(
        name=clean(budget.name),
        covers=budget.covers,
        window=budget.window.text,
        limit_usd=usd(limit.nano),
        used_usd=usd(found.used.nano),
        used_ratio=None if found.ratio is None else round(float(found.ratio), 4),
        state=found.stage,
        runs_out_at=iso(found.runs_out_ms),
        projected_usd=usd(found.projected),
        resets_at=iso(ends_ms) or "",
        unknown=found.used.unknown,
        scope=clean(budget.scope.text),
        at_limit=budget.at_limit.value,
        set_aside_usd=usd(found.set_aside),
        shadow=budget.shadow,
        overridden_by="" if by_hand is None else clean(by_hand.actor, 100),
        overridden_until=None if by_hand is None else iso(by_hand.until_ms),
        configured_usd=None if by_hand is None else usd(budget.limit),
        held_usd=None if own is None else own.held_usd,
        settled_usd=None if own is None else own.settled_usd,
        denied=0 if own is None else own.denied,
    )


def held_budget(name: str, told: dict[str, int]) -> HeldBudget:
    """Out of the gateway's picture. Raises KeyError, ValueError or TypeError for what is none."""
    return HeldBudget(
        name=clean(name),
        limit_usd=usd(NanoUsd(int(told["limit_nano"]))),
        settled_usd=usd(NanoUsd(int(told["settled_nano"]))),
        held_usd=usd(NanoUsd(int(told["held_nano"]))),
        denied=int(told["denied"]),
        stage=int(told["stage"]),
    )

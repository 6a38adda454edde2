"""Budgets, for people and for programs."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal

from costtui.cli.route_text import at
from costtui.controls.limits import LimitEffect
from costtui.domain.budget import Budget
from costtui.domain.clean import clean
from costtui.domain.control import Kind, Revision
from costtui.policy.limits import Limit
from costtui.report.budgets import BudgetStanding, HeldBudget
from costtui.report.money import iso, usd
from costtui.report.words import clock, money

SCHEMA = "costtui.budget/1"
Fields = Mapping[str, object]


def budget_fields(budget: Budget, limit: Limit, found: BudgetStanding | None, held: HeldBudget | None) -> Fields:
    """One budget; what needs an agent is null without one, what needs a gateway is null without one."""
    by_hand = limit.revision
    return {
        "name": clean(budget.name),
        "scope": clean(budget.scope.text),
        "covers": list(budget.covers),
        "window": budget.window.text,
        "limit_usd": usd(limit.nano),
        "configured_usd": usd(budget.limit),
        "overridden_by": None if by_hand is None else clean(by_hand.actor, 100),
        "overridden_until": None if by_hand is None else iso(by_hand.until_ms),
        "at_limit": budget.at_limit.value,
        "shadow": budget.shadow,
        "used_usd": None if found is None else found.used_usd,
        "held_usd": None if held is None else held.held_usd,
        "settled_usd": None if held is None else held.settled_usd,
        "denied": None if held is None else held.denied,
        "runs_out_at": None if found is None else found.runs_out_at,
        "projected_usd": None if found is None else found.projected_usd,
        "resets_at": None if found is None else found.resets_at or None,
    }


def made_fields(revision: Revision) -> Fields:
    """A change that was written."""
    return {
        "revision": revision.revision_id,
        "budget": clean(revision.budget),
        "kind": revision.kind.value,
        "limit_usd": float(Decimal(revision.weights[0][1]).scaleb(-9)),
        "until": iso(revision.until_ms),
        "actor": clean(revision.actor, 100),
        "reason": clean(revision.reason, 200),
    }


def table(rows: Sequence[Fields], warnings: Sequence[str], zone: tzinfo) -> str:
    """All of them, a line each, and a second one for what was set by hand."""
    if not rows:
        return "no budgets: [budgets] in the configuration names none"
    lines = [f"{'budget':<14} {'of':<20} {'window':<12} {'limit':>10} {'used':>10} {'held':>9}  at the limit"]
    for row in rows:
        used, held = row["used_usd"], row["held_usd"]
        shadow = " (shadow)" if row["shadow"] else ""
        lines.append(
            f"{row['name']!s:<14} {row['scope']!s:<20} {row['window']!s:<12} {_money(row['limit_usd']):>10}"
            f" {_money(used):>10} {'-' if held is None else _money(held):>9}  {row['at_limit']}{shadow}"
        )
        lines += _more(row, zone)
    return "\n".join([*lines, *(f"! {clean(text, 400)}" for text in warnings)])


def _more(row: Fields, zone: tzinfo) -> list[str]:
    told = []
    if row["overridden_by"] is not None:
        until = row["overridden_until"]
        ends = "until undone" if until is None else f"until {clock(str(until), zone)}"
        told.append(f"by hand: {row['overridden_by']} {ends}, then {_money(row['configured_usd'])}")
    if row["runs_out_at"] is not None:
        told.append(f"runs out {clock(str(row['runs_out_at']), zone)}")
    if row["denied"]:
        told.append(f"{row['denied']} requests refused or moved")
    return [f"{'':<15}{' · '.join(told)}"] if told else []


def _money(amount: object) -> str:
    return f"${money(amount)}" if isinstance(amount, Decimal) else "?"


def effect_lines(effect: LimitEffect, draft: Revision, zone: tzinfo) -> str:
    """What a change would do."""
    ends = "until undone" if draft.until_ms is None else f"until {at(draft.until_ms, zone)}"
    what = "the configured limit again" if draft.kind is Kind.UNDO else ends
    lines = [f"budget {effect.name}: {_of(effect, effect.limit_usd)} -> {_of(effect, effect.new_limit_usd)}, {what}"]
    if effect.known:
        before, after = (_runs_out(each, zone) for each in (effect.runs_out_ms, effect.new_runs_out_ms))
        lines.append(f"  at the present pace: {before} -> {after}")
    else:
        lines.append("  when it runs out is not known: no agent says what was spent, or its window never ends")
    return "\n".join(clean(line, 400) for line in lines)


def _of(effect: LimitEffect, limit_usd: Decimal) -> str:
    percent = effect.percent(limit_usd)
    return _money(limit_usd) if percent is None else f"{_money(limit_usd)} ({percent:.0f} % used)"


def _runs_out(moment_ms: int | None, zone: tzinfo) -> str:
    return "lasts its window" if moment_ms is None else f"runs out {at(moment_ms, zone)}"

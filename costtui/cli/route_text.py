"""Routes and changes to them, for people and for programs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from costtui.config.model import Config
from costtui.controls.preview import Preview, RouteEffect, percents
from costtui.domain.amount import Amount
from costtui.domain.clean import clean
from costtui.domain.control import Revision
from costtui.domain.money import usd_from_nano
from costtui.policy.plan import RoutePlan
from costtui.report.preview_words import first_byte, runs_out
from costtui.store.ledger.rows import LatencyRow

SCHEMA = "costtui.route/1"


def at(moment_ms: int, zone: tzinfo) -> str:
    """A moment on the host's clock."""
    return f"{datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(zone):%Y-%m-%d %H:%M}"


def route_lines(config: Config, plan: RoutePlan) -> str:
    """One route: what holds, in which shares, and until when if by hand."""
    route = next(route for route in config.routes if route.name == plan.route)
    shares = " · ".join(f"{name} {percent:.3g} %" for name, percent in percents(plan).items() if percent)
    text = f"{route.name:<16} {plan.strategy:<11} {shares or 'nothing: requests are refused'}"
    by_hand = plan.overridden_by
    if by_hand is not None:
        ends = "until undone" if by_hand.until_ms is None else f"until {at(by_hand.until_ms, config.host.timezone)}"
        text += f"\n{'':<17}by hand: {by_hand.kind} by {by_hand.actor} {ends}, then {route.strategy}"
        text += f" ({by_hand.reason})" if by_hand.reason else ""
    if plan.drained:
        text += f"\n{'':<17}drained by hand: {', '.join(plan.drained)}"
    if route.boundary is not None:
        text += f"\n{'':<17}never leaves {', '.join(route.boundary)}"
    return "\n".join(clean(line, 400) for line in text.split("\n"))


def revision_line(revision: Revision, zone: tzinfo) -> str:
    """One change."""
    shares = " ".join(f"{name}={share}" for name, share in revision.weights)
    ends = "" if revision.until_ms is None else f" until {at(revision.until_ms, zone)}"
    why = f": {revision.reason}" if revision.reason else ""
    what = f"{revision.revision_id:>5}  {at(revision.at_ms, zone)}  {revision.kind:<5} {shares}{ends}"
    return clean(f"{what} by {revision.actor}{why}", 400)


def preview_lines(preview: Preview, zone: tzinfo) -> str:
    """What a change would do."""
    lines = []
    for effect in preview.effects:
        lines += _effect(effect, preview.draft, zone)
    if preview.budget is not None and preview.effects:
        budget = preview.budget
        before, after = (runs_out(each, budget.resets_ms, zone) for each in (budget.before, budget.after))
        lines.append(f"budget {budget.name}: {before} -> {after}")
    lines += [f"! {text}" for text in preview.warnings]
    return "\n".join(clean(line, 400) for line in lines) or "this changes the share of no route"


def _effect(effect: RouteEffect, draft: Revision, zone: tzinfo) -> list[str]:
    ends = "" if draft.until_ms is None else f" until {at(draft.until_ms, zone)}, then {effect.resumes}"
    lines = [f"{effect.route}: {effect.before} now, {effect.after}{ends}"]
    width = max((len(share.target) for share in effect.shares), default=0)
    lines += [
        f"  {share.target:<{width}}  {share.before:>5.3g} % -> {share.after:>5.3g} %  {_waits(share.first_byte)}"
        for share in effect.shares
    ]
    lines.append(f"  APIs, last hour: {_usd(effect.api_before)} -> {_usd(effect.api_after)}")
    before, after = first_byte(effect.first_byte_before_ms), first_byte(effect.first_byte_after_ms)
    lines.append(f"  first byte, medians by share: {before} -> {after}")
    if effect.refused:
        lines.append(f"  ! no target is left: requests to {effect.route} would be refused")
    return lines


def _waits(row: LatencyRow | None) -> str:
    """The first byte of the last hour's attempts."""
    return "first byte " + ("?" if row is None else f"{first_byte(row.p50_ms)}, p95 {first_byte(row.p95_ms)}")


def _usd(amount: Amount) -> str:
    if amount.nano is None:
        return f"? (unknown: {', '.join(amount.unknown)})"
    mark = "≥" if amount.unknown else ""
    mark += "~" if amount.provenance.value == "estimated" else ""
    return f"{mark}{usd_from_nano(amount.nano):.4f} $"


def route_fields(config: Config, plan: RoutePlan) -> dict[str, object]:
    """One route for programs."""
    route = next(route for route in config.routes if route.name == plan.route)
    return {
        "name": route.name,
        "strategy": plan.strategy,
        "configured_strategy": route.strategy,
        "targets": list(plan.targets),
        "percent": {name: _number(percent) for name, percent in percents(plan).items()},
        "drained": list(plan.drained),
        "boundary": None if route.boundary is None else list(route.boundary),
        "override": None if plan.overridden_by is None else revision_fields(plan.overridden_by),
    }


def revision_fields(revision: Revision) -> dict[str, object]:
    """One change for programs."""
    return {
        "revision": revision.revision_id,
        "kind": revision.kind.value,
        "route": revision.route or None,
        "weights": dict(revision.weights),
        "at_ms": revision.at_ms,
        "until_ms": revision.until_ms,
        "actor": clean(revision.actor),
        "reason": clean(revision.reason),
        "parent": revision.parent,
    }


def listed(config: Config, plans: Mapping[str, RoutePlan], warnings: Sequence[str]) -> str:
    """All routes."""
    if not config.routes:
        return "no routes: a client asks for a target by its own name; see [routes] in the configuration"
    lines = [route_lines(config, plans[route.name]) for route in config.routes]
    return "\n".join([*lines, *(f"! {clean(text, 400)}" for text in warnings)])


def _number(percent: Decimal) -> float:
    return round(float(percent), 3)

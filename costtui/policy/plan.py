"""Where a route's next request goes: settled once per change, then one draw per request.

`choose` is on the path of every request and takes well under a microsecond: each decision, with its sentence, is made
with the plan.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from costtui.domain.control import Kind, Revision
from costtui.policy.overlay import Scope, in_force

if TYPE_CHECKING:
    from datetime import tzinfo

    from costtui.config.model import Config, Route

NARROWED = 1024
"""Remembered plans without their closed targets: a few per plan, as breakers open and close."""


class Decision(NamedTuple):
    """Where a request goes."""

    targets: tuple[str, ...]
    """First choice, then the fallbacks in order; empty where there is nowhere to go."""
    reason: str
    """Why the first one, in one sentence; why none, where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class RoutePlan:
    """How one name that clients ask for is served. `targets` may all be reached, none outside the boundary is here."""

    route: str
    strategy: str
    """What is in force: the route's own, `weighted` or `pinned` by hand, `direct` for a target asked for by name."""
    targets: tuple[str, ...]
    """In order of preference, drained ones left out."""
    shares: tuple[int, ...]
    """Of each target; only their proportions count."""
    overridden_until_ms: int | None = None
    """When a change by hand ends by itself."""
    overridden_by: Revision | None = None
    """The change by hand that is in force."""
    drained: tuple[str, ...] = ()
    """Targets of the route that take nothing new."""
    why: str = ""
    """What each decision's sentence begins with."""
    bounds: tuple[float, ...] = field(default=(), repr=False)
    """Upper ends of the draws that lead to each decision but the last."""
    decisions: tuple[Decision, ...] = field(default=(), repr=False)


class Plans(NamedTuple):
    """All plans, by route and by target name."""

    plans: Mapping[str, RoutePlan]
    next_change_ms: int | None
    """When a change by hand ends by itself next, so that these plans no longer hold."""
    warnings: tuple[str, ...]
    """Changes by hand that the configuration no longer allows and that are therefore left out."""


def choose(plan: RoutePlan, draw: float, closed: frozenset[str]) -> Decision:
    """A decision for a draw in [0, 1); `closed` are targets that are left alone for now."""
    if closed and not closed.isdisjoint(plan.targets):
        plan = _without(plan, closed)
    return plan.decisions[bisect_right(plan.bounds, draw)]


def plans(config: "Config", revisions: Sequence[Revision], now_ms: int) -> Plans:
    """A plan for each route and each target, at `now_ms`; a route hides a target of the same name."""
    held = {scope: each for scope, each in in_force(revisions, now_ms).items() if not each.budget}
    drained = {revision.weights[0][0] for scope, revision in held.items() if not scope[0] and revision.weights}
    zone = config.host.timezone
    made = {target.name: _direct(target.name, drained) for target in config.targets}
    warnings = []
    for route in config.routes:
        overlay = held.get((route.name, ""))
        gone = _gone(route, overlay)
        if overlay is not None and gone:
            warnings.append(_dropped(overlay, gone))
            overlay = None
        made[route.name] = _plan(route, overlay, drained, zone)
    warnings += _homeless(config, held)
    ends = [revision.until_ms for revision in held.values() if revision.until_ms is not None]
    return Plans(made, min(ends, default=None), tuple(warnings))


def reachable(route: "Route") -> tuple[str, ...]:
    """The route's targets within its boundary, in order."""
    return tuple(name for name in route.targets if route.boundary is None or name in route.boundary)


def _plan(route: "Route", overlay: Revision | None, drained: set[str], zone: "tzinfo") -> RoutePlan:
    allowed = reachable(route)
    strategy, weights, why = route.strategy, dict(route.weights), f"{route.strategy} in the listed order"
    if overlay is not None:
        strategy, weights, why = _by_hand(overlay, zone)
    elif strategy == "weighted":
        why = "weighted"
    if strategy == "pinned":
        first = next(iter(weights), None) or next(iter(allowed), "")
        allowed, weights = tuple(name for name in allowed if name == first), {first: 1}
        why = why if overlay is not None else "pinned"
    open_targets = tuple(name for name in allowed if name not in drained)
    shares = tuple(weights.get(name, 0) for name in open_targets)
    if open_targets and not any(shares):
        shares = (1, *(0,) * (len(open_targets) - 1))
        if strategy == "weighted":
            why = f"{why}, whose targets are drained"
    plan = RoutePlan(
        route=route.name,
        strategy=strategy,
        targets=open_targets,
        shares=shares,
        overridden_until_ms=None if overlay is None else overlay.until_ms,
        overridden_by=overlay,
        drained=tuple(name for name in route.targets if name in drained),
    )
    none = f"no target of {route.name} takes requests: {', '.join(allowed) or 'all'} drained by hand"
    return _decided(plan, why, none)


def _direct(name: str, drained: set[str]) -> RoutePlan:
    gone = (name,) if name in drained else ()
    plan = RoutePlan(name, "direct", () if gone else (name,), () if gone else (1,), drained=gone)
    return _decided(plan, "asked for by name", f"target {name} is drained by hand")


def _by_hand(overlay: Revision, zone: "tzinfo") -> tuple[str, dict[str, int], str]:
    ends = overlay.until_ms
    until = "" if ends is None else f" until {datetime.fromtimestamp(ends / 1000, UTC).astimezone(zone):%H:%M}"
    if overlay.kind is Kind.PIN:
        return "pinned", dict(overlay.weights), f"pinned by {overlay.actor}{until}"
    return "weighted", dict(overlay.weights), f"shifted by {overlay.actor}{until}"


def _decided(plan: RoutePlan, why: str, none: str) -> RoutePlan:
    """With a decision and its sentence for each target that has a share."""
    whole = sum(plan.shares)
    firsts = [(name, share) for name, share in zip(plan.targets, plan.shares, strict=True) if share]
    if not firsts:
        return _with(plan, why, (), (Decision((), none),))
    bounds = tuple(upper / whole for upper in accumulate(share for _, share in firsts))
    decisions = tuple(
        Decision(
            (name, *(other for other in plan.targets if other != name)),
            f"{why}: {name}" if share == whole else f"{why}: {name} takes {share} of {whole}",
        )
        for name, share in firsts
    )
    return _with(plan, why, bounds[:-1], decisions)


def _with(plan: RoutePlan, why: str, bounds: tuple[float, ...], decisions: tuple[Decision, ...]) -> RoutePlan:
    return replace(plan, why=why, bounds=bounds, decisions=decisions)


@lru_cache(maxsize=NARROWED)
def _without(plan: RoutePlan, closed: frozenset[str]) -> RoutePlan:
    """The plan while some of its targets are left alone; their shares go to the others in proportion."""
    pairs = list(zip(plan.targets, plan.shares, strict=True))
    kept = [(name, share) for name, share in pairs if name not in closed]
    shares = tuple(share for _, share in kept)
    if kept and not any(shares):
        shares = (1, *(0,) * (len(kept) - 1))
    missed = ", ".join(name for name, share in pairs if name in closed and share)
    narrowed = replace(plan, targets=tuple(name for name, _ in kept), shares=shares)
    why = f"{missed} failed of late" if missed else plan.why
    return _decided(narrowed, why, f"no target of {plan.route} is well: {', '.join(plan.targets)} failed of late")


def _gone(route: "Route", overlay: Revision | None) -> str:
    """A target that a change by hand names and that the route may not reach."""
    named = () if overlay is None else overlay.weights
    return next((name for name, _ in named if name not in reachable(route)), "")


def _dropped(overlay: Revision, gone: str) -> str:
    what = f"the {overlay.kind} of {overlay.route} by {overlay.actor} (revision {overlay.revision_id})"
    return f"{what} names {gone}, which is no target of the route any more: left out"


def _homeless(config: "Config", held: Mapping[Scope, Revision]) -> Iterable[str]:
    routes, targets = {route.name for route in config.routes}, {target.name for target in config.targets}
    for (route, target), revision in held.items():
        if (route and route not in routes) or (target and target not in targets):
            what = f"route {route}" if route else f"target {target}"
            yield f"the {revision.kind} by {revision.actor} is of {what}, which is not configured any more: left out"

"""Changes by hand before they are made: checked against the configuration, so that their effect can be shown first."""

from collections.abc import Mapping, Sequence

from costtui.config.model import Config, Route
from costtui.domain.clean import clean
from costtui.domain.control import BUDGET_SCOPE, Kind, Revision
from costtui.domain.money import NANO_PER_USD, NanoUsd
from costtui.errors import CosttuiError, UsageError
from costtui.policy.overlay import in_force, newest
from costtui.policy.plan import reachable

LONGEST_REASON = 200
LARGEST_SHARE = 1_000_000
LARGEST_LIMIT = 10**9 * NANO_PER_USD


class Desk:
    """What there is when somebody wants to change something. Every proposal carries the newest revision seen here, so
    that it is refused when somebody else was quicker; numbers are given when it is written."""

    def __init__(
        self, config: Config, revisions: Sequence[Revision], actor: str, now_ms: int, reason: str = ""
    ) -> None:
        self.config = config
        self.revisions = tuple(revisions)
        self.actor = clean(actor)
        self.now_ms = now_ms
        self.reason = clean(reason, LONGEST_REASON).strip()

    def shift(self, route: str, weights: Mapping[str, int], until_ms: int | None) -> Revision:
        """Shares of a route by hand until a moment. Raises UsageError for what makes no sense."""
        found = self._route(route)
        for name, share in weights.items():
            _reach(found, name)
            if not 0 <= share <= LARGEST_SHARE:
                raise UsageError(f"route: the share of {clean(name)} must be 0 to {LARGEST_SHARE}, not {share}")
        if not any(weights.values()):
            raise UsageError(f"route: a shift of {route} needs a share above 0, such as {found.targets[0]}=100")
        shares = tuple((name, weights[name]) for name in found.targets if name in weights)
        return self._draft(Kind.SHIFT, route, shares, until_ms)

    def pin(self, route: str, target: str, until_ms: int | None) -> Revision:
        """All of a route's traffic to one target, and nowhere else when that one fails."""
        _reach(self._route(route), target)
        return self._draft(Kind.PIN, route, ((target, 1),), until_ms)

    def drain(self, target: str, until_ms: int | None) -> Revision:
        """Nothing new to a target, on any route; what runs there ends by itself."""
        self._allowed()
        if target not in {known.name for known in self.config.targets}:
            listed = ", ".join(clean(known.name) for known in self.config.targets)
            raise UsageError(f"route: no target {clean(target)}; known: {listed}")
        held = in_force(self.revisions, self.now_ms).get(("", target))
        if held is not None:
            raise CosttuiError(f"{target} is drained already, by {clean(held.actor)}; `--undo` ends that")
        return self._draft(Kind.DRAIN, "", ((target, 0),), until_ms)

    def end_drain(self, target: str) -> Revision:
        """A drained target takes requests again, whoever drained it: naming it says that it is meant."""
        self._allowed()
        held = in_force(self.revisions, self.now_ms).get(("", target))
        if held is None:
            raise CosttuiError(f"{clean(target)} is not drained: there is nothing to undo")
        return self._draft(Kind.UNDO, held.route, held.weights, None)

    def budget(self, name: str, limit: NanoUsd, until_ms: int | None) -> Revision:
        """Another limit for a budget, until a moment or for good."""
        self._allowed()
        if name not in {budget.name for budget in self.config.budgets}:
            listed = ", ".join(clean(budget.name) for budget in self.config.budgets)
            raise UsageError(f"budget: no budget {clean(name)}; known: {listed or 'none, for want of [budgets]'}")
        if not 0 < limit <= LARGEST_LIMIT:
            raise UsageError("budget: the limit must be more than 0 and at most a billion USD")
        return self._draft(Kind.BUDGET, "", ((f"{BUDGET_SCOPE}{name}", limit),), until_ms)

    def end_budget(self, name: str) -> Revision:
        """The configured limit holds again, whoever changed it: naming it says that it is meant."""
        self._allowed()
        held = in_force(self.revisions, self.now_ms).get(("", f"{BUDGET_SCOPE}{name}"))
        if held is None:
            raise CosttuiError(f"the limit of budget {clean(name)} was not changed by hand: there is nothing to undo")
        return self._draft(Kind.UNDO, "", held.weights, None)

    def undo(self) -> Revision:
        """One's own last change that is in force, taken back: what it had replaced holds again, until its own end.

        Raises CosttuiError naming whose change it is otherwise.
        """
        self._allowed()
        held = undoable(self.revisions, self.actor, self.now_ms)
        return self._draft(Kind.UNDO, held.route, held.weights, None)

    def _draft(self, kind: Kind, route: str, weights: tuple[tuple[str, int], ...], until_ms: int | None) -> Revision:
        if until_ms is not None and until_ms <= self.now_ms:
            raise UsageError("the end of the change has passed already")
        number = max((revision.revision_id for revision in self.revisions), default=0) + 1
        scope = (route, "") if route else ("", weights[0][0])
        head = newest(self.revisions).get(scope)
        parent = None if head is None else head.revision_id
        return Revision(number, route, self.now_ms, self.actor, self.reason, kind, weights, until_ms, parent)

    def _allowed(self) -> None:
        if self.config.host.control == "off":
            raise CosttuiError('changes by hand are off here (host.control = "off"); edit the configuration instead')

    def _route(self, name: str) -> Route:
        self._allowed()
        found = next((route for route in self.config.routes if route.name == name), None)
        if found is None:
            listed = ", ".join(clean(route.name) for route in self.config.routes)
            raise UsageError(f"route: no route {clean(name)}; known: {listed or 'none, for want of [routes]'}")
        return found


def undoable(revisions: Sequence[Revision], actor: str, now_ms: int) -> Revision:
    """The change that `undo` takes back: the last of `actor` that is in force.

    A later change of somebody else to the same route stands before it, and is theirs to take back.
    """
    held = in_force(revisions, now_ms)
    standing = sorted(held.values(), key=lambda revision: revision.revision_id)
    mine = [revision for revision in standing if revision.actor == actor]
    hidden = _hidden(revisions, held, actor, now_ms)
    if hidden is not None and (not mine or mine[-1].revision_id < hidden[0].revision_id):
        raise _others(hidden[1])
    if mine:
        return mine[-1]
    if standing:
        raise _others(standing[-1])
    raise CosttuiError("no change by hand is in force: there is nothing to undo")


def _hidden(
    revisions: Sequence[Revision], held: Mapping[tuple[str, str], Revision], actor: str, now_ms: int
) -> tuple[Revision, Revision] | None:
    """The actor's last change that somebody else's change replaced, with that one."""
    for revision in reversed(revisions):
        over = held.get(revision.scope)
        ended = revision.until_ms is not None and revision.until_ms <= now_ms
        if revision.actor != actor or revision.kind is Kind.UNDO or ended or over is None or over is revision:
            continue
        if over.revision_id > revision.revision_id and over.actor != actor:
            return revision, over
    return None


def _others(revision: Revision) -> CosttuiError:
    what = f"{revision.kind} of {clean(revision.subject)}"
    return CosttuiError(
        f"the last change in force is the {what} by {clean(revision.actor)}, who can undo it;"
        " a new `route shift` or `pin` replaces it, `route drain TARGET --undo` ends a drain"
    )


def _reach(route: Route, target: str) -> None:
    if target not in route.targets:
        raise UsageError(f"route: {clean(target)} is no target of {route.name}; known: {', '.join(route.targets)}")
    if target not in reachable(route):
        raise UsageError(f"route: {clean(target)} is outside the boundary of {route.name}")

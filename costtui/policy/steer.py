"""Where a request goes by marginal cost: own GPUs while they keep the latency objective, the cheapest API above.

`steer` is on the path of every request of such a route: under 5 us at three candidates. What it looked at and why each
candidate lost is worked out again only when somebody asks: facts are values, so the decision keeps them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from costtui.domain.ability import ABLE, Abilities
from costtui.domain.ask import Ask
from costtui.domain.rule import Rule
from costtui.policy.facts import Facts, Target
from costtui.policy.predict import Prediction, output_tokens, predict, prompt_tokens
from costtui.policy.sessions import Session, session_of

TTFT_SECONDS = 2.0
TPOT_MS = 100.0
"""Objectives of a route that states none."""
ADMITTED, RESUMED = 0.85, 0.75
"""Parts of the objective that a prediction may reach: with some margin, and more of it once requests were sent
elsewhere, so that traffic does not go to and fro."""
PROBE_MS = 10_000
"""A target that had nothing to do for so long gets a request by its rates alone: bad news of it can be undone."""
MILLION = 1_000_000
IDLE_FIRST, CHEAPEST, CASCADE = "idle-first", "cheapest", "cascade"
STEERED = (IDLE_FIRST, CHEAPEST, CASCADE)
_UNKNOWN = 1 << 62
_NOBODY = Target()
_new = tuple.__new__
"""A NamedTuple's own constructor is written in Python and takes 0.3 us more."""


def matches(rule: Rule, ask: Ask, tokens: int) -> bool:
    """Whether the rule is about a request of so many prompt tokens."""
    if rule.key_id and ask.key_id != rule.key_id:
        return False
    if (rule.tag and ask.tag != rule.tag) or (rule.data_class and ask.data_class != rule.data_class):
        return False
    if rule.tokens_over is not None and tokens <= rule.tokens_over:
        return False
    if rule.tokens_up_to is not None and tokens > rule.tokens_up_to:
        return False
    return rule.hours is None or _within(rule.hours, ask.hour)


def _within(hours: tuple[int, int], hour: int) -> bool:
    begin, end = hours
    return begin <= hour < end if begin <= end else hour >= begin or hour < end


@dataclass(frozen=True, slots=True)
class Way:
    """A route as steering needs it. `targets` may all be reached, none outside the boundary is here."""

    route: str
    strategy: str
    targets: tuple[str, ...]
    """In the listed order, which decides between equals."""
    ttft_ms: float = TTFT_SECONDS * 1000
    tpot_ms: float = TPOT_MS
    rules: tuple[Rule, ...] = ()
    abilities: tuple[tuple[str, Abilities], ...] = ()
    """Of targets of which something is known."""
    simple_above: float = 0.5
    """`cascade`: prompts that are at least so simple go to the cheapest target."""


class Candidate(NamedTuple):
    """A target that a request might have gone to."""

    target: str
    marginal_nano: int | None
    """What this request would cost there beyond what is paid anyway; None is unknown."""
    why: str
    """Why it lost; empty for the one that was taken."""


class Steered(NamedTuple):
    """A decision. `targets`: first choice, then the fallbacks in order; empty where there is nowhere to go."""

    targets: tuple[str, ...]
    reason: str
    """Why the first one, in one sentence; why none, where there is none."""
    full: tuple[str, ...]
    """Own targets that were too full for it: `Refused` events."""
    prompt_tokens: int
    """As predicted for the first target."""
    prediction: Prediction | None
    """Of the first target; None for an API."""
    way: Way
    facts: Facts
    ask: Ask

    def candidates(self) -> list[Candidate]:
        """Every target of the route, the one that was taken first; worked out when it is asked for."""
        return _candidates(self)


def steer(way: Way, facts: Facts, ask: Ask) -> Steered:
    """Where it goes. Pure: the same for the same arguments."""
    left = open_targets(way, facts, ask)
    if not left:
        return Steered((), nowhere(way, facts, ask), (), 0, None, way, facts, ask)
    if way.strategy == CHEAPEST or (way.strategy == CASCADE and (ask.simple or 0.0) >= way.simple_above):
        return _cheapest(way, facts, ask, left)
    if way.strategy == CASCADE:
        return _listed(way, facts, ask, left)
    return _idle_first(way, facts, ask, left)


def open_targets(way: Way, facts: Facts, ask: Ask) -> tuple[str, ...]:
    """Targets that may serve it: what rules allow, what is well, what can."""
    targets = way.targets
    if way.rules:
        rule = _rule(way, facts, ask)
        if rule is not None:
            targets = tuple([name for name in targets if name in rule.targets])
    closed = facts.closed
    if closed and not closed.isdisjoint(targets):
        targets = tuple([name for name in targets if name not in closed])
    if way.abilities:
        unable = [name for name, each in way.abilities if _lacks(each, facts, ask, name)]
        if unable:
            targets = tuple([name for name in targets if name not in unable])
    return targets


def _rule(way: Way, facts: Facts, ask: Ask) -> Rule | None:
    """The first that is about the request."""
    tokens = prompt_tokens(facts.targets.get(way.targets[0], _NOBODY), ask) if way.targets else 0
    for rule in way.rules:
        if matches(rule, ask, tokens):
            return rule
    return None


def _lacks(abilities: Abilities, facts: Facts, ask: Ask, name: str) -> str:
    needs, tokens = ask.needs, 0
    if abilities.context_window is not None:
        tokens = prompt_tokens(facts.targets.get(name, _NOBODY), ask) + (ask.output_tokens or 0)
        if not needs and tokens <= abilities.context_window:
            return ""
    return abilities.lacks(tokens, needs)


def _idle_first(way: Way, facts: Facts, ask: Ask, names: Sequence[str]) -> Steered:
    """The own target that costs least and answers first of those that keep the objective, unless an API costs less than
    waking it up; else the cheapest API."""
    best: tuple[int, float, str, int, Prediction] | None = None
    full: list[str] = []
    apis: list[str] = []
    for name in names:
        target = facts.targets.get(name, _NOBODY)
        if target.serving is None:
            apis.append(name)
            continue
        tokens = prompt_tokens(target, ask)
        prediction = predict(target, target.serving, tokens, ask.now_ms)
        if not keeps(way, target, prediction, ask.now_ms):
            full.append(name)
            continue
        marginal = _cost(target, name, tokens, output_tokens(facts, ask), None) if target.rates else 0
        rank = (marginal, prediction.ttft_ms * target.ttft_factor, name, tokens, prediction)
        if best is None or rank < best:
            best = rank
    if best is not None and not (best[0] and apis and _undercut(facts, ask, apis, best[0])):
        _, _, name, tokens, prediction = best
        order = (name, *(other for other in names if other != name))
        why = f"idle-first: {name} has room"
        return _new(Steered, (order, why, tuple(full), tokens, prediction, way, facts, ask))
    if not apis:
        return _fullest(way, facts, ask, full)
    dearer = () if best is None else [name for name in names if name not in apis and name not in full]
    return _spilled(way, facts, ask, apis, full, dearer)


def _undercut(facts: Facts, ask: Ask, apis: Sequence[str], own_nano: int) -> bool:
    """Whether an API costs less than so much."""
    return any(nano < own_nano for name in apis if (nano := marginal_nano(facts, ask, name)) is not None)


def keeps(way: Way, target: Target, prediction: Prediction, now_ms: int) -> bool:
    """Whether a prediction keeps the route's objectives, with the margin that the target needs now."""
    part = RESUMED if target.spilling else ADMITTED
    ttft_ms, tpot_ms = prediction
    ttft_most_ms, tpot_most_ms = way.ttft_ms * part, way.tpot_ms * part
    if ttft_ms * target.ttft_factor <= ttft_most_ms and tpot_ms * target.tpot_factor <= tpot_most_ms:
        return True
    if target.pending or target.running or now_ms - target.moved_ms < PROBE_MS:
        return False
    return ttft_ms <= ttft_most_ms and tpot_ms <= tpot_most_ms


def _spilled(way: Way, facts: Facts, ask: Ask, apis: Sequence[str], full: list[str], dearer: Sequence[str]) -> Steered:
    """Cheapest API first; those whose price nobody knows last, in the listed order; then own targets."""
    held, output = facts.targets, output_tokens(facts, ask)
    kept = session_of(facts.sessions, ask.session, ask.now_ms) if ask.session else None
    costs = []
    for place, name in enumerate(apis):
        target = held.get(name, _NOBODY)
        tokens = prompt_tokens(target, ask)
        costs.append((_cost(target, name, tokens, output, kept), place, name, tokens))
    costs.sort()
    _, _, first, tokens = costs[0]
    if dearer:
        reason = f"idle-first: {first} costs less than {', '.join(dearer)} would"
    else:
        why = f"{', '.join(full)} full: " if full else ""
        reason = f"idle-first: {why}{first} is the cheapest of the rest"
    order = (*[each[2] for each in costs], *dearer, *full)
    return _new(Steered, (order, reason, tuple(full), tokens, None, way, facts, ask))


def _fullest(way: Way, facts: Facts, ask: Ask, full: list[str]) -> Steered:
    """Nothing keeps the objective and nothing else may be used: the one that answers first."""
    timed = []
    for name in full:
        target = facts.targets.get(name, _NOBODY)
        tokens = prompt_tokens(target, ask)
        if target.serving is not None:
            prediction = predict(target, target.serving, tokens, ask.now_ms)
            timed.append((prediction.ttft_ms * target.ttft_factor, name, tokens, prediction))
    timed.sort()
    _, first, tokens, prediction = timed[0]
    reason = f"idle-first: all full, {first} answers first"
    return Steered(tuple(name for _, name, _, _ in timed), reason, tuple(full), tokens, prediction, way, facts, ask)


def _cheapest(way: Way, facts: Facts, ask: Ask, names: Sequence[str]) -> Steered:
    """By expected cost, with what of the conversation lies in a provider's cache; full targets come last."""
    output, now_ms = output_tokens(facts, ask), ask.now_ms
    kept = session_of(facts.sessions, ask.session, now_ms) if ask.session else None
    full: list[str] = []
    costs: list[tuple[bool, int, float, int, str, int, Prediction | None]] = []
    for place, name in enumerate(names):
        target = facts.targets.get(name, _NOBODY)
        tokens, prediction, late, ttft_ms = prompt_tokens(target, ask), None, False, 0.0
        if target.serving is not None:
            prediction = predict(target, target.serving, tokens, now_ms)
            late = not keeps(way, target, prediction, now_ms)
            ttft_ms = prediction.ttft_ms * target.ttft_factor
            if late:
                full.append(name)
        costs.append((late, _cost(target, name, tokens, output, kept), ttft_ms, place, name, tokens, prediction))
    costs.sort()  # places differ, so nothing after them is ever compared
    _, _, _, _, first, tokens, prediction = costs[0]
    reason = f"cascade: simple, {first}" if way.strategy == CASCADE else f"cheapest: {first}"
    if kept is not None and kept.target == first:
        reason += ", which has the conversation cached"
    order = tuple([each[4] for each in costs])
    return _new(Steered, (order, reason, tuple(full), tokens, prediction, way, facts, ask))


def _listed(way: Way, facts: Facts, ask: Ask, names: Sequence[str]) -> Steered:
    first = names[0]
    target = facts.targets.get(first, _NOBODY)
    tokens = prompt_tokens(target, ask)
    prediction = None if target.serving is None else predict(target, target.serving, tokens, ask.now_ms)
    return _new(Steered, (tuple(names), f"cascade: not simple, {first}", (), tokens, prediction, way, facts, ask))


def _cost(target: Target, name: str, tokens: int, output: float, kept: Session | None) -> int:
    """Nano-USD beyond what is paid anyway, as a number that can be compared."""
    rates = target.rates
    if rates is None:
        return _UNKNOWN if target.serving is None else 0
    cached = min(tokens, kept.input_tokens) if kept is not None and kept.target == name else 0
    scaled = (tokens - cached) * rates.input + cached * rates.cached_input + int(output * rates.output)
    nano = scaled // MILLION + rates.request_nano
    return nano + max(0, rates.wake_nano - target.passed_nano) if target.asleep else nano


def marginal_nano(facts: Facts, ask: Ask, name: str) -> int | None:
    """What this request is expected to cost at the target beyond what is paid anyway; None is unknown."""
    target = facts.targets.get(name, _NOBODY)
    kept = session_of(facts.sessions, ask.session, ask.now_ms)
    cost = _cost(target, name, prompt_tokens(target, ask), output_tokens(facts, ask), kept)
    return None if cost == _UNKNOWN else cost


def nowhere(way: Way, facts: Facts, ask: Ask) -> str:
    """Why no target of the route can serve it."""
    lost = [f"{each.target}: {each.why}" for each in _losers(way, facts, ask)]
    return f"no target of {way.route} can serve this request: {'; '.join(lost) or 'all are drained by hand'}"


def _candidates(decision: Steered) -> list[Candidate]:
    way, facts, ask = decision.way, decision.facts, decision.ask
    found = []
    for place, name in enumerate(decision.targets):
        why = ""
        if place:
            why = "too full for the objective" if name in decision.full else "costs more, or is listed later"
        found.append(Candidate(name, marginal_nano(facts, ask, name), why))
    taken = frozenset(decision.targets)
    return found + [each for each in _losers(way, facts, ask) if each.target not in taken]


def _losers(way: Way, facts: Facts, ask: Ask) -> list[Candidate]:
    """Targets that were never ranked, and what kept them out."""
    known = dict(way.abilities)
    rule = _rule(way, facts, ask)
    found = []
    for name in way.targets:
        lack = _lacks(known.get(name, ABLE), facts, ask, name)
        if rule is not None and name not in rule.targets:
            why = "a rule sends it elsewhere"
        elif name in facts.closed:
            why = "failed of late"
        elif lack:
            why = lack
        else:
            continue
        found.append(Candidate(name, marginal_nano(facts, ask, name), why))
    return found

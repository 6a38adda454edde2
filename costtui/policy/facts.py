"""What the router knows, as a value: `fold` takes an event in and gives the next facts; nothing is ever changed.

Everything here is seen from outside: requests that went out, first bytes and ends that came back, engines' own
counters, prices. How long an answer will be, or what a server has queued, is in nobody's knowledge.
"""

from collections.abc import Mapping
from typing import NamedTuple

from costtui.policy.sessions import NO_SESSIONS, Session, Sessions, remembered

TOKENS_PER_BYTE = 0.25
TOKENS_PER_BYTE_MOST = 1.0
"""Whoever reports more counts what is not in the request, such as a prompt of its own."""
OUTPUT_TOKENS = 200
"""Of an answer, before any was seen."""
LEARNT = 0.05
"""Share of the newest sample in what is learnt of prompts and answers."""
CORRECTED = 0.05
"""The same of how far predictions were off."""
FACTOR_LOW, FACTOR_HIGH = 0.1, 10.0
"""So that rates nobody configured are learnt, too. Bounds of 0.8 and 4 lost a quarter of what a real hour's traffic
could save where rates were taken for a quarter of what they are, and a third of it was late where for eight times."""
SURPRISE = 4.0
"""A sample counts for no more than so many times what was expected: one stalled answer says little of the next."""
ENGINE_MS = 15_000
"""An engine's own counters are believed this long: they lag by 3 to 6 s and are read each second."""


class Serving(NamedTuple):
    """A self-hosted target's abilities. Rates are of one server with nothing else to do."""

    prefill_tokens_per_second: float = 4_000.0
    decode_tokens_per_second: float = 1_000.0
    """Of all running answers together."""
    streams: int = 256
    """At most so many at a time."""
    floor_ms: float = 20.0
    """Per output token of a lone answer."""
    prefill_share: float = 0.6
    """Of the server's time that prompts get while answers are being written."""


class Rates(NamedTuple):
    """What one more request costs: nano-USD per million tokens, and per request. Of GPUs that are paid anyway only
    their extra power; of capacity that is paid while on also `wake_nano` while it is off: its cold start, and the
    delay until it is scaled down again."""

    input: int = 0
    cached_input: int = 0
    output: int = 0
    request_nano: int = 0
    wake_nano: int = 0


class Target(NamedTuple):
    """One target, as of the last event that concerned it."""

    serving: Serving | None = None
    """None: an API, which is taken to have room always."""
    rates: Rates | None = None
    """None: nobody knows what it costs."""
    pending: int = 0
    """Own requests without a first byte."""
    pending_tokens: int = 0
    """Of their prompts."""
    running: int = 0
    """Own answers that are being written."""
    moved_ms: int = 0
    """When a prompt was last done, or begun with nothing before it; once nothing is left to do: since when."""
    foreign: int = 0
    """Requests on the engine that did not come from here."""
    foreign_ms: int = 0
    ttft_factor: float = 1.0
    """How much later first bytes came of late than was predicted."""
    tpot_factor: float = 1.0
    tokens_per_byte: float = TOKENS_PER_BYTE
    spilling: bool = False
    """Whether it was too full for the last request: it takes new ones only once it has some room to spare."""
    asleep: bool = False
    """Scaled to zero."""
    passed_nano: int = 0
    """What others were paid since it fell asleep for requests that might have woken it."""


class Began(NamedTuple):
    """A request went out."""

    target: str
    route: str
    prompt_tokens: int
    at_ms: int


class FirstByte(NamedTuple):
    """Its answer began. `predicted_ms` is what was predicted for it when it went out; 0: nothing was."""

    target: str
    prompt_tokens: int
    predicted_ms: float
    waited_ms: float
    at_ms: int


class Ended(NamedTuple):
    """It is over. Of one that never began `answered` is False, and its tokens say nothing."""

    target: str
    route: str
    prompt_tokens: int
    """As in its `Began`."""
    answered: bool
    at_ms: int
    prompt_bytes: int = 0
    input_tokens: int = 0
    """As reported; 0 where nothing was."""
    output_tokens: int = 0
    writing_ms: float = 0.0
    """From the first byte to the last."""
    predicted_tpot_ms: float = 0.0
    session: int = 0


class EngineSeen(NamedTuple):
    """An engine's own counters; where it has none, its GPU's utilisation."""

    target: str
    running: int | None
    waiting: int | None
    at_ms: int
    gpu_ratio: float | None = None


class Known(NamedTuple):
    """Abilities and costs of a target, from configuration and price list."""

    target: str
    serving: Serving | None
    rates: Rates | None
    asleep: bool = False


class Health(NamedTuple):
    """Targets that are left alone for now."""

    closed: frozenset[str]


class Passed(NamedTuple):
    """A request went elsewhere for so much, as that is less than what waking the target costs."""

    target: str
    nano: int


class Refused(NamedTuple):
    """A target was too full for a request that it would have got."""

    target: str


Event = Began | FirstByte | Ended | EngineSeen | Known | Health | Passed | Refused


class Facts(NamedTuple):
    """Everything that a decision may rest on, beside the route and the request."""

    targets: Mapping[str, Target] = {}
    outputs: Mapping[str, float] = {}
    """Mean output tokens of each route."""
    closed: frozenset[str] = frozenset()
    sessions: Sessions = NO_SESSIONS


NO_FACTS = Facts()
_NOBODY = Target()
_new = tuple.__new__
"""What each request passes is made of all its fields: `_replace` is written in Python and takes 2 us more."""


def fold(facts: Facts, event: Event) -> Facts:
    """The facts after an event. Events of one request come in order; those of different ones in any."""
    match event:
        case Began():
            return _began(facts, event)
        case FirstByte():
            return _first_byte(facts, event)
        case Ended():
            return _ended(facts, event)
        case EngineSeen():
            return _engine(facts, event)
        case Known(name, serving, rates, asleep):
            held = facts.targets.get(name, _NOBODY)
            return _with(facts, name, held._replace(serving=serving, rates=rates, asleep=asleep))
        case Health(closed):
            return facts._replace(closed=closed)
        case Passed(name, nano):
            held = facts.targets.get(name, _NOBODY)
            return _with(facts, name, held._replace(passed_nano=held.passed_nano + nano))
        case Refused(name):
            return _with(facts, name, facts.targets.get(name, _NOBODY)._replace(spilling=True))


def _with(facts: Facts, name: str, target: Target) -> Facts:
    targets = {**facts.targets, name: target}
    return _new(Facts, (targets, facts.outputs, facts.closed, facts.sessions))


def _began(facts: Facts, event: Began) -> Facts:
    name, _, prompt_tokens, at_ms = event
    serving, rates, pending, tokens, running, moved_ms, *seen, _, _, _ = facts.targets.get(name, _NOBODY)
    moved_ms = moved_ms if pending else at_ms
    awake = (serving, rates, pending + 1, tokens + prompt_tokens, running, moved_ms, *seen, False, False, 0)
    return _with(facts, name, _new(Target, awake))


def _first_byte(facts: Facts, event: FirstByte) -> Facts:
    name, prompt_tokens, predicted_ms, waited_ms, at_ms = event
    serving, rates, pending, tokens, running, _, foreign, foreign_ms, factor, *rest = facts.targets.get(name, _NOBODY)
    pending, tokens = _answered(pending, tokens, prompt_tokens)
    if predicted_ms > 100.0:  # what is over at once says nothing about a queue
        factor = _learnt(factor, waited_ms / predicted_ms)
    began = (serving, rates, pending, tokens, running + 1, at_ms, foreign, foreign_ms, factor, *rest)
    return _with(facts, name, _new(Target, began))


def _answered(pending: int, pending_tokens: int, prompt_tokens: int) -> tuple[int, int]:
    """One prompt less; never below nothing, whatever events were lost."""
    return (pending - 1 if pending else 0), (pending_tokens - prompt_tokens if pending_tokens > prompt_tokens else 0)


def _ended(facts: Facts, event: Ended) -> Facts:
    held = facts.targets.get(event.target, _NOBODY)
    if not event.answered:
        pending, tokens = _answered(held.pending, held.pending_tokens, event.prompt_tokens)
        return _with(facts, event.target, held._replace(pending=pending, pending_tokens=tokens))
    outputs, sessions = facts.outputs, facts.sessions
    if event.output_tokens:
        mean = outputs.get(event.route)
        mean = float(event.output_tokens) if mean is None else mean + LEARNT * (event.output_tokens - mean)
        outputs = {**outputs, event.route: mean}
    if event.session and event.input_tokens:
        sessions = remembered(sessions, Session(event.session, event.target, event.at_ms, event.input_tokens))
    targets = {**facts.targets, event.target: _with_answer(held, event)}
    return _new(Facts, (targets, outputs, facts.closed, sessions))


def _with_answer(held: Target, event: Ended) -> Target:
    """One answer less to write, and what it teaches."""
    serving, rates, pending, tokens, running, moved_ms, foreign, foreign_ms, ttft, tpot, per_byte, *rest = held
    if event.input_tokens and event.prompt_bytes:
        seen = min(TOKENS_PER_BYTE_MOST, event.input_tokens / event.prompt_bytes)
        per_byte += LEARNT * (seen - per_byte)
    if event.output_tokens > 1 and event.predicted_tpot_ms > 0:
        tpot = _learnt(tpot, event.writing_ms / (event.output_tokens - 1) / event.predicted_tpot_ms)
    running = running - 1 if running else 0
    if not running and not pending:
        moved_ms = event.at_ms
    own = (serving, rates, pending, tokens, running, moved_ms, foreign, foreign_ms)
    return _new(Target, (*own, ttft, tpot, per_byte, *rest))


def _learnt(factor: float, seen: float) -> float:
    seen = min(seen, SURPRISE * factor)
    return min(FACTOR_HIGH, max(FACTOR_LOW, factor + CORRECTED * (seen - factor)))


def _engine(facts: Facts, event: EngineSeen) -> Facts:
    held = facts.targets.get(event.target, _NOBODY)
    own = held.pending + held.running
    if event.running is not None:
        foreign = max(0, event.running + (event.waiting or 0) - own)
    else:
        foreign = int(own == 0 and (event.gpu_ratio or 0.0) > 0.5)
    return _with(facts, event.target, held._replace(foreign=foreign, foreign_ms=event.at_ms))

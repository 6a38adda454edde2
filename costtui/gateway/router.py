"""Where requests of steered routes go, and what became of them: the gateway's side of policy.

Routes of shares alone are none of its business, unless rules or abilities narrow them.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from costtui.dialects.bounds import output_limit
from costtui.domain.ability import NEEDS
from costtui.domain.ask import NO_NEEDS, Ask
from costtui.gateway.calibrated import Calibrated
from costtui.policy.facts import NO_FACTS, Facts
from costtui.policy.plan import RoutePlan, choose
from costtui.policy.steer import CASCADE, CHEAPEST, Steered, Way, nowhere, open_targets
from costtui.policy.steering import Sent, Steering
from costtui.policy.ways import guards, known, scale_down_ms, ways

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from costtui.config.model import Config
    from costtui.dialects.request import Asked
    from costtui.gateway.exchange import Exchange
    from costtui.gateway.host import EngineFigures
    from costtui.gateway.pricing import Pricing
    from costtui.policy.cascade import Choice
    from costtui.store.controls import GatewayKey

REMEMBERED = 200
"""Decisions for the screen."""
PREFIX_BYTES = 1_024
"""Of a conversation, by which it is known again: providers keep no shorter beginnings."""


class Noted(NamedTuple):
    """A decision, and the request that it was about."""

    at_ms: int
    request_id: int
    decision: Steered
    choice: "Choice | None"
    """What a cascade made of the prompt."""

    @property
    def reason(self) -> str:
        """Why it went there, with what it was scored by."""
        reason = self.decision.reason
        return reason if self.choice is None else f"{reason} ({self.choice.reason})"


class Router:
    """Of one configuration with its plans and prices; `facts` is what was learnt under the one before."""

    def __init__(
        self,
        config: "Config",
        plans: Mapping[str, RoutePlan],
        pricing: "Pricing",
        keys: Iterable["GatewayKey"],
        before: "Router | None",
    ) -> None:
        ids = {key.name: key.key_id for key in keys}
        facts: Facts = NO_FACTS if before is None else before.steering.facts
        steered = {name: _keyed(way, ids) for name, way in ways(config, plans).items()}
        self.steering: Steering = Steering(steered, known(config, pricing.now), scale_down_ms(config), facts)
        self.guards = {name: _keyed(way, ids) for name, way in guards(config, plans).items()}
        self.noted: deque[Noted] = deque(maxlen=REMEMBERED) if before is None else before.noted
        self.cascades: dict[str, Calibrated] = _cascades(config, None if before is None else before.cascades)
        self.changed = False
        """Whether anything was decided since the screens were told."""
        self._zone: ZoneInfo = config.host.timezone
        self._hour = 0
        self._whole: list[tuple[float, int, Sent]] = [] if before is None else before._whole
        """Requests whose first byte nobody will see, by when it is due."""

    @property
    def idle(self) -> bool:
        """Whether no route needs it."""
        return not self.steering.ways and not self.guards

    # a request

    def decide(self, exchange: "Exchange", plan: RoutePlan, draw: float, now_ms: int) -> tuple[tuple[str, ...], str]:
        """Where it goes, in order of preference, and why; nowhere is an empty tuple, and why."""
        route = exchange.route
        way = self.steering.ways.get(route)
        if way is None:
            return self._narrowed(exchange, plan, draw, now_ms)
        ask = self._ask(exchange, way, now_ms)
        if way.strategy == CASCADE:
            choice = exchange.choice = self.cascades[route].pick(exchange.asked, exchange.tag)
            ask = ask._replace(simple=choice.simple)
        if self._whole and self._whole[0][0] <= now_ms:
            self._promote(now_ms)
        decision = self.steering.decide(ask)
        exchange.ask, exchange.decision = ask, decision
        return decision.targets, decision.reason

    def _narrowed(self, exchange: "Exchange", plan: RoutePlan, draw: float, now_ms: int) -> tuple[tuple[str, ...], str]:
        """By its shares, among those targets that rules and abilities leave to it."""
        guard, facts = self.guards.get(exchange.route), self.steering.facts
        if guard is None:
            return choose(plan, draw, facts.closed)
        ask = exchange.ask = self._ask(exchange, guard, now_ms)
        left = frozenset(open_targets(guard, facts, ask))
        if not left:
            return (), nowhere(guard, facts, ask)
        return choose(plan, draw, facts.closed | (frozenset(plan.targets) - left))

    def _ask(self, exchange: "Exchange", way: Way, now_ms: int) -> Ask:
        asked, head = exchange.asked, exchange.head
        needs, limit, session = NO_NEEDS, None, 0
        if way.abilities:
            needs, limit = _needs(asked), output_limit(asked)
        if way.strategy == CHEAPEST:
            limit, session = output_limit(asked), _session(exchange)
        ask = (
            *(exchange.route, now_ms, len(exchange.body), None, limit),
            *(exchange.key_id, exchange.tag, head.data_class, needs, session, self._hour, None),
        )
        return tuple.__new__(Ask, ask)

    def began(self, exchange: "Exchange", now_ms: int) -> Sent | None:
        """An attempt goes out."""
        ask = exchange.ask
        if ask is None:
            ask = exchange.ask = Ask(exchange.route, now_ms, len(exchange.body))
        sent = self.steering.began(exchange.address.name, ask)
        if sent is not None and sent.prediction is not None and not exchange.asked.stream:
            heappush(self._whole, (now_ms + sent.prediction.ttft_ms, id(sent), sent))
        return sent

    def first_byte(self, sent: Sent, now_ms: int) -> None:
        """Something of the answer's body came."""
        if sent.first_ms is None:
            self.steering.first_byte(sent, now_ms)

    def ended(self, sent: Sent, now_ms: int, input_tokens: int, output_tokens: int) -> None:
        """The attempt is over; tokens as reported, 0 where nothing was."""
        if sent.first_ms is None and output_tokens and sent.prediction is not None:
            sent.prediction = None  # a whole answer: nobody knows when it began
            self.steering.first_byte(sent, now_ms)
        sent.over = True
        self.steering.ended(sent, now_ms, input_tokens, output_tokens)

    def note(self, exchange: "Exchange", now_ms: int) -> None:
        """For the screens."""
        if exchange.decision is not None:
            self.noted.append(Noted(now_ms, exchange.request_id, exchange.decision, exchange.choice))
            self.changed = True

    def _promote(self, now_ms: int) -> None:
        """Whole answers whose prompts must have been read by now are being written."""
        whole = self._whole
        while whole and whole[0][0] <= now_ms:
            sent = heappop(whole)[2]
            if not sent.over and sent.first_ms is None:
                sent.prediction = None  # by a prediction nothing can be learnt about predictions
                self.steering.first_byte(sent, now_ms)

    # beside requests

    def tick(self, now_ms: int) -> None:
        """Once a second."""
        self._hour = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(self._zone).hour
        self._promote(now_ms)
        self.steering.tick(now_ms)
        for cascade in self.cascades.values():
            cascade.calibrate()

    def seen(self, engines: "Mapping[str, EngineFigures]", at_ms: int) -> None:
        """Engines' own counters, from the agent's picture."""
        for name, figures in engines.items():
            self.steering.seen(name, figures.running, figures.waiting, at_ms, figures.gpu_ratio)


def _cascades(config: "Config", before: "Mapping[str, Calibrated] | None") -> dict[str, "Calibrated"]:
    """Of each cascade; what was learnt of a route's traffic stays with it."""
    found = {}
    for route in config.routes:
        if route.cascade is not None:
            known = None if before is None else before.get(route.name)
            found[route.name] = Calibrated(route.name, route.cascade, known)
    return found


def _keyed(way: Way, ids: Mapping[str, str]) -> Way:
    """Rules name keys as people do; requests carry their ids."""
    if not any(rule.key_id for rule in way.rules):
        return way
    rules = tuple(replace(rule, key_id=ids.get(rule.key_id, rule.key_id)) for rule in way.rules)
    return replace(way, rules=rules)


def _needs(asked: "Asked") -> frozenset[str]:
    """What the request asks of a model beyond text."""
    fields = asked.fields
    stated = {
        "tools": "tools" in fields or "functions" in fields,
        "json": "response_format" in fields or "text" in fields,
        "vision": asked.has_media,
    }
    return frozenset(need for need in NEEDS if stated[need])


def _session(exchange: "Exchange") -> int:
    """The same for requests of a key that begin alike; 0 for one that is too short for any provider to keep."""
    fields = exchange.asked.fields
    raw = fields.get("messages") or fields.get("input") or fields.get("prompt")
    if raw is None:
        return 0
    beginning = bytes(memoryview(raw)[:PREFIX_BYTES])
    return hash((exchange.key_id, beginning)) & 0x7FFF_FFFF_FFFF_FFFF if len(beginning) == PREFIX_BYTES else 0

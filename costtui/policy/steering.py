"""Steering as a gateway or a simulator holds it: the routes that are steered, and what is known so far.

Everything below is pure; this is the one thing that changes, by the events of each request and of each second.
"""

from collections.abc import Iterable, Mapping

from costtui.domain.ask import Ask
from costtui.policy.facts import (
    NO_FACTS,
    Began,
    Ended,
    EngineSeen,
    Event,
    Facts,
    FirstByte,
    Health,
    Known,
    Passed,
    Refused,
    fold,
)
from costtui.policy.predict import Prediction, predict, prompt_tokens
from costtui.policy.steer import Steered, Way, marginal_nano, steer

_new = tuple.__new__
"""A NamedTuple's own constructor is written in Python and takes 0.3 us more."""


class Sent:
    """One attempt that is under way, from `began` to `ended`."""

    __slots__ = ("ask", "began_ms", "first_ms", "over", "prediction", "prompt_tokens", "target")

    def __init__(self, target: str, ask: Ask, tokens: int, prediction: Prediction | None, began_ms: int) -> None:
        self.target = target
        self.ask = ask
        self.prompt_tokens = tokens
        """As predicted."""
        self.prediction = prediction
        self.began_ms = began_ms
        self.first_ms: int | None = None
        self.over = False


class Steering:
    """The steered routes of one configuration. Moments are unix milliseconds; a route that is not in `ways` is none of
    its business and costs nothing."""

    def __init__(
        self,
        ways: Mapping[str, Way],
        known: Iterable[Known],
        scale_down_ms: Mapping[str, int] | None = None,
        facts: Facts = NO_FACTS,
    ) -> None:
        """`scale_down_ms`: of capacity that is paid while on, after how long without work it goes to sleep. `facts`:
        what was learnt under the configuration before."""
        self.ways = ways
        self.facts = facts
        self._watched = frozenset(name for way in ways.values() for name in way.targets)
        self._scale_down_ms = scale_down_ms or {}
        for each in known:
            held = facts.targets.get(each.target)
            self._fold(each if held is None else each._replace(asleep=held.asleep))

    def decide(self, ask: Ask) -> Steered:
        """Where a request of a steered route goes; 5 us at three candidates."""
        decision = steer(self.ways[ask.route], self.facts, ask)
        for name in decision.full:
            target = self.facts.targets.get(name)
            if target is None or not target.spilling:
                self._fold(Refused(name))
        if self._scale_down_ms and decision.targets:
            self._pass_by(decision)
        return decision

    def _pass_by(self, decision: Steered) -> None:
        """Sleeping capacity that the request did not wake. Once others were paid as much as waking costs, it is woken:
        no more than twice what someone who knows the future would pay."""
        first, *rest = decision.targets
        nano = marginal_nano(decision.facts, decision.ask, first)
        for name in rest:
            held = self.facts.targets.get(name)
            if nano and name in self._scale_down_ms and held is not None and held.asleep:
                self._fold(Passed(name, nano))

    def began(self, target: str, ask: Ask) -> Sent | None:
        """An attempt goes out, also one of a route that is not steered; None for a target that no steered route has."""
        if target not in self._watched:
            return None
        held = self.facts.targets.get(target)
        tokens, prediction = 0, None
        if held is not None:
            tokens = prompt_tokens(held, ask)
            prediction = None if held.serving is None else predict(held, held.serving, tokens, ask.now_ms)
        self._fold(_new(Began, (target, ask.route, tokens, ask.now_ms)))
        return Sent(target, ask, tokens, prediction, ask.now_ms)

    def first_byte(self, sent: Sent, at_ms: int) -> None:
        """Its answer begins."""
        sent.first_ms = at_ms
        predicted_ms = 0.0 if sent.prediction is None else sent.prediction.ttft_ms
        waited_ms = float(at_ms - sent.began_ms)
        self._fold(_new(FirstByte, (sent.target, sent.prompt_tokens, predicted_ms, waited_ms, at_ms)))

    def ended(self, sent: Sent, at_ms: int, input_tokens: int = 0, output_tokens: int = 0) -> None:
        """It is over, however it ended; tokens as reported, 0 where nothing was."""
        first_ms = sent.first_ms
        ask = sent.ask
        what = (sent.target, ask.route, sent.prompt_tokens, first_ms is not None, at_ms)
        writing_ms = 0.0 if first_ms is None else float(at_ms - first_ms)
        tpot_ms = 0.0 if sent.prediction is None else sent.prediction.tpot_ms
        prompt_bytes = ask.prompt_bytes if ask.prompt_tokens is None else 0  # where tokens are known bytes tell nothing
        seen = (prompt_bytes, input_tokens, output_tokens, writing_ms, tpot_ms, ask.session)
        self._fold(_new(Ended, (*what, *seen)))

    def seen(
        self, target: str, running: int | None, waiting: int | None, at_ms: int, gpu_ratio: float | None = None
    ) -> None:
        """An engine's counters, as the agent read them at `at_ms`; for one without, `gpu_ratio` of its GPU, 0 to 1."""
        if target in self._watched:
            self._fold(EngineSeen(target, running, waiting, at_ms, gpu_ratio))

    def close(self, closed: frozenset[str]) -> None:
        """Targets that are left alone from now on; all others are well."""
        if closed != self.facts.closed:
            self._fold(Health(closed))

    def tick(self, now_ms: int) -> None:
        """Once a second: capacity that is paid while on sleeps by now if it had nothing to do for long enough."""
        for name, delay_ms in self._scale_down_ms.items():
            held = self.facts.targets.get(name)
            if held is None or held.asleep or held.pending or held.running:
                continue
            if now_ms - held.moved_ms >= delay_ms:
                self._fold(Known(name, held.serving, held.rates, asleep=True))

    def _fold(self, event: Event) -> None:
        self.facts = fold(self.facts, event)

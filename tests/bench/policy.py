"""What steering costs on the request path: `python -m tests.bench.policy`. CPU microseconds, best of seven, as JSON."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from costtui.config.model import Config, Route, Target
from costtui.domain.ability import Abilities
from costtui.domain.ask import Ask
from costtui.domain.rule import Rule
from costtui.policy.facts import Known, Rates, Serving
from costtui.policy.plan import choose, plans
from costtui.policy.steer import Way
from costtui.policy.steering import Steering
from tests.bench.dialects import microseconds

NOW_MS = 1_795_435_200_000
NAMES = ("llama", "gpt5", "novita")
KNOWN = (
    Known("llama", Serving(10_000.0, 2_500.0), Rates()),
    Known("gpt5", None, Rates(1_250_000_000, 125_000_000, 10_000_000_000)),
    Known("novita", None, Rates(135_000_000, 135_000_000, 400_000_000)),
)
IDLE_FIRST = Way("chat", "idle-first", NAMES)
RULED = replace(
    IDLE_FIRST,
    rules=(Rule(frozenset(NAMES[:1]), data_class="confidential"), Rule(frozenset(NAMES), tag="batch")),
    abilities=tuple((name, Abilities(context_window=128_000, vision=False)) for name in NAMES),
)
ASK = Ask("chat", NOW_MS, prompt_bytes=4_000)
FULL = 30
"""Requests under way, of 1,000 tokens each: twice what the objective bears."""


def of_decisions() -> dict[str, float]:
    """Three candidates: one own target and two APIs."""
    figures = {}
    for name, way in {
        "idle-first": IDLE_FIRST,
        "idle-first, rules and abilities": RULED,
        "cheapest": replace(IDLE_FIRST, strategy="cheapest"),
    }.items():
        held = Steering({"chat": way}, KNOWN)
        ask = ASK._replace(session=5) if way.strategy == "cheapest" else ASK
        figures[name] = microseconds(partial(held.decide, ask))
        for _ in range(FULL):
            held.began("llama", ASK)
        figures[f"{name}, own target full"] = microseconds(partial(held.decide, ask))
    return figures


def of_the_manual_split() -> dict[str, float]:
    """A weighted route, which steering has no part in."""
    targets = tuple(Target(name, engine="vllm") for name in NAMES)
    config = Config(targets=targets, routes=(Route("chat", "weighted", NAMES, weights=(("llama", 9), ("gpt5", 1))),))
    return {"weighted": microseconds(partial(choose, plans(config, (), 0).plans["chat"], 0.5, frozenset()))}


def of_events() -> dict[str, float]:
    """All that one request tells steering: it began, its answer began, it ended."""
    held = Steering({"chat": IDLE_FIRST}, KNOWN)
    return {"a request's three events": microseconds(_request(held)), "Ask": microseconds(lambda: Ask(*ASK))}


def _request(held: Steering) -> Callable[[], None]:
    def run() -> None:
        sent = held.began("llama", ASK)
        if sent is not None:
            held.first_byte(sent, NOW_MS + 100)
            held.ended(sent, NOW_MS + 900, 1_000, 200)

    return run


if __name__ == "__main__":
    print(json.dumps({**of_decisions(), **of_the_manual_split(), **of_events()}, indent=2))

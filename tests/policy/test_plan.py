"""Where requests go: shares, boundaries, changes by hand, and what is left when targets fail."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costtui.config.model import Config, Route, Target
from costtui.domain.control import Kind, Revision
from costtui.policy.alias import resolve
from costtui.policy.plan import choose, plans

NONE: frozenset[str] = frozenset()
CONFIG = Config(
    targets=(
        Target("llama", engine="vllm", model="meta/llama"),
        Target("novita", provider="novita", model="meta/llama-n"),
        Target("opus", provider="anthropic", model="claude"),
        Target("gpt", provider="openai", model="twice"),
        Target("gpt-eu", provider="azure", model="twice"),
    ),
    routes=(
        Route("chat", "idle-first", ("llama", "novita", "opus")),
        Route("split", "weighted", ("llama", "novita", "opus"), weights=(("llama", 90), ("novita", 10))),
        Route("legal", "pinned", ("llama", "novita")),
        Route("opus", "cheapest", ("gpt", "opus")),
    ),
)


def revision(number: int, kind: Kind, route: str, weights: dict[str, int], **more: int | None) -> Revision:
    """A change by ana at moment `number`."""
    until_ms, parent = more.get("until_ms"), more.get("parent")
    return Revision(number, route, number, "ana", "", kind, tuple(weights.items()), until_ms, parent)


def split(route: str, draws: int, *revisions: Revision, now_ms: int = 100) -> dict[str, int]:
    """How many of evenly spread draws go where."""
    plan = plans(CONFIG, revisions, now_ms).plans[route]
    counts: dict[str, int] = {}
    for draw in range(draws):
        first = choose(plan, draw / draws, NONE).targets[0]
        counts[first] = counts.get(first, 0) + 1
    return counts


@pytest.mark.parametrize(
    ("route", "targets"),
    [
        ("chat", ("llama", "novita", "opus")),  # strategies that steer by load begin with the listed order
        ("legal", ("llama",)),  # pinned has no fallback
        ("llama", ("llama",)),  # a target asked for by its own name
        ("opus", ("gpt", "opus")),  # a route hides the target of the same name
    ],
)
def test_the_configuration_alone_decides_where_nobody_changed_anything(route: str, targets: tuple[str, ...]) -> None:
    planned = plans(CONFIG, (), 0)
    assert choose(planned.plans[route], 0.999, NONE).targets == targets
    assert (planned.next_change_ms, planned.warnings) == (None, ())


def test_shares_are_exact_over_evenly_spread_draws() -> None:
    assert split("split", 1000) == {"llama": 900, "novita": 100}
    by_hand = revision(1, Kind.SHIFT, "split", {"llama": 1, "novita": 1, "opus": 1})
    assert split("split", 3000, by_hand) == {"llama": 1000, "novita": 1000, "opus": 1000}


@settings(max_examples=200, deadline=None)
@given(shares=st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any), rounds=st.integers(1, 20))
def test_any_whole_shares_are_exact_over_a_multiple_of_their_sum(shares: list[int], rounds: int) -> None:
    by_hand = revision(1, Kind.SHIFT, "chat", dict(zip(("llama", "novita", "opus"), shares, strict=True)))
    wanted = {name: share * rounds for name, share in by_hand.weights if share}
    assert split("chat", sum(shares) * rounds, by_hand) == wanted


def test_a_target_without_a_share_is_a_fallback_in_the_listed_order() -> None:
    plan = plans(CONFIG, (), 0).plans["split"]
    assert choose(plan, 0.95, NONE) == (("novita", "llama", "opus"), "weighted: novita takes 10 of 100")
    assert choose(plan, 0.0, NONE).targets == ("llama", "novita", "opus")


def test_a_failing_target_is_passed_over_and_its_share_goes_to_the_others() -> None:
    plan = plans(CONFIG, (), 0).plans["split"]
    assert choose(plan, 0.95, frozenset({"novita"})) == (("llama", "opus"), "novita failed of late: llama")
    assert choose(plan, 0.95, frozenset({"opus"})).reason == "weighted: novita takes 10 of 100"
    assert choose(plan, 0.1, frozenset({"llama", "novita"})).targets == ("opus",)
    nobody = choose(plan, 0.1, frozenset({"llama", "novita", "opus"}))
    assert nobody.targets == ()
    assert nobody.reason == "no target of split is well: llama, novita, opus failed of late"


def test_a_pin_by_hand_leaves_no_way_around_it() -> None:
    pinned = revision(1, Kind.PIN, "chat", {"novita": 1}, until_ms=3_600_000)
    plan = plans(CONFIG, (pinned,), 100).plans["chat"]
    assert choose(plan, 0.5, NONE) == (("novita",), "pinned by ana until 01:00: novita")
    assert choose(plan, 0.5, frozenset({"novita"})).targets == ()
    assert (plan.strategy, plan.overridden_until_ms) == ("pinned", 3_600_000)


def test_a_drained_target_takes_nothing_new_on_any_route() -> None:
    drained = revision(1, Kind.DRAIN, "", {"llama": 0})
    planned = plans(CONFIG, (drained,), 100).plans
    assert choose(planned["chat"], 0.0, NONE).targets == ("novita", "opus")
    assert choose(planned["split"], 0.0, NONE).targets == ("novita", "opus")
    assert planned["chat"].drained == ("llama",)
    assert choose(planned["llama"], 0.0, NONE) == ((), "target llama is drained by hand")
    assert choose(planned["legal"], 0.0, NONE) == ((), "no target of legal takes requests: llama drained by hand")


def test_a_change_ends_by_itself_exactly_when_it_says() -> None:
    shifted = revision(1, Kind.SHIFT, "chat", {"opus": 1}, until_ms=5000)
    before, after = plans(CONFIG, (shifted,), 4999), plans(CONFIG, (shifted,), 5000)
    assert choose(before.plans["chat"], 0.0, NONE).targets[0] == "opus"
    assert before.next_change_ms == 5000
    assert choose(after.plans["chat"], 0.0, NONE).targets[0] == "llama"
    assert after.next_change_ms is None


def test_a_change_that_names_a_removed_target_is_left_out_with_a_warning() -> None:
    shifted = revision(7, Kind.SHIFT, "chat", {"llama": 1, "gmi": 9})
    planned = plans(CONFIG, (shifted,), 100)
    assert choose(planned.plans["chat"], 0.0, NONE).targets == ("llama", "novita", "opus")
    assert planned.plans["chat"].overridden_by is None
    assert planned.warnings == (
        "the shift of chat by ana (revision 7) names gmi, which is no target of the route any more: left out",
    )


def test_a_change_of_a_removed_route_or_target_is_said() -> None:
    gone = (revision(1, Kind.SHIFT, "old", {"llama": 1}), revision(2, Kind.DRAIN, "", {"gmi": 0}))
    assert plans(CONFIG, gone, 100).warnings == (
        "the shift by ana is of route old, which is not configured any more: left out",
        "the drain by ana is of target gmi, which is not configured any more: left out",
    )


def test_a_change_outside_a_tightened_boundary_is_left_out() -> None:
    tight = replace(CONFIG, routes=(replace(CONFIG.routes[0], boundary=("llama",)),))
    planned = plans(tight, (revision(1, Kind.PIN, "chat", {"novita": 1}),), 100)
    assert choose(planned.plans["chat"], 0.5, NONE).targets == ("llama",)
    assert "novita" in planned.warnings[0]


def _random_case(dice: Random) -> tuple[Config, tuple[Revision, ...]]:
    names = ["a", "b", "c", "d"]
    targets = tuple(dice.sample(names, dice.randint(1, 4)))
    boundary = tuple(dice.sample(names, dice.randint(0, 4))) if dice.random() < 0.8 else None
    strategy = dice.choice(["idle-first", "cheapest", "weighted", "pinned", "cascade"])
    weights = tuple((name, dice.randint(0, 3)) for name in targets) if strategy == "weighted" else ()
    config = Config(
        targets=tuple(Target(name, provider="openai", model=name) for name in names),
        routes=(Route("r", strategy, targets, boundary, weights=weights),),
    )
    revisions = []
    for number in range(1, dice.randint(1, 5)):
        kind = dice.choice(list(Kind))
        some = {name: dice.randint(0, 2) for name in dice.sample([*names, "gone"], dice.randint(1, 3))}
        until_ms = dice.choice([None, 50, 150])
        parent = dice.choice([None, *range(1, number)])
        route = "" if kind is Kind.DRAIN else "r"
        revisions.append(revision(number, kind, route, some, until_ms=until_ms, parent=parent))
    return config, tuple(revisions)


def test_no_decision_is_ever_outside_the_boundary_or_drained() -> None:
    dice = Random(3)
    decided = 0
    for _ in range(20_000):
        config, revisions = _random_case(dice)
        plan = plans(config, revisions, 100).plans["r"]
        route = config.routes[0]
        closed = frozenset(name for name in "abcd" if dice.random() < 0.3)
        decision = choose(plan, dice.random(), closed)
        allowed = set(route.targets) - set(plan.drained) - closed
        if route.boundary is not None:
            allowed &= set(route.boundary)
        assert set(decision.targets) <= allowed, (route, revisions, closed)
        assert len(set(decision.targets)) == len(decision.targets)
        assert decision.reason
        decided += bool(decision.targets)
    assert decided > 5_000


def test_a_model_is_asked_for_by_route_then_target_then_its_own_unique_name() -> None:
    assert resolve(CONFIG) == {
        "chat": "chat",
        "split": "split",
        "legal": "legal",
        "opus": "opus",
        "llama": "llama",
        "novita": "novita",
        "gpt": "gpt",
        "gpt-eu": "gpt-eu",
        "meta/llama": "llama",
        "meta/llama-n": "novita",
        "claude": "opus",
    }


def test_every_alias_leads_to_a_plan() -> None:
    assert set(resolve(CONFIG).values()) == set(plans(CONFIG, (), 0).plans)

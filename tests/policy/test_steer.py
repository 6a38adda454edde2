"""Where a request goes by marginal cost, and why the others lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.ability import Abilities
from costtui.domain.ask import Ask
from costtui.domain.rule import Rule
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
    Rates,
    Refused,
    Serving,
    fold,
)
from costtui.policy.steer import Steered, Way, matches, steer

NOON_MS = 1_795_435_200_000
DEAR, CHEAP = Rates(1_000_000_000, 100_000_000, 10_000_000_000), Rates(100_000_000, 100_000_000, 400_000_000)
SERVING = Serving(10_000.0, 2_500.0)
WAY = Way("chat", "idle-first", ("llama", "gpt5", "novita"))
ASK = Ask("chat", NOON_MS, prompt_tokens=1_000)


def known(*events: Event) -> Facts:
    facts = NO_FACTS
    for event in (Known("llama", SERVING, Rates()), Known("gpt5", None, DEAR), Known("novita", None, CHEAP), *events):
        facts = fold(facts, event)
    return facts


def busy(requests: int, tokens: int = 1_500) -> Facts:
    return known(*(Began("llama", "chat", tokens, NOON_MS) for _ in range(requests)))


def losers(decision: Steered) -> dict[str, str]:
    return {each.target: each.why for each in decision.candidates()}


def test_an_own_target_with_room_is_first_and_the_rest_are_its_fallbacks() -> None:
    decision = steer(WAY, known(), ASK)
    assert decision.targets == ("llama", "gpt5", "novita")
    assert decision.reason == "idle-first: llama has room"
    assert decision.prediction is not None
    assert decision.prediction.ttft_ms == 100.0  # 1,000 tokens at 10,000 a second, nothing before them
    costs = {each.target: each.marginal_nano for each in decision.candidates()}
    assert costs == {"llama": 0, "gpt5": 3_000_000, "novita": 180_000}  # 1,000 in and, as nothing is known, 200 out


def test_a_prompt_that_would_wait_too_long_goes_to_the_cheapest_api() -> None:
    decision = steer(WAY, busy(8), ASK)  # 12,000 tokens before it at 6,000 a second
    assert decision.targets == ("novita", "gpt5", "llama")
    assert decision.reason == "idle-first: llama full: novita is the cheapest of the rest"
    assert decision.full == ("llama",)
    assert losers(decision) == {
        "novita": "",
        "gpt5": "costs more, or is listed later",
        "llama": "too full for the objective",
    }


def test_too_many_answers_at_a_time_are_slow_and_spill_too() -> None:
    facts = busy(90, 1)
    for _ in range(90):
        facts = fold(facts, FirstByte("llama", 1, 0.0, 5.0, NOON_MS))
    assert steer(WAY, facts, ASK).targets[0] == "novita"  # 91 of 1,000 tokens/s: 91 ms, and 85 may be
    assert steer(replace(WAY, tpot_ms=200.0), facts, ASK).targets[0] == "llama"


def test_what_was_too_full_takes_requests_again_only_with_room_to_spare() -> None:
    facts = fold(busy(5), Refused("llama"))  # 7,500 before it: 1.42 s with its own, 85 % of 2 s are 1.7, 75 % are 1.5
    assert steer(WAY, facts, ASK).targets[0] == "llama"
    tight = ASK._replace(prompt_tokens=2_000)  # 1.58 s
    assert steer(WAY, busy(5), tight).targets[0] == "llama"
    assert steer(WAY, facts, tight).targets[0] == "novita"


def test_where_nothing_keeps_the_objective_and_nothing_else_may_be_used_the_one_that_answers_first_does() -> None:
    way = replace(WAY, targets=("llama", "mixtral"))
    facts = fold(busy(20), Known("mixtral", Serving(5_000.0, 2_500.0), Rates()))
    for _ in range(20):
        facts = fold(facts, Began("mixtral", "chat", 1_000, NOON_MS))
    decision = steer(way, facts, ASK)
    assert decision.targets == ("llama", "mixtral")
    assert decision.reason == "idle-first: all full, llama answers first"


def test_of_own_targets_the_one_that_costs_less_power_is_first_then_the_one_that_answers_first() -> None:
    way = replace(WAY, targets=("llama", "spare"))
    same = fold(busy(3), Known("spare", SERVING, Rates()))
    assert steer(way, same, ASK).targets[0] == "spare"
    hungry = fold(busy(3), Known("spare", SERVING, Rates(output=1_000_000)))
    assert steer(way, hungry, ASK).targets[0] == "llama"


def test_capacity_that_is_paid_while_on_costs_its_start_while_it_is_off() -> None:
    asleep = known(Known("llama", SERVING, Rates(wake_nano=50_000_000), asleep=True))
    assert {each.target: each.marginal_nano for each in steer(WAY, asleep, ASK).candidates()}["llama"] == 50_000_000
    awake = fold(asleep, Began("llama", "chat", 1, NOON_MS))
    assert {each.target: each.marginal_nano for each in steer(WAY, awake, ASK).candidates()}["llama"] == 0
    assert steer(replace(WAY, strategy="cheapest"), asleep, ASK).targets[0] == "novita"


def test_requests_that_came_past_the_gateway_count_by_the_engines_own_counters_while_these_are_fresh() -> None:
    crowd = known(EngineSeen("llama", 90, 30, NOON_MS))
    assert steer(WAY, crowd, ASK).targets[0] == "novita"
    assert steer(WAY, crowd, ASK._replace(now_ms=NOON_MS + 15_000)).targets[0] == "llama"
    own = busy(1)
    assert fold(own, EngineSeen("llama", 1, 0, NOON_MS)).targets["llama"].foreign == 0
    blind = known(EngineSeen("llama", None, None, NOON_MS, gpu_ratio=0.97))
    assert blind.targets["llama"].foreign == 1, "an engine without counters is asked of its GPU"


def test_a_conversation_stays_where_its_beginning_is_cached_while_that_is_cheaper() -> None:
    way = Way("code", "cheapest", ("gpt5", "novita"))
    near = Rates(300_000_000, 300_000_000, 10_000_000_000)
    ask = Ask("code", NOON_MS, prompt_tokens=100_000, session=77)
    facts = fold(known(Known("novita", None, near)), Began("gpt5", "code", 100_000, NOON_MS - 60_000))
    assert steer(way, facts, ask).targets[0] == "novita"
    ended = Ended(
        "gpt5",
        "code",
        100_000,
        answered=True,
        at_ms=NOON_MS - 60_000,
        input_tokens=99_000,
        output_tokens=200,
        session=77,
    )
    facts = fold(facts, ended)
    decision = steer(way, facts, ask)
    assert decision.targets[0] == "gpt5"  # 99,000 x 0.1 + 1,000 x 1 = 10,900 against 100,000 x 0.3 = 30,000
    assert decision.reason == "cheapest: gpt5, which has the conversation cached"
    assert steer(way, facts, ask._replace(session=78)).targets[0] == "novita"
    assert steer(way, facts, ask._replace(now_ms=NOON_MS + 250_000)).targets[0] == "novita", "the cache is gone"


def test_of_own_targets_that_cost_the_same_the_one_that_answers_first_is_cheapest() -> None:
    way = Way("chat", "cheapest", ("llama", "spare"))
    facts = fold(busy(3), Known("spare", SERVING, Rates()))
    assert steer(way, facts, ASK).targets == ("spare", "llama")
    assert steer(way, known(Known("spare", SERVING, Rates())), ASK).targets == ("llama", "spare")


def test_a_target_without_a_price_is_last_and_never_taken_for_free() -> None:
    way = Way("chat", "cheapest", ("mystery", "gpt5"))
    decision = steer(way, known(Known("mystery", None, None)), ASK)
    assert decision.targets == ("gpt5", "mystery")
    assert {each.target: each.marginal_nano for each in decision.candidates()}["mystery"] is None


@pytest.mark.parametrize(
    ("rule", "ask", "first"),
    [
        (Rule(frozenset({"gpt5"}), tag="gold"), ASK._replace(tag="gold"), "gpt5"),
        (Rule(frozenset({"gpt5"}), tag="gold"), ASK, "llama"),
        (Rule(frozenset({"gpt5"}), key_id="k-1"), ASK._replace(key_id="k-1"), "gpt5"),
        (Rule(frozenset({"llama"}), data_class="confidential"), ASK._replace(data_class="confidential"), "llama"),
        (Rule(frozenset({"gpt5"}), tokens_over=999), ASK, "gpt5"),
        (Rule(frozenset({"gpt5"}), tokens_over=1_000), ASK, "llama"),
        (Rule(frozenset({"gpt5"}), tokens_up_to=1_000), ASK, "gpt5"),
        (Rule(frozenset({"novita"}), hours=(22, 6)), ASK._replace(hour=23), "novita"),
        (Rule(frozenset({"novita"}), hours=(22, 6)), ASK._replace(hour=6), "llama"),
        (Rule(frozenset({"novita"}), hours=(9, 17)), ASK._replace(hour=9), "novita"),
        (Rule(frozenset({"novita"}), tag="gold", hours=(9, 17)), ASK._replace(hour=9), "llama"),
    ],
)
def test_a_rule_sends_what_it_is_about_to_its_targets_alone(rule: Rule, ask: Ask, first: str) -> None:
    decision = steer(replace(WAY, rules=(rule,)), known(), ask)
    assert decision.targets[0] == first
    if matches(rule, ask, 1_000):
        assert set(decision.targets) <= rule.targets


def test_a_confidential_request_has_nowhere_to_go_when_its_targets_are_gone() -> None:
    way = replace(WAY, rules=(Rule(frozenset({"llama"}), data_class="confidential"),))
    facts = fold(known(), Health(frozenset({"llama"})))
    decision = steer(way, facts, ASK._replace(data_class="confidential"))
    assert decision.targets == ()
    assert "llama: failed of late" in decision.reason
    assert "gpt5: a rule sends it elsewhere" in decision.reason
    assert steer(way, facts, ASK).targets[0] == "novita"


@pytest.mark.parametrize(
    ("abilities", "ask", "why"),
    [
        (Abilities(context_window=1_200), ASK._replace(output_tokens=500), "its context window of 1200 tokens is too"),
        (Abilities(vision=False), ASK._replace(needs=frozenset({"vision"})), "it has no vision"),
        (Abilities(tools=False), ASK._replace(needs=frozenset({"tools", "json"})), "it has no tools"),
        (Abilities(json=False), ASK._replace(needs=frozenset({"json"})), "it has no json"),
    ],
)
def test_what_cannot_serve_a_request_does_not_get_it(abilities: Abilities, ask: Ask, why: str) -> None:
    way = replace(WAY, abilities=(("llama", abilities),))
    decision = steer(way, known(), ask)
    assert "llama" not in decision.targets
    assert losers(decision)["llama"].startswith(why)
    assert steer(way, known(), ASK).targets[0] == "llama"


def test_a_simple_prompt_of_a_cascade_goes_to_the_cheapest_and_any_other_to_the_first() -> None:
    way = Way("ask", "cascade", ("gpt5", "novita"), simple_above=0.6)
    assert steer(way, known(), ASK._replace(simple=0.7)).targets == ("novita", "gpt5")
    for score in (0.5, None):
        decision = steer(way, known(), ASK._replace(simple=score))
        assert decision.targets == ("gpt5", "novita")
        assert decision.reason == "cascade: not simple, gpt5"


names = st.sampled_from(["llama", "spare", "gpt5", "novita", "mystery"])
events = st.one_of(
    st.builds(Began, names, st.just("chat"), st.integers(0, 50_000), st.integers(NOON_MS, NOON_MS + 10_000)),
    st.builds(
        FirstByte, names, st.integers(0, 50_000), st.floats(0, 10_000), st.floats(0, 10_000), st.just(NOON_MS + 10_000)
    ),
    st.builds(
        Ended, names, st.just("chat"), st.integers(0, 50_000), st.booleans(), st.just(NOON_MS + 10_000),
        st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000), st.floats(0, 10_000),
        st.floats(0, 1_000), st.integers(0, 3),
    ),
    st.builds(EngineSeen, names, st.none() | st.integers(0, 500), st.none() | st.integers(0, 500), st.just(NOON_MS)),
    st.builds(Known, names, st.none() | st.just(SERVING), st.none() | st.just(DEAR), st.booleans()),
    st.builds(Health, st.frozensets(names)),
    st.builds(Refused, names),
)  # fmt: skip
ways = st.builds(
    Way, st.just("chat"), st.sampled_from(["idle-first", "cheapest", "cascade"]),
    st.lists(names, max_size=4, unique=True).map(tuple), st.floats(1, 10_000), st.floats(1, 1_000),
    st.lists(st.builds(Rule, st.frozensets(names), tag=st.sampled_from(["", "gold"])), max_size=2).map(tuple),
)  # fmt: skip
asks = st.builds(
    Ask, st.just("chat"), st.integers(NOON_MS, NOON_MS + 20_000), st.integers(0, 10**7),
    tag=st.sampled_from(["", "gold"]), session=st.integers(0, 3), simple=st.none() | st.floats(0, 1),
)  # fmt: skip


@given(ways, st.lists(events, max_size=30), asks)
def test_no_request_ever_leaves_its_route_and_its_rules_and_the_same_facts_decide_the_same(
    way: Way, told: list[Event], ask: Ask
) -> None:
    facts = NO_FACTS
    for event in told:
        facts = fold(facts, event)
    decision = steer(way, facts, ask)
    assert decision == steer(way, facts, ask)
    assert set(decision.targets) <= set(way.targets) - facts.closed
    assert len(set(decision.targets)) == len(decision.targets)
    rule = next((rule for rule in way.rules if not rule.tag or rule.tag == ask.tag), None)
    assert rule is None or set(decision.targets) <= rule.targets
    assert bool(decision.reason)
    assert {each.target for each in decision.candidates()} == set(way.targets)
    for target in facts.targets.values():
        assert min(target.pending, target.pending_tokens, target.running) >= 0


@given(st.integers(1, 10**10), st.integers(0, 10**10))
def test_a_dearer_price_never_moves_a_target_forward(price: int, more: int) -> None:
    way = Way("chat", "cheapest", ("gpt5", "novita"))
    before = steer(way, known(Known("gpt5", None, Rates(price, price, price))), ASK)
    after = steer(way, known(Known("gpt5", None, Rates(price + more, price + more, price + more))), ASK)
    assert after.targets.index("gpt5") >= before.targets.index("gpt5")

"""Steering as its holder drives it: decisions in, events of requests and of seconds out."""

import pytest

from costtui.domain.ask import Ask
from costtui.policy.facts import Known, Rates, Serving
from costtui.policy.steer import Way
from costtui.policy.steering import Sent, Steering

NOON_MS = 1_795_435_200_000
GPT5 = Rates(1_250_000_000, 125_000_000, 10_000_000_000)
NOVITA = Rates(135_000_000, 135_000_000, 400_000_000)
CHAT = Way("chat", "idle-first", ("llama", "gpt5", "novita"))
CODE = Way("code", "cheapest", ("gpt5", "novita"))
KNOWN = (
    Known("llama", Serving(10_000.0, 2_500.0), Rates()),
    Known("gpt5", None, GPT5),
    Known("novita", None, NOVITA),
    Known("elsewhere", Serving(), Rates()),
)


def steering() -> Steering:
    return Steering({"chat": CHAT, "code": CODE}, KNOWN)


def ask_of(route: str = "chat", at_ms: int = NOON_MS, prompt_bytes: int = 4_000, session: int = 0) -> Ask:
    return Ask(route, at_ms, prompt_bytes=prompt_bytes, session=session)


def sent(held: Steering, target: str, ask: Ask) -> Sent:
    found = held.began(target, ask)
    assert found is not None
    return found


def asleep(held: Steering) -> bool:
    return held.facts.targets["hf"].asleep


def test_own_requests_fill_a_target_until_the_next_would_be_late_and_their_ends_make_room_again() -> None:
    held = steering()
    under_way = []
    while held.decide(ask_of()).targets[0] == "llama":
        under_way.append(sent(held, "llama", ask_of()))
    assert 8 <= len(under_way) <= 10  # 1,001 tokens each at 6,000 a second, 1.7 s of 2
    assert held.decide(ask_of()).targets[0] == "novita"
    for number, each in enumerate(under_way, 1):
        held.first_byte(each, NOON_MS + 100 * number)
        held.ended(each, NOON_MS + 2_000, input_tokens=1_000, output_tokens=50)
    later = held.decide(ask_of(at_ms=NOON_MS + 2_000))
    assert later.targets[0] == "llama"
    assert held.facts.targets["llama"].running == held.facts.targets["llama"].pending == 0
    assert held.facts.outputs["chat"] == 50.0


def test_an_attempt_that_fails_before_its_answer_leaves_nothing_behind_and_teaches_nothing() -> None:
    held = steering()
    before = held.facts.targets["llama"]
    held.ended(sent(held, "llama", ask_of()), NOON_MS + 10)
    after = held.facts.targets["llama"]
    assert (after.pending, after.pending_tokens, after.running) == (0, 0, 0)
    assert (after.ttft_factor, after.tokens_per_byte) == (before.ttft_factor, before.tokens_per_byte)
    assert held.facts.outputs == {}


def test_requests_of_routes_that_are_not_steered_count_where_they_share_a_target_and_nowhere_else() -> None:
    held = steering()
    for _ in range(40):
        sent(held, "llama", ask_of("by-hand"))
    assert held.decide(ask_of()).targets[0] == "novita"
    assert held.began("elsewhere", ask_of("by-hand")) is None


def test_a_conversation_goes_back_to_the_provider_that_has_it_cached() -> None:
    held = steering()
    first = ask_of("code", prompt_bytes=400_000, session=7)
    assert held.decide(first).targets[0] == "novita"
    attempt = sent(held, "gpt5", first)  # by a fallback
    held.first_byte(attempt, NOON_MS + 500)
    held.ended(attempt, NOON_MS + 900, input_tokens=100_000, output_tokens=10)
    costs = {each.target: each.marginal_nano for each in held.decide(first).candidates()}
    assert costs == {"gpt5": 12_600_000 + 1_250, "novita": 13_504_000 + 135}  # a token more than was cached
    assert held.decide(first).targets[0] == "gpt5"
    assert held.decide(first._replace(now_ms=NOON_MS + 301_000)).targets[0] == "novita", "the cache is gone"


def test_closed_targets_get_nothing_until_they_are_well_again() -> None:
    held = steering()
    held.close(frozenset({"llama"}))
    assert "llama" not in held.decide(ask_of()).targets
    held.close(frozenset())
    assert held.decide(ask_of()).targets[0] == "llama"


def test_what_the_engine_itself_counts_is_believed_while_it_is_fresh() -> None:
    held = steering()
    held.seen("llama", 90, 30, NOON_MS)
    held.seen("elsewhere", 90, 30, NOON_MS)
    assert held.decide(ask_of()).targets[0] == "novita"
    assert held.decide(ask_of(at_ms=NOON_MS + 60_000)).targets[0] == "llama"


def test_an_endpoint_sleeps_once_it_had_nothing_to_do_for_long_enough_and_costs_its_start_again() -> None:
    wake = Rates(wake_nano=1_425_000_000)
    way = Way("chat", "idle-first", ("hf", "gpt5"))
    held = Steering({"chat": way}, [Known("hf", Serving(), wake, asleep=True), KNOWN[1]], {"hf": 900_000})
    assert asleep(held)
    attempt = sent(held, "hf", ask_of())
    held.tick(NOON_MS + 10_000_000)
    assert not asleep(held), "it works, however long"
    held.first_byte(attempt, NOON_MS + 100)
    held.ended(attempt, NOON_MS + 1_000, 1_000, 50)
    held.tick(NOON_MS + 900_999)
    assert not asleep(held)
    held.tick(NOON_MS + 901_000)
    assert asleep(held)


def test_what_was_learnt_survives_a_new_configuration() -> None:
    held = steering()
    for _ in range(100):
        attempt = sent(held, "llama", ask_of())
        held.first_byte(attempt, NOON_MS + 100)
        held.ended(attempt, NOON_MS + 500, input_tokens=2_000, output_tokens=77)
    after = Steering({"chat": CHAT}, KNOWN, facts=held.facts)
    assert after.facts.outputs["chat"] == pytest.approx(77)
    assert after.facts.targets["llama"].tokens_per_byte == pytest.approx(0.5, abs=0.01)
    assert after.facts.targets["llama"].pending == 0

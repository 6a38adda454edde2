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


WAKE = Rates(wake_nano=20_000_000)
HF = Way("chat", "idle-first", ("hf", "gpt5"))


def with_endpoint() -> Steering:
    return Steering({"chat": HF}, [Known("hf", Serving(), WAKE, asleep=True), KNOWN[1]], {"hf": 900_000})


def test_a_sleeping_endpoint_is_woken_once_others_were_paid_as_much_as_its_start_costs() -> None:
    held = with_endpoint()
    taken = []
    for number in range(7):  # 1,001 tokens in and 200 out are 3,251,250 nano-dollars each at GPT-5's price
        decision = held.decide(ask_of(at_ms=NOON_MS + number))
        taken.append(decision.targets[0])
    assert taken == ["gpt5"] * 6 + [
        "hf"
    ]  # after six 19,507,500 were paid; the rest of the start costs less than a seventh
    assert held.decide(ask_of()).candidates()[0].marginal_nano == 20_000_000 - 6 * 3_251_250
    assert held.facts.targets["hf"].asleep, "a decision alone wakes nobody"
    sent(held, "hf", ask_of())
    assert (asleep(held), held.facts.targets["hf"].passed_nano) == (False, 0)
    assert held.decide(ask_of()).targets[0] == "hf"


def test_the_reason_says_that_waking_would_cost_more() -> None:
    decision = with_endpoint().decide(ask_of())
    assert decision.targets == ("gpt5", "hf")
    assert decision.reason == "idle-first: gpt5 costs less than hf would"
    assert [each.marginal_nano for each in decision.candidates()] == [3_251_250, 20_000_000]


def test_an_endpoint_sleeps_once_it_had_nothing_to_do_for_long_enough() -> None:
    held = with_endpoint()
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


def test_an_endpoint_that_is_awake_stays_so_over_a_new_configuration() -> None:
    held = with_endpoint()
    attempt = sent(held, "hf", ask_of())
    held.first_byte(attempt, NOON_MS + 100)
    held.ended(attempt, NOON_MS + 1_000, 1_000, 50)
    known = [Known("hf", Serving(), WAKE, asleep=True), KNOWN[1]]
    after = Steering({"chat": HF}, known, {"hf": 900_000}, held.facts)
    after.tick(NOON_MS + 2_000)
    assert not asleep(after)
    after.tick(NOON_MS + 901_000)
    assert asleep(after)


def test_a_target_that_was_slow_is_tried_again_once_it_had_nothing_to_do_for_ten_seconds() -> None:
    held = steering()
    for _ in range(100):  # each took 4 s where 0.2 s were predicted
        attempt = sent(held, "llama", ask_of(prompt_bytes=8_000))
        held.first_byte(attempt, NOON_MS + 4_000)
        held.ended(attempt, NOON_MS + 5_000, 2_000, 50)
    big = ask_of(prompt_bytes=8_000, at_ms=NOON_MS + 14_999)
    assert held.decide(big).targets[0] == "novita"
    later = big._replace(now_ms=NOON_MS + 15_000)
    assert held.decide(later).targets[0] == "llama"
    sent(held, "llama", later)
    assert held.decide(later).targets[0] == "novita", "one at a time"


def test_a_prompt_whose_tokens_are_known_says_nothing_of_bytes() -> None:
    held = steering()
    picture = Ask("chat", NOON_MS, prompt_bytes=1_000_000, prompt_tokens=1_600)
    for _ in range(50):
        attempt = sent(held, "gpt5", picture)
        assert attempt.prompt_tokens == 1_600
        held.first_byte(attempt, NOON_MS + 100)
        held.ended(attempt, NOON_MS + 200, 1_500, 5)
    assert held.facts.targets["gpt5"].tokens_per_byte == 0.25


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

"""What the router learns from what it sees from outside."""

import pytest

from costtui.policy.facts import NO_FACTS, Began, Ended, FirstByte, Known, Passed, Rates, Serving, fold
from costtui.policy.sessions import NO_SESSIONS, ROOM_LIMIT, ROOMS, Session, remembered, session_of

NOW = 1_795_435_200_000


def ended(**changes: object) -> Ended:
    usual: dict[str, object] = {
        "target": "llama",
        "route": "chat",
        "prompt_tokens": 500,
        "answered": True,
        "at_ms": NOW,
    }
    return Ended(**(usual | changes))  # type: ignore[arg-type]  # names are checked by the tuple itself


def test_a_request_is_pending_then_running_then_gone() -> None:
    began = fold(NO_FACTS, Began("llama", "chat", 500, NOW))
    assert began.targets["llama"][2:6] == (1, 500, 0, NOW)
    running = fold(began, FirstByte("llama", 500, 0.0, 80.0, NOW + 80))
    assert running.targets["llama"][2:6] == (0, 0, 1, NOW + 80)
    over = fold(running, ended(output_tokens=40))
    assert over.targets["llama"][2:5] == (0, 0, 0)
    assert over.outputs == {"chat": 40.0}
    lost = fold(began, ended(answered=False))
    assert lost.targets["llama"][2:5] == (0, 0, 0)
    assert lost.outputs == {}


def test_facts_are_values_that_nothing_changes() -> None:
    before = fold(NO_FACTS, Known("llama", Serving(), Rates()))
    fold(before, Began("llama", "chat", 500, NOW))
    assert before.targets["llama"].pending == 0
    assert NO_FACTS.targets == {}


@pytest.mark.parametrize(
    ("predicted", "waited", "factor"),
    [(500.0, 500.0, 1.0), (500.0, 1_000.0, 1.05), (500.0, 100.0, 0.96), (100.0, 4_000.0, 1.0), (500.0, 1e9, 1.15)],
    ids=["as predicted", "twice as late", "sooner", "too short to tell", "stalled: four times as late at most"],
)
def test_first_bytes_that_come_late_make_the_next_prediction_later(
    predicted: float, waited: float, factor: float
) -> None:
    facts = fold(fold(NO_FACTS, Began("llama", "chat", 1, NOW)), FirstByte("llama", 1, predicted, waited, NOW))
    assert facts.targets["llama"].ttft_factor == pytest.approx(factor)


def test_tokens_per_byte_and_the_length_of_answers_are_learnt() -> None:
    facts = NO_FACTS
    for _ in range(400):
        facts = fold(facts, ended(prompt_bytes=1_000, input_tokens=400, output_tokens=100))
    assert facts.targets["llama"].tokens_per_byte == pytest.approx(0.4)
    assert facts.outputs["chat"] == pytest.approx(100)
    for _ in range(400):
        facts = fold(facts, ended(prompt_bytes=10, input_tokens=5_000))
    assert facts.targets["llama"].tokens_per_byte == pytest.approx(1.0), (
        "a prompt that the server adds is not the user's"
    )


def test_slow_tokens_make_the_next_prediction_slower() -> None:
    facts = fold(NO_FACTS, ended(output_tokens=101, writing_ms=6_000.0, predicted_tpot_ms=30.0))
    assert facts.targets["llama"].tpot_factor == pytest.approx(1.05)


def test_a_conversation_is_known_for_five_minutes_and_the_oldest_make_room() -> None:
    sessions = remembered(NO_SESSIONS, Session(5, "gpt5", NOW, 900))
    assert session_of(sessions, 5, NOW + 300_000) == Session(5, "gpt5", NOW, 900)
    assert session_of(sessions, 5, NOW + 300_001) is None
    assert session_of(sessions, 6, NOW) is None
    assert session_of(sessions, 0, NOW) is None
    for number in range(1, ROOM_LIMIT + 1):
        sessions = remembered(sessions, Session(5 + number * ROOMS, "gpt5", NOW, 1))
    assert session_of(sessions, 5, NOW) is None
    assert max(map(len, sessions)) == ROOM_LIMIT


def test_rates_that_are_ten_times_what_was_taken_for_them_are_learnt_and_nothing_beyond() -> None:
    def after(waited: float, answers: int = 300) -> float:
        facts = fold(NO_FACTS, Began("llama", "chat", 1, NOW))
        for _ in range(answers):
            facts = fold(facts, FirstByte("llama", 1, 1_000.0, waited, NOW))
        return facts.targets["llama"].ttft_factor

    assert after(8_000.0) == pytest.approx(8.0, rel=0.01)
    assert after(200.0) == pytest.approx(0.2, rel=0.01)
    assert after(1e9) == 10.0
    assert after(0.0) == 0.1


def test_what_others_were_paid_while_a_target_slept_is_forgotten_when_it_wakes() -> None:
    asleep = fold(NO_FACTS, Known("hf", Serving(), Rates(wake_nano=9), asleep=True))
    facts = fold(fold(asleep, Passed("hf", 4)), Passed("hf", 3))
    assert facts.targets["hf"].passed_nano == 7
    assert fold(facts, Began("hf", "chat", 1, NOW)).targets["hf"].passed_nano == 0

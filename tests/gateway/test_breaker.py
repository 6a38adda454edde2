"""When a target is left alone, and how often a request is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from costtui.gateway.breaker import FAILURES, OPEN_LIMIT_SECONDS, OPEN_SECONDS, RETRY_FLOOR, Breaker, RetryBudget


def test_three_failures_in_a_row_open_a_breaker_and_one_success_ends_the_row() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(10.0, "answered 503")
    assert breaker.open_until == 0.0
    breaker.succeeded()
    for _ in range(FAILURES):
        breaker.failed(20.0, "answered 503")
    assert breaker.open_until == 20.0 + OPEN_SECONDS
    assert breaker.why == "answered 503"


def test_a_target_that_fails_again_after_an_open_spell_stays_away_twice_as_long_up_to_four_seconds() -> None:
    breaker, now, spells = Breaker(), 0.0, []
    for _ in range(FAILURES - 1):
        breaker.failed(now, "")
    for _ in range(5):
        breaker.failed(now, "")
        spells.append(breaker.open_until - now)
        now = breaker.open_until
    assert spells == [1.0, 2.0, 4.0, OPEN_LIMIT_SECONDS, OPEN_LIMIT_SECONDS]
    breaker.succeeded()
    assert breaker == Breaker()


def test_one_request_at_a_time_looks_whether_a_target_is_well_again() -> None:
    breaker = Breaker()
    assert not breaker.asked(10.0), "it is well"
    for _ in range(FAILURES):
        breaker.failed(10.0, "")
    assert not breaker.asked(10.5), "it went where nothing else was left"
    assert breaker.asked(11.0)
    assert (breaker.probing, breaker.open_until) == (True, 11.0 + OPEN_LIMIT_SECONDS)
    breaker.failed(11.2, "still not")
    assert (breaker.probing, breaker.open_until) == (False, 11.2 + 2 * OPEN_SECONDS)
    assert breaker.asked(14.0)
    assert breaker.asked(18.0), "the one before hangs"
    breaker.succeeded()
    assert breaker == Breaker()


def test_a_retry_after_of_an_hour_is_believed_for_a_minute() -> None:
    breaker = Breaker()
    breaker.rest(100.0, 3_600.0)
    assert breaker.resting_until == 160.0


@given(st.lists(st.booleans(), max_size=2_000))
def test_retries_never_exceed_a_fifth_of_the_requests_and_three(asks: list[bool]) -> None:
    budget, requests, retries = RetryBudget(), 0, 0
    for ask in asks:
        if ask:
            retries += budget.spend()
        else:
            requests += 1
            budget.earn()
        assert retries <= 0.2 * requests + RETRY_FLOOR + 1e-6


def test_failures_that_were_under_way_when_it_opened_do_not_keep_it_open_longer() -> None:
    breaker = Breaker()
    for _ in range(32):
        breaker.failed(10.0, "answered 503")
    assert breaker.open_until == 10.0 + OPEN_SECONDS


def test_the_first_three_failures_of_a_new_gateway_may_be_tried_again() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]

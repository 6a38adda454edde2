"""One budget in its window: what is settled and held stays within the limit and within what was granted."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from costtui.domain.budget import AtLimit, Budget
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.policy.account import Account

NOON_MS = 1_795_435_200_000
MINUTE_MS = 60_000
UTC = ZoneInfo("UTC")


def account(limit: int = 1_000, window: Window | None = None, *, shadow: bool = False) -> Account:
    window = window or Window("day")
    budget = Budget("team", ("api",), window, NanoUsd(limit), AtLimit.BLOCK, shadow=shadow)
    return Account(budget, budget.limit, *window.span(NOON_MS, UTC))


def grant(one: Account, nano: int) -> None:
    one.granted = nano
    one.fit()


def test_there_is_room_for_what_is_granted_and_never_for_more_than_the_limit() -> None:
    one = account(1_000)
    assert one.room == 0
    grant(one, 50)
    assert one.room == 50
    grant(one, 2_000)
    one.settle(0, 300, NOON_MS)
    assert one.room == 700
    one.take_limit(200)
    assert one.room == -100


def test_a_lease_goes_a_twentieth_ahead_and_in_the_last_one_no_further_than_what_is_held() -> None:
    one = account(1_000)
    assert (one.wanted, one.wants()) == (50, True)
    grant(one, 50)
    assert not one.wants()
    one.spend(26, NOON_MS)
    assert (one.wanted, one.wants()) == (76, True), "half of it is gone"
    one.spend(900, NOON_MS)
    grant(one, 950)
    assert (one.used, one.wanted) == (926, 950)
    one.spend(30, NOON_MS)
    assert one.wanted == one.used == 956


@pytest.mark.parametrize(("used", "reserve"), [(0, 200), (700, 850), (999, 999), (1_000, 1_000), (1_200, 1_200)])
def test_a_handover_takes_four_tranches_ahead_and_leaves_half_of_the_rest(used: int, reserve: int) -> None:
    one = account(1_000)
    one.spend(used, NOON_MS)
    assert one.reserve == reserve


def test_a_new_window_begins_with_what_is_held_and_nothing_spent() -> None:
    one = account(1_000)
    grant(one, 1_000)
    one.held = 40
    one.settle(0, 500, NOON_MS)
    one.elsewhere, one.counted = 60, 7
    one.roll(*one.budget.window.span(NOON_MS + 86_400_000, UTC))
    assert (one.used, one.settled, one.counted, one.granted) == (40, 0, 0, 0)
    one.settle(40, 25, NOON_MS + 86_400_000)
    assert one.used == 25


def test_a_rolling_window_lets_go_of_whole_minutes_and_not_before_all_of_them_is_out() -> None:
    one = account(1_000, Window("rolling", 10 * MINUTE_MS))
    for minute in range(5):
        one.spend(10, NOON_MS + minute * MINUTE_MS + 59_999)
    one.age(NOON_MS + 10 * MINUTE_MS)
    assert one.settled == 50
    one.age(NOON_MS + 11 * MINUTE_MS - 1)
    assert one.settled == 50
    one.age(NOON_MS + 11 * MINUTE_MS)
    assert one.settled == 40
    one.age(NOON_MS)  # a clock that is put back brings nothing back, and takes nothing away
    assert one.settled == 40
    one.spend(5, NOON_MS)
    one.age(NOON_MS + 14 * MINUTE_MS)
    assert one.settled == 15, "what was spent by a clock that went back leaves with what came last before"


@pytest.mark.parametrize(("used", "stage"), [(0, 0), (499, 0), (500, 50), (799, 50), (800, 80), (1_000, 100)])
def test_a_stage_is_reached_at_its_percentage(used: int, stage: int) -> None:
    one = account(1_000)
    one.held = used
    assert one.stage == stage


def test_a_budget_whose_rent_takes_all_of_it_is_at_its_last_stage() -> None:
    one = account(1_000)
    one.take_limit(-5)
    assert one.stage == 100
    assert one.room < 0


@given(st.integers(1, 10**15), st.integers(0, 10**15))
def test_a_grant_never_goes_beyond_the_limit_by_itself(limit: int, used: int) -> None:
    one = account(limit)
    one.spend(used, NOON_MS)
    assert one.wanted <= max(limit, one.used)
    assert one.reserve <= max(limit, one.used)


class Spending(RuleBasedStateMachine):
    """Requests that are let in when there is room, and end in any order; windows that roll; limits that change."""

    def __init__(self) -> None:
        super().__init__()
        self.one = account(10_000)
        self.holds: list[int] = []
        self.now_ms = NOON_MS
        self.spent = 0
        self.lowered = False

    @rule(nano=st.integers(0, 4_000))
    def ask(self, nano: int) -> None:
        grant(self.one, max(self.one.granted, self.one.wanted))
        if self.one.limit - self.one.used >= nano:
            self.one.held += nano
            self.one.fit()
            self.holds.append(nano)

    @precondition(lambda self: self.holds)
    @rule(place=st.integers(0, 100), part=st.floats(0, 1))
    def end(self, place: int, part: float) -> None:
        nano = self.holds.pop(place % len(self.holds))
        self.one.settle(nano, int(nano * part), self.now_ms)
        self.spent += int(nano * part)

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now_ms += hours * 3_600_000
        if self.one.ends_ms is not None and self.now_ms >= self.one.ends_ms:
            self.one.roll(*self.one.budget.window.span(self.now_ms, UTC))
            self.spent = 0

    @invariant()
    def nothing_is_beyond_the_limit(self) -> None:
        assert self.one.settled + self.one.held <= self.one.limit
        assert self.one.held == sum(self.holds)
        assert self.one.settled == self.spent


TestSpending = Spending.TestCase

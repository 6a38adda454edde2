"""A clock that is put forward and back opens no window a second time, in a running gateway and over a restart."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.budget import AtLimit, Budget, Scope
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.gateway.admission.opening import open_accounts
from costtui.policy.account import Account
from tests.store.ledger.made import LANES, NOON_MS, attempt, begin

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
MIDNIGHT_MS = NOON_MS + 11 * HOUR_MS
"""In Berlin."""
EACH = 1_053_000
"""Nano-USD of an attempt of `made`."""
PREPAID = Window("prepaid", from_ms=MIDNIGHT_MS - DAY_MS)
KINDS = ("minute", "hour", "day", "week", "month", "quarter", "year")
STEPS = st.one_of(
    st.integers(0, 10_000), st.integers(-3 * DAY_MS, 3 * DAY_MS), st.sampled_from((-HOUR_MS, HOUR_MS, -DAY_MS, DAY_MS))
)


def account(window: Window, limit: int = 1_000) -> Account:
    budget = Budget("day", ("api",), window, NanoUsd(limit), AtLimit.BLOCK, Scope())
    one = Account(budget, budget.limit, *window.span(NOON_MS, BERLIN))
    one.granted = limit
    return one


def tick(one: Account, now_ms: int) -> None:
    """As the desk does before it refuses, and each half second."""
    if one.rolling:
        one.age(now_ms)
    elif one.ends_ms is not None and now_ms >= one.ends_ms:
        one.roll(*one.budget.window.span(now_ms, BERLIN))
        one.granted = one.limit
    one.fit()


@given(kind=st.sampled_from(KINDS), steps=st.lists(st.tuples(STEPS, st.integers(0, 700)), max_size=40))
def test_a_running_gateway_opens_no_window_twice(kind: str, steps: list[tuple[int, int]]) -> None:
    one, now_ms = account(Window(kind)), NOON_MS
    spent: dict[int, int] = {}
    for step_ms, nano in steps:
        now_ms, before_ms = now_ms + step_ms, one.starts_ms
        tick(one, now_ms)
        assert one.starts_ms >= before_ms
        if nano <= one.room:
            one.spend(nano, now_ms)
            spent[one.starts_ms] = spent.get(one.starts_ms, 0) + nano
    assert all(nano <= one.limit for nano in spent.values())


@given(steps=st.lists(st.tuples(STEPS, st.integers(0, 700)), max_size=40))
def test_a_rolling_window_forgets_nothing_that_is_within_its_length_of_the_latest_moment_ever_seen(
    steps: list[tuple[int, int]],
) -> None:
    one, now_ms, latest_ms = account(Window("rolling", 2 * HOUR_MS)), NOON_MS, NOON_MS
    spent: list[tuple[int, int]] = []
    for step_ms, nano in steps:
        now_ms += step_ms
        latest_ms = max(latest_ms, now_ms)
        tick(one, now_ms)
        recent = sum(each for at_ms, each in spent if at_ms > latest_ms - 2 * HOUR_MS)
        assert one.settled >= recent
        if nano <= one.room:
            one.spend(nano, now_ms)
            spent.append((now_ms, nano))
            assert recent + nano <= one.limit


def opened(folder: Path, window: Window, now_ms: int) -> Account:
    budget = Budget("day", ("api",), window, NanoUsd(10**9), AtLimit.BLOCK, Scope())
    (one,) = open_accounts([budget], folder, keys=[], zone=BERLIN, now_ms=now_ms, boot="now", shared=False)
    return one


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Two attempts before midnight, three within the hour after it."""
    writer = begin(tmp_path)
    lane = writer.lane(LANES[0])
    for after_ms in (-20 * MINUTE_MS, -15 * MINUTE_MS, 5 * MINUTE_MS, 6 * MINUTE_MS, 40 * MINUTE_MS):
        writer.settle(attempt(writer.new_attempt_id(), lane, MIDNIGHT_MS + after_ms))
    writer.close()
    return tmp_path


def test_a_day_that_began_before_the_clock_was_put_back_over_midnight_is_not_new_when_it_comes(ledger: Path) -> None:
    one = opened(ledger, Window("day"), MIDNIGHT_MS - 10 * MINUTE_MS)
    assert one.settled == 2 * EACH, "the day before is the same as ever"
    tick(one, MIDNIGHT_MS - 1)
    assert one.settled == 2 * EACH
    tick(one, MIDNIGHT_MS)
    assert one.settled == 3 * EACH
    tick(one, MIDNIGHT_MS + DAY_MS)
    assert one.settled == 0


def test_each_window_finds_again_what_was_spent_in_it(ledger: Path) -> None:
    one = opened(ledger, Window("hour"), MIDNIGHT_MS - 10 * MINUTE_MS)
    tick(one, MIDNIGHT_MS + 1)
    assert one.settled == 3 * EACH
    one = opened(ledger, Window("minute"), MIDNIGHT_MS - 10 * MINUTE_MS)
    assert one.settled == 0
    for minute, count in ((4, 0), (5, 1), (6, 1), (7, 0), (40, 1), (41, 0)):
        tick(one, MIDNIGHT_MS + minute * MINUTE_MS + 1)
        assert one.settled == count * EACH, minute


@pytest.mark.parametrize(
    "window",
    [Window("prepaid", from_ms=MIDNIGHT_MS - DAY_MS), Window("rolling", 2 * HOUR_MS)],
    ids=["prepaid", "rolling"],
)
@pytest.mark.parametrize("back_ms", [0, 10 * MINUTE_MS, 10 * DAY_MS], ids=["not", "some minutes", "ten days"])
def test_a_sum_without_an_end_counts_what_was_spent_before_the_clock_was_put_back(
    ledger: Path, window: Window, back_ms: int
) -> None:
    one = opened(ledger, window, MIDNIGHT_MS + 41 * MINUTE_MS - back_ms)
    assert one.settled == 5 * EACH

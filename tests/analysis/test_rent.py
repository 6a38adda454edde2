"""Rent is owed from the contract; windows add up to the nano-dollar; samples only split it."""

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.rent import edges, owed, owed_ms, rate_at, split, terms_at
from costtui.analysis.terms import reconcile
from costtui.domain.amount import RateSource
from costtui.domain.calendar import day_of
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd, rent_for
from costtui.domain.terms import GpuTerms, KeptTerms, PowerTerms, Rate, RentRule, Session
from costtui.domain.tick import StateTotals

HOUR = 3_600_000
DAY = 24 * HOUR
USD = 1_000_000_000


def terms(*rates: tuple[int, str], source: RateSource = RateSource.CONTRACT, rule: RentRule = "always") -> GpuTerms:
    dated = tuple(Rate(from_ms, Decimal(usd)) for from_ms, usd in rates)
    return GpuTerms(dated, source, rule, PowerTerms(in_rent=True))


def kept(*rates: tuple[int, str], rule: RentRule = "always") -> tuple[KeptTerms, ...]:
    return (KeptTerms(0, terms(*rates, rule=rule)),)


@pytest.mark.parametrize(
    ("rates", "from_ms", "to_ms", "nano"),
    [
        # 2.49 x 48 = 119.52
        ([(0, "2.49")], 0, 48 * HOUR, 119_520_000_000),
        # the contract begins after 24 h: 2.49 x 24 = 59.76
        ([(DAY, "2.49")], 0, 2 * DAY, 59_760_000_000),
        # nothing is owed before it begins
        ([(DAY, "2.49")], 0, DAY, 0),
        # 10 days at 2.49 and 5 at 2.95: 597.60 + 354.00 = 951.60
        ([(0, "2.49"), (10 * DAY, "2.95")], 0, 15 * DAY, 951_600_000_000),
        # one second of 2.49: 2.49 / 3600 = 0.000691666..6 -> 691,667 nano
        ([(0, "2.49")], 0, 1_000, 691_667),
        # a free GPU is 0 and known
        ([(0, "0")], 0, DAY, 0),
        ([(0, "2.49")], DAY, DAY, 0),
    ],
)
def test_rent_is_owed_from_the_contract(rates: list[tuple[int, str]], from_ms: int, to_ms: int, nano: int) -> None:
    assert owed(kept(*rates), (), from_ms, to_ms) == nano


@pytest.mark.parametrize(
    ("date", "hours", "nano"),
    [
        ((2026, 3, 29), 23, 57_270_000_000),  # 2.49 x 23
        ((2026, 10, 25), 25, 62_250_000_000),  # 2.49 x 25
        ((2026, 11, 23), 24, 59_760_000_000),  # 2.49 x 24
    ],
)
def test_a_local_day_owes_as_many_hours_as_it_has(date: tuple[int, int, int], hours: int, nano: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    noon = int(datetime(*date, 12, tzinfo=zone).timestamp() * 1000)
    start, end = day_of(noon, zone)
    assert end - start == hours * HOUR
    assert owed(kept((0, "2.49")), (), start, end) == nano


def test_rent_without_a_rate_is_unknown_and_not_0() -> None:
    unknown = (KeptTerms(0, GpuTerms((), RateSource.UNKNOWN, "always", PowerTerms(in_rent=True))),)
    assert owed(unknown, (), 0, DAY) is None
    assert owed((), (), 0, DAY) is None
    assert rate_at(unknown, 0) is None


def test_an_amortisation_ends() -> None:
    owned = GpuTerms((Rate(0, Decimal("0.75"), until_ms=DAY),), RateSource.OWNED, "always", PowerTerms(False))
    rows = (KeptTerms(0, owned),)
    assert owed(rows, (), 0, 3 * DAY) == 18 * USD  # 0.75 x 24
    assert rate_at(rows, DAY) == 0


def test_a_host_paid_while_on_owes_only_its_sessions() -> None:
    rows = kept((0, "2.00"), rule="while-on")
    sessions = (Session("a", HOUR, 3 * HOUR), Session("b", 10 * HOUR, 11 * HOUR))
    assert owed(rows, sessions, 0, DAY) == 6 * USD  # 2 h + 1 h, at 2.00
    assert owed(rows, sessions, 2 * HOUR, 10 * HOUR + HOUR // 2) == 3 * USD  # 1 h + 0.5 h
    assert owed_ms(rows, sessions, 0, DAY) == 3 * HOUR


def test_sessions_that_overlap_are_paid_once() -> None:
    rows = kept((0, "2.00"), rule="while-on")
    sessions = (Session("a", 0, 3 * HOUR), Session("b", HOUR, 2 * HOUR))
    assert owed(rows, sessions, 0, DAY) == 6 * USD


def test_terms_recorded_later_do_not_rewrite_the_past() -> None:
    rows = (KeptTerms(0, terms((0, "2.00"))), KeptTerms(10 * HOUR, terms((0, "3.00"))))
    assert owed(rows, (), 0, 10 * HOUR) == 20 * USD
    assert owed(rows, (), 10 * HOUR, 20 * HOUR) == 30 * USD
    assert edges(rows, 0, DAY) == (10 * HOUR,)
    assert rate_at(rows, 10 * HOUR) == 3


def test_a_contract_replaces_a_list_price_for_the_past_too() -> None:
    listed = terms((5 * HOUR, "9.99"), source=RateSource.LIST)
    rows = (KeptTerms(5 * HOUR, listed), KeptTerms(10 * HOUR, terms((0, "2.00"))))
    assert owed(rows, (), 0, 10 * HOUR) == 20 * USD
    assert reconcile("GPU-a", rows[:1], terms((0, "2.00")), 10 * HOUR).adjustments == ()


def test_a_list_price_after_a_contract_leaves_the_past_alone() -> None:
    listed = terms((0, "9.00"), source=RateSource.LIST)
    found = reconcile("GPU-a", kept((0, "2.00")), listed, 10 * HOUR)
    assert found.adjustments == ()
    assert owed((*kept((0, "2.00")), *found.rows), (), 0, 11 * HOUR) == 29 * USD  # 10 x 2 + 1 x 9


@pytest.mark.parametrize(
    ("before", "after", "now_h", "nano"),
    [
        # from hour 0 at 3.00 instead of 2.00, noticed after 10 h: 10 x 1.00
        ([(0, "2.00")], [(0, "3.00")], 10, 10 * USD),
        # from hour 4 on: 6 x 1.00
        ([(0, "2.00")], [(0, "2.00"), (4 * HOUR, "3.00")], 10, 6 * USD),
        # the row was overwritten with a later beginning: what was owed before it stays, 6 x 1.00
        ([(0, "2.00")], [(4 * HOUR, "3.00")], 10, 6 * USD),
        # cheaper: 10 x -0.50
        ([(0, "2.00")], [(0, "1.50")], 10, -5 * USD),
        # it began earlier than thought: 4 h x 2.00 more
        ([(8 * HOUR, "2.00")], [(4 * HOUR, "2.00")], 10, 8 * USD),
        # a rate of the future changes nothing that is owed
        ([(0, "2.00")], [(0, "2.00"), (20 * HOUR, "3.00")], 10, 0),
    ],
)
def test_an_edit_that_reaches_back_makes_one_adjustment(
    before: list[tuple[int, str]], after: list[tuple[int, str]], now_h: int, nano: int
) -> None:
    found = reconcile("GPU-a", kept(*before), terms(*after), now_h * HOUR)
    assert [row.recorded_ms for row in found.rows] == [now_h * HOUR]
    assert [(each.at_ms, each.nano_usd) for each in found.adjustments] == ([(now_h * HOUR, nano)] if nano else [])


def test_an_edit_taken_back_takes_its_adjustment_back_too() -> None:
    first = kept((0, "2.00"))
    second = reconcile("GPU-a", first, terms((0, "3.00")), 10 * HOUR)
    third = reconcile("GPU-a", (*first, *second.rows), terms((0, "2.00")), 16 * HOUR)
    rows = (*first, *second.rows, *third.rows)
    adjusted = sum(each.nano_usd for each in (*second.adjustments, *third.adjustments))
    # 10 h x 2 in force, +10, then 6 h x 3, -16: 20 + 10 + 18 - 16 = 32 = 16 h x 2
    assert adjusted == -6 * USD
    assert (owed(rows, (), 0, 16 * HOUR) or 0) + adjusted == 32 * USD


def test_the_same_terms_are_not_written_again() -> None:
    assert reconcile("GPU-a", kept((0, "2.00")), terms((0, "2.00")), DAY) == reconcile(
        "GPU-a", kept((0, "2.00")), terms((0, "2.00")), 2 * DAY
    )
    assert reconcile("GPU-a", kept((0, "2.00")), terms((0, "2.00")), DAY).rows == ()


def test_the_first_terms_reign_over_the_time_before_they_were_written() -> None:
    rows = (KeptTerms(DAY, terms((0, "2.00"))),)
    assert owed(rows, (), 0, DAY) == 48 * USD
    assert terms_at(rows, 0) == rows[0].terms


@given(
    st.lists(st.integers(0, 60 * DAY), min_size=2, max_size=20),
    st.decimals(min_value=0, max_value=20, places=7),
    st.decimals(min_value=0, max_value=20, places=7),
    st.integers(0, 40 * DAY),
)
def test_windows_add_up_to_the_nano(marks: list[int], first: Decimal, second: Decimal, change_ms: int) -> None:
    rows = kept((0, str(first)), (change_ms + 1, str(second)))
    ordered = sorted(marks)
    whole = owed(rows, (), ordered[0], ordered[-1]) if ordered[-1] > ordered[0] else NanoUsd(0)
    assert sum(owed(rows, (), start, end) or 0 for start, end in pairwise(ordered)) == whole


@given(
    st.dictionaries(st.sampled_from(list(GpuState)), st.integers(0, DAY), max_size=7),
    st.integers(0, 10**12),
    st.integers(0, 2 * DAY),
)
def test_the_parts_of_a_split_sum_to_the_rent(spans: dict[GpuState, int], rent: int, window_ms: int) -> None:
    found = split(NanoUsd(rent), StateTotals(spans, 0, 0), window_ms)
    assert sum(found.by_state.values()) + found.unobserved == rent
    assert all(part >= 0 for part in (*found.by_state.values(), found.unobserved))


def test_time_that_nobody_observed_is_not_free() -> None:
    # 48 h at 2.49 = 119.52, of which 12 h busy = 29.88 and 36 h unobserved = 89.64
    rent = rent_for(Decimal("2.49"), 48 * HOUR)
    found = split(rent, StateTotals({GpuState.BUSY: 12 * HOUR}, 0, 0), 48 * HOUR)
    assert (found.by_state[GpuState.BUSY], found.unobserved, found.idle) == (29_880_000_000, 89_640_000_000, 0)


def test_idle_is_loaded_and_empty_alone() -> None:
    hours = dict.fromkeys(GpuState, HOUR)
    found = split(NanoUsd(7 * USD), StateTotals(hours, 0, 0), 7 * HOUR)
    assert found.idle == 2 * USD
    assert found.unobserved == 0

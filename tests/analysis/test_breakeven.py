"""From which volume own GPUs pay, by hand and for every input."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.breakeven import (
    DAYS_PER_MONTH,
    MILLION,
    Mix,
    Own,
    Price,
    Replica,
    crossing,
    days_until,
    growth_per_day,
    stair,
)

D = Decimal
THREE_TO_ONE = Mix(D(3))
GPT_5 = Price("gpt-5", D("1.25"), D(10), D("0.125"))
NOVITA = Price("novita", D("0.135"), D("0.40"))

amounts = st.decimals(min_value=D("0.01"), max_value=D(100_000), places=2)
prices = st.builds(
    Price, st.just("it"), st.decimals(D("0.01"), D(50), places=3), st.decimals(D("0.01"), D(200), places=3)
)
mixes = st.builds(Mix, st.decimals(D("0.1"), D(100), places=1), st.decimals(D(0), D(1), places=2))
replicas = st.builds(Replica, st.integers(1, 8), st.decimals(D(1), D(100_000), places=1))
owns = st.builds(Own, replicas, st.integers(1, 16), amounts, st.one_of(st.just(D(0)), amounts))


def pair(replica: Replica, count: int = 1, fixed: str = "0", hourly: str = "2.50") -> Own:
    return Own(replica, count, D(hourly) * replica.gpus * 730, D(fixed))


def large() -> Replica:
    """70B on two H100: reads 10,000 and writes 2,500 tokens a second."""
    return Replica.of_rates(2, D(10_000), D(2_500), THREE_TO_ONE)


@pytest.mark.parametrize(
    ("price", "mix", "usd"),
    [
        (GPT_5, THREE_TO_ONE, "3.4375"),  # (3 x 1.25 + 10) / 4
        (GPT_5, Mix(D(3), D("0.5")), "3.015625"),  # (3 x (0.625 + 0.0625) + 10) / 4
        (NOVITA, Mix(D(3), D("0.5")), "0.20125"),  # no price for cached input: charged as input
        (GPT_5, Mix(D(0)), "10"),  # output alone
    ],
)
def test_a_blended_price_is_the_mean_over_the_mix(price: Price, mix: Mix, usd: str) -> None:
    assert price.blended(mix) == D(usd)


def test_a_replica_makes_what_reading_and_writing_leave_time_for() -> None:
    # one output and three inputs take 1/2500 + 3/10000 = 0.0007 s: 4 / 0.0007 = 5714.3 a second, 493.7 M a day
    assert round(large().tokens_per_second, 1) == D("5714.3")
    assert round(large().tokens_per_month / DAYS_PER_MONTH / MILLION, 1) == D("493.7")


def test_a_measured_best_minute_of_output_brings_its_input_along() -> None:
    assert Replica.of_output(2, D(700), THREE_TO_ONE).tokens_per_second == 2800


def test_break_even_is_what_is_paid_over_the_price_that_is_replaced() -> None:
    found = crossing(pair(large()), GPT_5, THREE_TO_ONE)
    # 2 x 2.50 x 730 = 3650; / 3.4375 = 1061.8 M a month = 34.9 M a day, of 493.7: 7 %
    assert found.tokens_per_day is not None
    assert found.utilisation is not None
    assert round(found.tokens_per_day / MILLION, 1) == D("34.9")
    assert round(found.utilisation * 100) == 7
    assert not found.never


def test_against_the_same_model_at_a_cheap_host_it_never_pays() -> None:
    found = crossing(pair(large()), NOVITA, THREE_TO_ONE)
    assert found.never
    assert found.utilisation is not None
    assert round(found.utilisation * 100) == 121


def test_against_a_price_of_nothing_no_volume_pays() -> None:
    found = crossing(pair(large()), Price("free", D(0), D(0)), THREE_TO_ONE)
    assert found.never
    assert found.tokens_per_month is None


def test_a_token_costs_what_is_paid_over_what_is_made() -> None:
    own = pair(large())
    by_use = [own.usd_per_million(D(use) / 100) for use in (100, 40, 10)]
    assert [usd and round(usd, 2) for usd in by_use] == [D("0.24"), D("0.61"), D("2.43")]
    assert own.usd_per_million(D(0)) is None


@given(owns, st.decimals(D("0.001"), D(1), places=3), st.decimals(D("0.001"), D(1), places=3))
def test_lower_utilisation_never_lowers_the_cost_of_a_token(own: Own, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    dear, cheap = own.usd_per_million(low), own.usd_per_million(high)
    assert dear is not None
    assert cheap is not None
    assert dear >= cheap


@given(owns, st.lists(st.decimals(D(0), D(10) ** 13, places=0), min_size=2))
def test_more_volume_never_takes_fewer_gpus_or_less_money(own: Own, volumes: list[Decimal]) -> None:
    for less, more in pairwise(sorted(volumes)):
        assert own.replicas_for(less) <= own.replicas_for(more)
        assert own.usd_for(less) <= own.usd_for(more)


@pytest.mark.parametrize(
    ("share", "count", "usd"), [("0", 1, 3650), ("1", 1, 3650), ("1.01", 2, 7300), ("2.5", 3, 10_950)]
)
def test_gpus_come_in_whole_replicas(share: str, count: int, usd: int) -> None:
    own = pair(large())
    volume = own.tokens_per_month * D(share)
    assert own.replicas_for(volume) == count
    assert own.usd_for(volume) == usd


def test_replicas_that_are_there_are_paid_for_also_without_volume() -> None:
    assert pair(large(), 4).usd_for(D(1)) == 14_600


@given(owns, prices, mixes)
def test_break_even_is_never_exactly_where_it_lies_above_capacity(own: Own, price: Price, mix: Mix) -> None:
    found = crossing(own, price, mix)
    assert found.tokens_per_month is not None
    assert found.never == (found.tokens_per_month > own.tokens_per_month)


@given(owns, prices, mixes)
def test_at_break_even_both_cost_the_same(own: Own, price: Price, mix: Mix) -> None:
    found = crossing(own, price, mix)
    assert found.tokens_per_month is not None
    bought = found.tokens_per_month * found.blended / MILLION
    assert abs(bought - own.usd_per_month) < D("0.000001")


def test_staff_spreads_over_more_replicas_until_they_pay() -> None:
    # groq 0.64 blended: a full replica is worth 15016.3 x 0.64 = 9610 a month and costs 2 x 4.50 x 730 = 6570;
    # 14500 of staff and network take 14500 / 3040 = 4.8, so five replicas, ten GPUs
    groq = Price("groq", D("0.59"), D("0.79"))
    own = pair(large(), 4, "14500", "4.50")
    assert crossing(own, groq, THREE_TO_ONE).never
    found = stair(own, groq, THREE_TO_ONE)
    assert found is not None
    assert (found.replicas, found.gpus) == (5, 10)
    # (14500 + 5 x 6570) / 0.64 = 73984 M a month
    assert round(found.tokens_per_month / MILLION) == 73_984


def test_where_a_full_replica_earns_less_than_its_rent_no_number_of_them_pays() -> None:
    assert stair(pair(large(), 1, "1000"), NOVITA, THREE_TO_ONE) is None


@given(owns, prices, mixes)
def test_the_stair_is_the_first_on_which_own_gpus_pay(own: Own, price: Price, mix: Mix) -> None:
    found = stair(own, price, mix)
    worth = price.blended(mix) * own.replica.tokens_per_month / MILLION

    def gain(count: int) -> Decimal:
        return worth * count - own.fixed_usd_per_month - own.usd_per_replica_month * count

    if found is None:
        assert gain(1) < 0
        assert gain(10**6) < 0
        return
    assert gain(found.replicas) >= -D("0.000001")
    assert found.replicas == 1 or gain(found.replicas - 1) < D("0.000001")
    assert found.tokens_per_month <= own.replica.tokens_per_month * found.replicas + D("0.000001")


def test_growth_is_the_slope_between_the_middles_of_two_halves() -> None:
    # 10, 20 | 30, 40: means 15 and 35, two days apart: 10 a day
    assert growth_per_day([D(10), D(20), D(30), D(40)]) == 10
    # the middle day of an odd number belongs to neither: means 15 and 45, three days apart
    assert growth_per_day([D(10), D(20), D(30), D(40), D(50)]) == 10
    assert growth_per_day([D(1), D(2), D(3)]) is None


@pytest.mark.parametrize(
    ("volume", "growth", "days"),
    [(50, "2", "25"), (100, "2", "0"), (50, "0", None), (50, "-1", None), (50, None, None)],
)
def test_the_day_of_break_even_is_where_a_straight_line_meets_it(
    volume: int, growth: str | None, days: str | None
) -> None:
    found = days_until(D(volume), None if growth is None else D(growth), D(100))
    assert found == (None if days is None else D(days))

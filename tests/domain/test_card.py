"""A price in whole numbers: each kind rounded once, tiers for the whole request, and what nobody stated is unknown."""

import random
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.amount import Provenance
from costtui.domain.card import PriceCard, attempt_charge
from costtui.domain.charge import NO_CHARGE, Charge
from costtui.domain.money import NanoUsd
from costtui.domain.price import PriceTier, TokenPrice
from costtui.domain.usage import NO_USAGE, Usage, UsageSource

D = Decimal
PLAIN = TokenPrice("openai", "gpt-5", D("1.25"), D(10), D("0.125"))
USAGE = Usage(input_tokens=1000, output_tokens=200, cached_input_tokens=800)
rates = st.decimals(D("0.000001"), D(1000), places=6)
counts = st.integers(0, 10**7)


@st.composite
def prices(draw: st.DrawFn) -> TokenPrice:
    maybe = st.none() | rates
    tiers = (PriceTier(200_000, draw(rates), draw(rates)),) if draw(st.booleans()) else ()
    return TokenPrice(
        "p", "m", draw(rates), draw(rates), draw(maybe), cache_write=draw(maybe), cache_write_1h=draw(maybe),
        input_audio=draw(maybe), output_audio=draw(maybe), tiers=tiers, factors=(("flex", D("0.5")),),
    )  # fmt: skip


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    cached, write, hour, fresh, made = (draw(counts) for _ in range(5))
    return Usage(
        cached + write + hour + fresh, made, cached, write, hour,
        input_audio_tokens=draw(st.integers(0, fresh)), output_audio_tokens=draw(st.integers(0, made)),
        service_tier=draw(st.sampled_from(["", "flex", "never heard of"])),
    )  # fmt: skip


def charged(price: TokenPrice, usage: Usage) -> Charge:
    charge = PriceCard.of(price).charge(usage)
    assert charge is not None
    return charge


@given(prices(), usages())
def test_no_charge_is_ever_negative(price: TokenPrice, usage: Usage) -> None:
    assert min(charged(price, usage)) >= 0


@given(prices(), usages(), st.integers(1, 1000))
def test_more_output_never_costs_less(price: TokenPrice, usage: Usage, more: int) -> None:
    more_made = usage._replace(output_tokens=usage.output_tokens + more, output_audio_tokens=0)
    assert charged(price, more_made).nano >= charged(price, usage._replace(output_audio_tokens=0)).nano


@given(rates, rates, rates, usages())
def test_each_kind_is_within_half_a_nano_dollar_of_the_exact_amount(
    fresh: Decimal, cached: Decimal, made: Decimal, usage: Usage
) -> None:
    usage = usage._replace(input_audio_tokens=0, output_audio_tokens=0, service_tier="")
    charge = charged(TokenPrice("p", "m", fresh, made, cached), usage)
    written = usage.cache_write_tokens + usage.cache_write_1h_tokens
    plain = usage.input_tokens - usage.cached_input_tokens - written
    exact = (plain * fresh, usage.cached_input_tokens * cached, written * fresh, usage.output_tokens * made)
    for nano, amount in zip(charge, exact, strict=False):
        assert abs(Fraction(nano) - Fraction(amount) * 1000) <= Fraction(1, 2)


@given(rates, counts)
def test_a_half_is_rounded_to_the_even(rate: Decimal, tokens: int) -> None:
    exact = (rate * 1000 * tokens).to_integral_value(ROUND_HALF_EVEN)
    assert charged(TokenPrice("p", "m", rate, rate), Usage(tokens)).input_nano == int(exact)


@given(prices(), st.lists(usages(), max_size=20), st.randoms(use_true_random=False))
def test_a_sum_of_charges_does_not_depend_on_their_order(
    price: TokenPrice, many: list[Usage], dice: random.Random
) -> None:
    costs = [charged(price, usage).nano for usage in many]
    shuffled = list(costs)
    dice.shuffle(shuffled)
    assert sum(shuffled) == sum(costs)
    assert all(type(cost) is int for cost in costs)


@pytest.mark.parametrize(
    ("above", "tokens", "nano"),
    [(200_000, 199_999, 249_998_750), (200_000, 200_000, 250_000_000), (200_000, 200_001, 500_002_500)],
)
def test_a_tier_prices_the_whole_request_once_the_input_is_above_it(above: int, tokens: int, nano: int) -> None:
    # 199,999 x 1,250; 200,000 x 1,250; 200,001 x 2,500
    price = replace(PLAIN, tiers=(PriceTier(above, input=D("2.5")),))
    assert charged(price, Usage(tokens)).nano == nano


def test_what_a_tier_leaves_out_stays_as_it_is() -> None:
    price = replace(PLAIN, tiers=(PriceTier(10, input=D(2)), PriceTier(100, output=D(20))))
    # 101 tokens: only the highest tier counts, which says nothing of the input: 101 x 1,250 + 1 x 20,000
    assert charged(price, Usage(101, 1)).nano == 146_250


@pytest.mark.parametrize(
    ("tier", "nano"),
    [("", 2_350_000), ("flex", 1_175_000), ("priority", 4_700_000), ("batch", 705_000), ("scale", 2_350_000)],
)
def test_service_tiers_cost_what_the_price_says_of_them(tier: str, nano: int) -> None:
    # 200 x 1,250 + 800 x 125 + 200 x 10,000; batch is listed: 200 x 375 + 800 x 37.5 + 200 x 3,000
    listed = PriceTier(0, D("0.375"), D(3), D("0.0375"), service_tier="batch")
    price = replace(PLAIN, factors=(("flex", D("0.5")), ("priority", D(2)), ("batch", D("0.5"))), tiers=(listed,))
    assert charged(price, USAGE._replace(service_tier=tier)).nano == nano


def test_fees_are_not_multiplied_by_a_service_tier() -> None:
    price = replace(PLAIN, factors=(("flex", D("0.5")),), usd_per_request=D("0.01"), usd_per_web_search=D("0.02"))
    charge = charged(price, USAGE._replace(service_tier="flex", web_searches=2))
    assert (charge.nano - charge.flat_nano, charge.flat_nano) == (1_175_000, 50_000_000)


def test_an_hours_cache_write_is_twice_the_input_where_only_the_usual_one_has_a_price() -> None:
    usage = Usage(30, 0, cache_write_tokens=10, cache_write_1h_tokens=20)
    # 10 x 6,250 + 20 x 2 x 5,000; without any price for writes both are input: 30 x 5,000
    assert charged(TokenPrice("p", "m", D(5), D(25), cache_write=D("6.25")), usage).cache_write_nano == 262_500
    assert charged(TokenPrice("p", "m", D(5), D(25)), usage).cache_write_nano == 150_000


@pytest.mark.parametrize("usage", [USAGE._replace(images=1), USAGE._replace(web_searches=1)])
def test_a_kind_that_nobody_priced_makes_the_cost_unknown(usage: Usage) -> None:
    assert PriceCard.of(PLAIN).charge(usage) is None
    assert attempt_charge(PriceCard.of(PLAIN), usage, UsageSource.REPORTED) == (None, Provenance.UNKNOWN)


def test_output_of_a_model_that_makes_nothing_is_unknown() -> None:
    card = PriceCard.of(TokenPrice("p", "e", D("0.02"), D(0), input_only=True))
    assert card.charge(Usage(8)) == Charge(input_nano=NanoUsd(160))
    assert card.charge(Usage(8, 1)) is None


def test_what_the_answer_says_it_cost_beats_the_price() -> None:
    usage = USAGE._replace(reported_nano=NanoUsd(7), images=3)
    for card in (None, PriceCard.of(PLAIN), PriceCard.of(replace(PLAIN, free=True))):
        assert attempt_charge(card, usage, UsageSource.REPORTED) == (Charge(flat_nano=NanoUsd(7)), Provenance.METERED)


def test_each_attempt_says_how_far_its_cost_can_be_trusted() -> None:
    card, free = PriceCard.of(PLAIN), PriceCard.of(replace(PLAIN, free=True))
    assert attempt_charge(card, USAGE, UsageSource.REPORTED)[1] is Provenance.METERED
    assert attempt_charge(card, USAGE, UsageSource.ESTIMATED)[1] is Provenance.ESTIMATED
    assert attempt_charge(free, USAGE, UsageSource.REPORTED) == (NO_CHARGE, Provenance.FREE)
    assert attempt_charge(None, USAGE, UsageSource.REPORTED) == (None, Provenance.UNKNOWN)
    assert attempt_charge(None, NO_USAGE, UsageSource.NONE) == (NO_CHARGE, Provenance.METERED)


def test_parts_larger_than_the_whole_make_no_credit() -> None:
    charge = charged(PLAIN, Usage(10, 0, cached_input_tokens=30, input_audio_tokens=50))
    assert (charge.input_nano, charge.cached_input_nano) == (0, 3750)

"""What a request may cost at most is never less than what it costs."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.bounds import Bounds
from costtui.domain.card import PriceCard
from costtui.domain.price import PriceTier, TokenPrice
from costtui.domain.usage import Usage
from costtui.gateway.admission.bound import TEMPLATE_TOKENS, Dearest

D = Decimal
rates = st.decimals(D("0.000001"), D(1000), places=6)
maybe = st.none() | rates
PLAIN = TokenPrice("openai", "gpt-5", D(1), D(10), D("0.1"))


@st.composite
def prices(draw: st.DrawFn) -> TokenPrice:
    steps = sorted(draw(st.sets(st.integers(1, 300_000), max_size=3)))
    tiers = tuple(PriceTier(above, draw(rates), draw(rates)) for above in steps)
    return TokenPrice(
        "p", "m", draw(rates), draw(rates), draw(maybe), cache_write=draw(maybe), cache_write_1h=draw(maybe),
        output_audio=draw(maybe), usd_per_request=draw(maybe), tiers=tiers,
        factors=(("flex", D("0.5")), ("priority", D(2))),
    )  # fmt: skip


@given(prices(), st.integers(0, 500_000), st.integers(0, 10_000), st.integers(1, 4), st.data())
def test_no_use_within_the_bounds_costs_more_than_the_worst_case(
    price: TokenPrice, body_bytes: int, output: int, answers: int, data: st.DataObject
) -> None:
    card = PriceCard.of(price)
    worst = Dearest.of(card).worst_nano(Bounds(output, answers, 0, "", 0), body_bytes)
    whole = data.draw(st.integers(0, body_bytes + TEMPLATE_TOKENS))
    cached = data.draw(st.integers(0, whole))
    write = data.draw(st.integers(0, whole - cached))
    hour = data.draw(st.integers(0, whole - cached - write))
    made = data.draw(st.integers(0, output * answers))
    used = Usage(
        whole, made, cached, write, hour, output_audio_tokens=data.draw(st.integers(0, made)),
        service_tier=data.draw(st.sampled_from(["", "flex", "priority"])),
    )  # fmt: skip
    charge = card.charge(used)
    assert worst is not None
    assert charge is not None
    assert charge.nano <= worst


def test_the_worst_case_by_hand() -> None:
    worst = Dearest.of(PriceCard.of(PLAIN)).worst_nano(Bounds(100, 2, 0, "", 0), 2_000)
    assert worst == (2_000 + 1_024) * 1_000 + 200 * 10_000 + 2


@pytest.mark.parametrize(
    "bounds",
    [Bounds(None, 1, 0, "", 0), Bounds(1, 1, 0, "file", 0), Bounds(1, 1, 0, "", 3), Bounds(1, 1, 0, "", None)],
    ids=["no limit of output", "input that lies elsewhere", "searches at the provider", "any number of them"],
)
def test_what_has_no_bound_has_no_worst_case(bounds: Bounds) -> None:
    assert Dearest.of(PriceCard.of(PLAIN)).worst_nano(bounds, 100) is None


def test_an_amount_that_no_ledger_can_keep_is_no_bound() -> None:
    assert Dearest.of(PriceCard.of(PLAIN)).worst_nano(Bounds(1, 1 << 60, 0, "", 0), 100) is None


def test_output_without_a_price_has_no_worst_case_unless_nothing_is_made() -> None:
    dearest = Dearest.of(PriceCard.of(replace(PLAIN, input_only=True)))
    assert dearest.worst_nano(Bounds(1, 1, 0, "", 0), 100) is None
    assert dearest.worst_nano(Bounds(0, 1, 0, "", 0), 100) == 1_124 * 1_000 + 2


def test_each_picture_counts_as_the_largest_that_there_is() -> None:
    dearest = Dearest.of(PriceCard.of(PLAIN))
    plain, pictured = (dearest.worst_nano(Bounds(1, 1, count, "", 0), 100) for count in (0, 2))
    assert plain is not None
    assert pictured == plain + 100_000 * 1_000

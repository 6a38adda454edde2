"""Money: one rounding, exact sums."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.domain.amount import Amount, Provenance, total, unknown_amount
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd, apportion, charge, nano_from_usd, power_cost, rent_for, usd_from_nano


@pytest.mark.parametrize(
    ("found", "nano"),
    [
        (rent_for(Decimal("2.49"), 48 * 3_600_000), 119_520_000_000),
        (charge(1_234_567, Decimal("0.135")), 166_666_545),  # 1.234567 x 0.135 = 0.166666545
        (power_cost(3_600_000_000, Decimal("0.12"), Decimal("1.3")), 156_000_000),
        (nano_from_usd(Decimal("0.0000000005")), 0),  # half to even
        (nano_from_usd(Decimal("0.0000000015")), 2),
    ],
)
def test_an_amount_is_rounded_once(found: int, nano: int) -> None:
    assert found == nano


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_parts_sum_to_the_whole(whole: int, weights: list[int]) -> None:
    parts = apportion(NanoUsd(whole), weights)
    assert sum(parts) == whole
    assert sum(weights) == 0 or all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(st.integers(-(10**18), 10**18))
def test_nano_dollars_survive_the_way_to_dollars_and_back(nano: int) -> None:
    assert nano_from_usd(usd_from_nano(nano)) == nano


def test_a_total_sums_the_known_and_names_the_unknown() -> None:
    found = total([Amount(NanoUsd(5), Provenance.ACCRUED), unknown_amount("api")])
    assert found == Amount(NanoUsd(5), Provenance.ACCRUED, ("api",))


def test_a_total_of_nothing_known_is_unknown() -> None:
    assert total([unknown_amount("api"), unknown_amount("power")]).nano is None


def test_a_total_with_an_estimate_is_an_estimate() -> None:
    parts = [Amount(NanoUsd(5), Provenance.ACCRUED), Amount(NanoUsd(1), Provenance.ESTIMATED)]
    assert total(parts).provenance is Provenance.ESTIMATED


@given(st.text())
def test_a_clean_string_has_no_control_characters_and_stays_clean(text: str) -> None:
    found = clean(text)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in found)
    assert len(found) <= 200
    assert clean(found) == found

"""A bill by hand: every formula with its numbers, and nothing lost between parts and total."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis.tco import Bill, Input, Part, Source, bill_of, sensitivity, unknown
from costtui.analysis.tco_parts import Beside, Bought, Pool, Power, parts_of
from costtui.analysis.tco_tokens import Tokens, bases, by_kind, by_model
from costtui.domain.money import NanoUsd

D = Decimal
USD = 1_000_000_000


def said(name: str, value: str | None, source: Source = Source.CONFIGURED) -> Input:
    return unknown(name, "") if value is None else Input(name, "", D(value), source)


def beside(**values: str | None) -> Beside:
    names = Beside.__dataclass_fields__
    return Beside(**{name: said(name, values.get(name, "0")) for name in names})


def rented(gpus: str = "2", usd: str | None = "2.50", power: Power | None = None) -> Pool:
    return Pool("H100", said("gpus", gpus), said("usd_per_hour", usd), power=power)


def owned(**values: str | None) -> Pool:
    given_ = {"usd_each": "30000", "residual_percent": "20", "life_years": "4", "financing_percent": "8", **values}
    return Pool("H100", said("gpus", "2"), said("rate", None), Bought(**{k: said(k, v) for k, v in given_.items()}))


def months(bill: Bill) -> dict[str, Decimal | None]:
    return {line.part.name: None if line.amounts.month is None else D(line.amounts.month) / USD for line in bill.lines}


def test_rent_is_gpus_times_rate_times_the_hours_of_a_month() -> None:
    bill = bill_of(parts_of([rented()], beside()))
    # 2 x 2.50 x 730 = 3650; an hour is 5, a year 43800
    assert months(bill)["rent H100"] == 3650
    assert (bill.total.hour, bill.total.month, bill.total.year) == (5 * USD, 3650 * USD, 43_800 * USD)


def test_owned_gpus_lose_value_in_a_straight_line_and_tie_up_money() -> None:
    found = months(bill_of(parts_of([owned()], beside())))
    assert found["loss of value H100"] == 1000  # 2 x 30000 x 0.8 / 48
    assert found["financing H100"] == 240  # 2 x (30000 + 6000) / 2 x 0.08 / 12


def test_power_is_paid_for_the_building_too() -> None:
    power = Power(said("watts", "500"), said("pue", "1.4"), said("kwh", "0.10"))
    # 2 x 0.5 kW x 1.4 x 0.10 x 730
    assert months(bill_of(parts_of([rented(power=power)], beside())))["power H100"] == D("102.2")


def test_staff_is_a_share_of_a_position_and_stands_apart() -> None:
    bill = bill_of(parts_of([rented()], beside(staff_fte="0.25", staff_usd_per_fte_year="150000")))
    assert bill.of("staff").month == 3125 * USD  # 0.25 x 150000 / 12
    assert bill.of("gpus").month == 3650 * USD
    assert bill.total.month == 6775 * USD


def test_setup_is_spread_over_its_months() -> None:
    assert months(bill_of(parts_of([], beside(setup_usd="12000", setup_months="24"))))["setup"] == 500


def test_an_input_that_nobody_stated_is_unknown_and_never_nothing() -> None:
    bill = bill_of(parts_of([rented()], beside(staff_usd_per_fte_year=None, staff_fte="1", network_usd_per_month=None)))
    assert months(bill)["staff"] is None
    assert bill.unknown == ("staff", "network")
    assert bill.total.month == 3650 * USD
    assert next(line for line in bill.lines if line.part.name == "staff").missing == ("staff_usd_per_fte_year",)


def test_nobody_costs_nothing_whatever_a_position_would() -> None:
    bill = bill_of(parts_of([rented()], beside(staff_fte="0", staff_usd_per_fte_year=None)))
    assert months(bill)["staff"] == 0
    assert bill.unknown == ()


def test_a_bill_of_which_nothing_is_known_is_unknown() -> None:
    bill = bill_of(parts_of([rented(usd=None)], beside(**dict.fromkeys(Beside.__dataclass_fields__))))
    assert bill.total.month is None


def test_colocation_is_asked_for_only_where_gpus_are_owned() -> None:
    none = beside(colocation_usd_per_month=None)
    assert "colocation" not in months(bill_of(parts_of([rented()], none)))
    assert months(bill_of(parts_of([owned()], none)))["colocation"] is None


def test_a_swing_is_what_a_tenth_of_an_input_moves() -> None:
    power = Power(said("watts", "500"), said("pue", "1.4"), said("kwh", "0.10"))
    swings = {swing.input.name: swing for swing in sensitivity(parts_of([rented(power=power)], beside()))}
    # the number of GPUs moves rent and power: (3650 + 102.2) / 10
    assert swings["gpus"].more == 375_220_000_000
    assert swings["gpus"].less == -375_220_000_000
    assert swings["gpus"].parts == ("rent H100", "power H100")
    assert swings["usd_per_hour"].more == 365 * USD
    assert swings["pue"].more == 10_220_000_000


def test_a_longer_life_saves_less_than_a_shorter_one_costs() -> None:
    swings = {swing.input.name: swing for swing in sensitivity(parts_of([owned()], beside()))}
    # 1000 / 1.1 - 1000 = -90.909...; 1000 / 0.9 - 1000 = 111.111...
    assert swings["life_years"].more == -90_909_090_909
    assert swings["life_years"].less == 111_111_111_111


def test_swings_come_strongest_first_and_unknown_last() -> None:
    swings = sensitivity(parts_of([rented()], beside(network_usd_per_month=None, storage_usd_per_month="10")))
    assert [swing.input.name for swing in swings][:2] == ["gpus", "usd_per_hour"]
    assert swings[2].input.name == "storage_usd_per_month"
    assert [swing.more for swing in swings if swing.input.name == "network_usd_per_month"] == [None]


values = st.one_of(st.none(), st.decimals(D("0.000000001"), D(10) ** 6, places=9).map(str))


@given(st.lists(st.tuples(values, values, values), max_size=4), st.lists(values, min_size=8, max_size=8))
def test_parts_sum_to_the_total_to_the_nano_dollar(
    pools: Sequence[tuple[str | None, str | None, str | None]], others: Sequence[str | None]
) -> None:
    made = [
        Pool(f"{at}", said(f"{at} gpus", gpus), said(f"{at} rate", usd), power=Power(
            said(f"{at} watts", watts), said(f"{at} pue", "1.3"), said(f"{at} kwh", "0.123456789")))
        for at, (gpus, usd, watts) in enumerate(pools)
    ]  # fmt: skip
    names = Beside.__dataclass_fields__
    bill = bill_of(parts_of(made, beside(**dict(zip(names, others, strict=True)))))
    for period in ("hour", "month", "year"):
        known = [getattr(line.amounts, period) for line in bill.lines]
        assert (getattr(bill.total, period) or 0) == sum(nano for nano in known if nano is not None)
        groups = [getattr(bill.of(group), period) or 0 for group in ("gpus", "staff", "other")]
        assert (getattr(bill.total, period) or 0) == sum(groups)


@pytest.fixture
def bill() -> Bill:
    """3650 for GPUs, 6350 for what does not rest with them."""
    return bill_of((*parts_of([rented()], beside()), Part("rest", "other", (said("x", "6350"),), lambda usd: usd, "")))


def test_allocation_counts_every_hour_and_usage_those_of_the_gpus_that_worked(bill: Bill) -> None:
    found = bases(bill, Tokens(600_000_000, 100_000_000, 300_000_000), Fraction(2, 5))
    assert found.allocation == 10  # 10000 over 1000 M
    assert found.usage == D("7.81")  # (3650 x 0.4 + 6350) over 1000 M


def test_without_tokens_or_observed_work_a_basis_is_unknown(bill: Bill) -> None:
    assert bases(bill, Tokens(0, 0, 0), Fraction(1)).allocation is None
    assert bases(bill, Tokens(1, 0, 0), None).usage is None


def test_kinds_cost_the_time_that_they_take_of_the_engine() -> None:
    # 300 M read at 10,000/s take 30,000 s, 100 M written at 2,500/s 40,000 s: 3 to 4 of 7000
    costs = by_kind(NanoUsd(7000 * USD), Tokens(300_000_000, 50_000_000, 100_000_000), D(10_000), D(2_500))
    assert [(cost.kind, cost.nano // USD, cost.usd_per_million) for cost in costs] == [
        ("input", 3000, D(10)),
        ("cached input", 0, D(0)),
        ("output", 4000, D(40)),
    ]


@given(st.integers(0, 10**15), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10**12))
def test_kinds_sum_to_the_bill_exactly(nano: int, fresh: int, cached: int, output: int) -> None:
    costs = by_kind(NanoUsd(nano), Tokens(fresh, cached, output), D(9_999), D(777))
    assert sum(cost.nano for cost in costs) == nano


def test_models_that_share_a_gpu_share_its_cost_by_tokens() -> None:
    gpus = [(NanoUsd(1000), ["base", "adapter"]), (NanoUsd(500), ["base"]), (NanoUsd(70), ["idle"]), (NanoUsd(30), [])]
    shared = by_model(gpus, {"base": 300, "adapter": 100})
    assert shared.models == {"base": 1250, "adapter": 250}
    assert shared.unserved == 100


@given(st.lists(st.tuples(st.integers(0, 10**12), st.sets(st.sampled_from("abcd"))), max_size=8), st.data())
def test_shared_costs_sum_to_all_costs_exactly(gpus: list[tuple[int, set[str]]], data: st.DataObject) -> None:
    tokens = {name: data.draw(st.integers(0, 10**9)) for name in "abc"}
    shared = by_model([(NanoUsd(nano), sorted(held)) for nano, held in gpus], tokens)
    assert sum(shared.models.values()) + shared.unserved == sum(nano for nano, _ in gpus)

"""Contracts, owned GPUs, list prices and the unknown."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.config.gpus import Exchange, Quote, in_usd
from costtui.config.model import Config, GpuRule, Ownership
from costtui.domain.amount import RateSource
from costtui.domain.money import rent_for
from costtui.domain.terms import PowerTerms, Rate
from costtui.rates.table import listed_for, listed_rates
from costtui.rates.terms import fits, terms_for

UUID = "GPU-5a1b0c2d-1111-2222-3333-444455556666"
H100 = "NVIDIA H100 80GB HBM3"
SEEN_MS = 1_795_000_000_000
CONTRACT = GpuRule("H100", rates=(Rate(1000, Decimal("2.49")),), rent="while-on")


def test_a_contract_decides_and_carries_its_rule() -> None:
    terms = terms_for(UUID, 0, H100, Config(gpus=(CONTRACT,)), SEEN_MS)
    assert terms.source is RateSource.CONTRACT
    assert terms.rates == CONTRACT.rates
    assert terms.rent == "while-on"
    assert terms.power == PowerTerms(in_rent=True)


def test_the_first_rule_that_fits_wins() -> None:
    rest = GpuRule("*", rates=(Rate(0, Decimal(1)),))
    config = Config(gpus=(CONTRACT, rest))
    assert terms_for(UUID, 0, H100, config, SEEN_MS).rates == CONTRACT.rates
    assert terms_for(UUID, 0, "NVIDIA L4", config, SEEN_MS).rates == rest.rates


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ("H100", True), ("h100", True), ("80gb hbm3", True), ("H200", False), ("*", True),
        (UUID, True), (UUID.upper(), True), (UUID[:12], False), ("GPU-0", False),
        ((3,), True), ((0, 3), True), ((0, 1), False), ((), False),
    ],
)  # fmt: skip
def test_a_rule_fits_by_name_uuid_index_or_star(match: str | tuple[int, ...], expected: bool) -> None:
    assert fits(GpuRule(match), UUID, 3, H100) is expected


# 30,000 x (100 - 15) % = 25,500 over 4 x 8,760 h = 35,040 h: 0.72774 an hour
# 10,000 with no residual over 1 x 8,760 h: 1.14155 an hour
@pytest.mark.parametrize(
    ("usd", "years", "residual", "hours", "lost_value"),
    [("30000", "4", "15", 35_040, "25500"), ("10000", "1", "0", 8760, "10000"), ("8760", "0.5", "50", 4380, "4380")],
)
def test_an_owned_gpu_loses_its_value_exactly_over_its_life(
    usd: str, years: str, residual: str, hours: int, lost_value: str
) -> None:
    rule = GpuRule("*", owned=Ownership(Decimal(usd), Decimal(years), Decimal(residual), bought_ms=5000))
    terms = terms_for(UUID, 0, H100, Config(gpus=(rule,)), SEEN_MS)
    (rate,) = terms.rates
    assert (terms.source, rate.from_ms, rate.until_ms) == (RateSource.OWNED, 5000, 5000 + hours * 3_600_000)
    assert rent_for(rate.usd_per_hour, hours * 3_600_000) == int(lost_value) * 10**9


def test_an_owned_gpu_counts_from_first_seen_and_its_power_is_unknown_until_said() -> None:
    rule = GpuRule("*", owned=Ownership(Decimal(30000), Decimal(4), Decimal(15)))
    terms = terms_for(UUID, 0, H100, Config(gpus=(rule,)), SEEN_MS)
    assert terms.rates[0].from_ms == SEEN_MS
    assert terms.power == PowerTerms(in_rent=False, usd_per_kwh=None)
    paid = PowerTerms(False, Decimal("0.12"), Decimal("1.3"))
    assert terms_for(UUID, 0, H100, Config(gpus=(replace(rule, power=paid),)), SEEN_MS).power == paid


@pytest.mark.parametrize(
    ("name", "usd", "note"),
    [
        ("NVIDIA H100 80GB HBM3", "2.95", "list price aimultiple index median of 37 providers, 2026-05-20"),
        ("NVIDIA H100 PCIe", "1.90", "list price Hyperstack on-demand, stored copy undated"),
        ("NVIDIA H200", "3.50", "list price Nebius on-demand, stored copy undated"),
        ("NVIDIA B200", "6.69", "list price Lambda on-demand 8x, stored copy undated"),
        ("NVIDIA GH200 480GB", "2.29", "list price Lambda on-demand, stored copy undated"),
        ("NVIDIA A100-SXM4-80GB", "1.35", "list price Hyperstack on-demand PCIe, stored copy undated"),
        ("NVIDIA A100 80GB PCIe", "1.35", "list price Hyperstack on-demand PCIe, stored copy undated"),
        ("NVIDIA L40S", "1.55", "list price Nebius on-demand, stored copy undated"),
        ("NVIDIA L40", "1.00", "list price Hyperstack on-demand, stored copy undated"),
    ],
)
def test_without_a_rule_a_known_gpu_has_a_list_price_with_source_and_date(name: str, usd: str, note: str) -> None:
    terms = terms_for(UUID, 0, name, Config(), SEEN_MS)
    assert terms.rates == (Rate(SEEN_MS, Decimal(usd)),)
    assert (terms.source, terms.note, terms.rent) == (RateSource.LIST, note, "always")
    assert terms.power == PowerTerms(in_rent=True)


@pytest.mark.parametrize(
    "name", ["NVIDIA A100-PCIE-40GB", "NVIDIA L4", "NVIDIA GeForce RTX 4090", "Tesla T4", "", "H1000"]
)
def test_a_gpu_that_no_table_knows_costs_unknown_and_not_zero(name: str) -> None:
    terms = terms_for(UUID, 0, name, Config(), SEEN_MS)
    assert terms.rates == ()
    assert terms.source is RateSource.UNKNOWN
    assert terms.note


def test_every_row_of_the_table_has_a_price_or_a_range_a_source_and_a_date() -> None:
    for row in listed_rates():
        assert (row.usd_per_gpu_hour is None) == (row.low is not None and row.high is not None)
        assert row.low is None or row.high is None or row.low < row.high
        assert row.match
        assert all((row.kind, row.provider, row.source, row.as_of))
        assert row.as_of == "undated" or row.as_of.startswith("20")


def test_every_gpu_of_the_table_has_at_most_one_default_and_it_is_no_range_or_spot_price() -> None:
    defaults = [row for row in listed_rates() if row.default]
    assert len({row.match for row in defaults}) == len(defaults)
    assert all(row.usd_per_gpu_hour is not None and "spot" not in row.kind for row in defaults)


def test_the_special_row_stands_before_the_general() -> None:
    row = listed_for("NVIDIA H100 PCIe")
    assert row is not None
    assert row.gpu == "H100 PCIe"


amounts = st.decimals(min_value=0, max_value=99_999, places=9, allow_nan=False)
moments = st.lists(st.integers(1, 10**6), min_size=1, max_size=6, unique=True).map(sorted)


@given(st.data(), moments, moments)
def test_a_currency_split_equals_the_product_at_every_moment(
    data: st.DataObject, quoted: list[int], changed: list[int]
) -> None:
    quotes = [Quote(at, data.draw(amounts), "EUR") for at in quoted]
    exchanges = [Exchange(at, data.draw(amounts)) for at in [0, *changed]]
    rates = in_usd(quotes, {"EUR": exchanges})
    assert [rate.from_ms for rate in rates] == sorted({rate.from_ms for rate in rates})
    for at in sorted({*quoted, *changed, 10**7}):
        if at < quoted[0]:
            continue
        quote = [quote for quote in quotes if quote.from_ms <= at][-1]
        exchange = [exchange for exchange in exchanges if exchange.from_ms <= at][-1]
        rate = [rate for rate in rates if rate.from_ms <= at][-1]
        # in integers of 1e-9: the product is exact
        assert int(rate.usd_per_hour.scaleb(18)) == int(quote.per_hour.scaleb(9)) * int(exchange.usd.scaleb(9))


rules = st.builds(
    GpuRule,
    match=st.one_of(st.text(max_size=8), st.lists(st.integers(0, 9)).map(tuple)),
    rates=st.lists(st.builds(Rate, from_ms=st.integers(0, 10**13), usd_per_hour=amounts), max_size=3).map(tuple),
    owned=st.none()
    | st.builds(
        Ownership,
        usd_each=st.decimals(0, 10**9, places=9),
        life_years=st.decimals("0.000000001", 50, places=9),
        residual_percent=st.decimals(0, 100, places=9),
        bought_ms=st.none() | st.integers(0, 10**13),
    ),
)


@given(st.text(max_size=30), st.integers(0, 9), st.text(max_size=40), st.lists(rules, max_size=4))
def test_terms_never_raise_and_are_in_order(uuid: str, index: int, name: str, given_rules: list[GpuRule]) -> None:
    terms = terms_for(uuid, index, name, Config(gpus=tuple(given_rules)), SEEN_MS)
    assert all(rate.usd_per_hour >= 0 for rate in terms.rates)
    assert (terms.source is RateSource.UNKNOWN) <= (terms.rates == ())

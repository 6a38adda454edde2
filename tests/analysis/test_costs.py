"""Power, tokens, capacity, budgets and alerts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.analysis import budgets, power
from costtui.analysis.alerts import Condition, fold
from costtui.analysis.budgets import RateStep, run_out, spend_ahead, standing
from costtui.analysis.capacity import SustainedRate
from costtui.analysis.tokens import GpuCost, measure, zero_load
from costtui.domain.alert import OpenAlert
from costtui.domain.amount import Amount, Provenance, unknown_amount
from costtui.domain.money import NanoUsd
from costtui.domain.terms import PowerTerms
from costtui.domain.tick import EngineTick, EngineTotals, StateTotals

HOUR = 3_600_000
USD = 1_000_000_000
APART = PowerTerms(False, Decimal("0.12"), Decimal("1.3"))


def energy(millijoules: int, known_ms: int, estimated_ms: int = 0) -> StateTotals:
    return StateTotals({}, millijoules, known_ms, estimated_ms)


@pytest.mark.parametrize(
    ("terms", "totals", "nano", "unknown"),
    [
        # 1 kWh x 0.12 x 1.3 = 0.156
        (APART, energy(3_600_000_000, HOUR), 156_000_000, ()),
        (APART, energy(3_600_000_000, HOUR // 2), 156_000_000, ("power",)),
        (PowerTerms(True), energy(3_600_000_000, HOUR), 0, ()),
        (PowerTerms(False, None), energy(3_600_000_000, HOUR), None, ("power",)),
        (PowerTerms(False, Decimal(0)), None, 0, ()),
        (APART, None, None, ("power",)),
        (APART, energy(3_600_000_000, HOUR - 40_000), 156_000_000, ()),
        (None, energy(1, HOUR), None, ("power",)),
    ],
)
def test_power_costs_energy_times_price_and_pue(
    terms: PowerTerms | None, totals: StateTotals | None, nano: int | None, unknown: tuple[str, ...]
) -> None:
    found = power.cost(terms, totals, HOUR)
    assert (found.nano, found.unknown) == (nano, unknown)


def test_integrated_energy_makes_an_estimate() -> None:
    assert power.cost(APART, energy(1_000, HOUR, 1_000), HOUR).provenance is Provenance.ESTIMATED


@pytest.mark.parametrize(
    ("terms", "milliwatts", "usd"),
    [
        (APART, 500_000, Decimal("0.078")),  # 0.5 kW x 0.12 x 1.3
        (APART, None, None),
        (PowerTerms(False, None), 500_000, None),
        (PowerTerms(True), None, Decimal(0)),
        (None, 500_000, None),
    ],
)
def test_power_burns_by_the_hour(terms: PowerTerms | None, milliwatts: int | None, usd: Decimal | None) -> None:
    assert power.usd_per_hour(terms, milliwatts) == usd


def served(**counts: int) -> EngineTotals:
    return EngineTotals(**counts)


def test_a_million_tokens_costs_all_rent_or_the_worked_part_of_it() -> None:
    # 2 GPUs x 24 h x 2.49 = 119.52, half of it worked; 61.4 Mtok: 119.52 / 61.4 = 1.946580, 59.76 / 61.4 = 0.973290
    gpu = GpuCost(59_760_000_000, 29_880_000_000, 0)
    found = measure([gpu, gpu], served(input_tokens=46_000_000, output_tokens=15_400_000))
    assert (found.allocation, found.usage) == (Decimal("1.946580"), Decimal("0.973290"))


def test_gap_tokens_count_for_allocation_and_not_for_usage() -> None:
    # 10 USD over 4 Mtok = 2.5; the 5 USD that were worked over the 2 Mtok that were seen = 2.5
    found = measure([GpuCost(10 * USD, 5 * USD, 0)], served(output_tokens=2_000_000, gap_output_tokens=2_000_000))
    assert (found.allocation, found.usage) == (Decimal("2.5"), Decimal("2.5"))


def test_power_outside_the_rent_is_part_of_a_tokens_cost() -> None:
    # (10 + 2) / 1 Mtok; worked: 5 + half of the power
    found = measure([GpuCost(10 * USD, 5 * USD, 2 * USD)], served(output_tokens=1_000_000))
    assert (found.allocation, found.usage) == (Decimal(12), Decimal(6))


def test_shared_gpus_are_split_by_worked_time() -> None:
    # this engine worked 3 h, the other 1 h: three quarters of 8 USD
    gpu = GpuCost(8 * USD, 4 * USD, 0, engines_worked_ms=(HOUR,))
    assert measure([gpu], served(worked_ms=3 * HOUR, output_tokens=1_000_000)).allocation == 6


@pytest.mark.parametrize(
    ("gpus", "totals"),
    [
        (None, served(output_tokens=1)),
        ([], served(output_tokens=1)),
        ([GpuCost(USD, USD, 0)], served()),
        ([GpuCost(None, None, 0)], served(output_tokens=1)),
        ([GpuCost(USD, USD, None)], served(output_tokens=1)),
        ([GpuCost(USD, USD, 0, engines_worked_ms=(0,))], served(output_tokens=1)),
    ],
)
def test_a_tokens_cost_that_cannot_be_told_is_unknown_with_a_reason(
    gpus: list[GpuCost] | None, totals: EngineTotals
) -> None:
    found = measure(gpus, totals)
    assert (found.allocation, found.usage) == (None, None)
    assert found.reason


@given(st.integers(1, 10**12), st.integers(0, 10**10), st.integers(1, 10**9), st.integers(1, 10**9))
def test_lower_utilisation_never_lowers_the_cost_of_a_token(rent: int, resting: int, tokens: int, more: int) -> None:
    """Power grows at most in proportion to the work above what resting takes."""
    little = measure([GpuCost(rent, 0, resting + tokens)], served(output_tokens=tokens)).allocation
    much = measure([GpuCost(rent, 0, resting + tokens + more)], served(output_tokens=tokens + more)).allocation
    assert little is not None
    assert much is not None
    assert little >= much


def test_an_hour_at_zero_load_costs_its_rent_and_its_resting_power() -> None:
    # 120 W for an hour = 0.12 kWh x 0.12 x 1.3 = 0.01872
    assert zero_load(2_490_000_000, 120_000, APART) == 2_490_000_000 + 18_720_000
    assert zero_load(2_490_000_000, None, PowerTerms(True)) == 2_490_000_000
    assert zero_load(2_490_000_000, None, APART) is None


def tick(second: int, tokens: int, span_ms: int = 1_000) -> EngineTick:
    return EngineTick("a", second * 1_000, span_ms, span_ms, output_tokens=tokens)


def test_capacity_is_the_best_sustained_minute() -> None:
    rate = SustainedRate()
    for second in range(1, 55):
        rate.add(tick(second, 900))
    assert (rate.best, rate.ratio(None)) == (None, None)
    for second in range(55, 121):
        rate.add(tick(second, 900))
    for second in range(121, 181):
        rate.add(tick(second, 90))
    assert rate.best == 900
    assert rate.rate == 90
    assert rate.ratio(None) == pytest.approx(0.1)
    assert rate.ratio(450.0) == pytest.approx(0.2)


def test_a_burst_of_seconds_is_no_capacity() -> None:
    rate = SustainedRate()
    for second in range(1, 61):
        rate.add(tick(second, 6_000 if second <= 6 else 0))
    assert rate.best is not None
    assert rate.best < 700


def test_a_minute_with_a_gap_is_not_sustained() -> None:
    rate = SustainedRate(best=500.0)
    for second in (*range(1, 30), *range(200, 240)):
        rate.add(tick(second, 10_000))
    assert (rate.rate, rate.best) == (None, 500.0)


def known(usd: int) -> Amount:
    return Amount(NanoUsd(usd * USD), Provenance.ACCRUED)


def test_a_budget_says_when_it_runs_out_at_the_present_burn() -> None:
    # 322 of 600 used, 27 $/h: (600 - 322) / 27 = 10.296296.. h = 37,066,667 ms
    found = standing(NanoUsd(600 * USD), ("gpu",), {"gpu": known(322)}, [RateStep(0, Decimal(27))], 0, 12 * HOUR)
    assert found.runs_out_ms == 37_066_667
    assert found.stage == "warn"
    assert found.projected == (322 + 27 * 12) * USD
    assert found.urgent


def test_a_rent_that_changes_ahead_is_known_exactly() -> None:
    # 10 left: 2 h at 2 = 4, then 6 left at 3 = 2 h more
    steps = [RateStep(0, Decimal(2)), RateStep(2 * HOUR, Decimal(3))]
    assert run_out(NanoUsd(10 * USD), steps, 0, 24 * HOUR) == 4 * HOUR
    assert run_out(NanoUsd(10 * USD), steps, 0, 4 * HOUR - 1) is None
    assert spend_ahead(steps, HOUR, 4 * HOUR) == 8 * USD  # 1 x 2 + 2 x 3


@pytest.mark.parametrize(("used", "stage"), [(0, "ok"), (49, "ok"), (50, "warn"), (99, "warn"), (100, "over")])
def test_a_budget_has_stages(used: int, stage: str) -> None:
    assert standing(NanoUsd(100 * USD), ("gpu",), {"gpu": known(used)}, [], 0, HOUR).stage == stage


def test_a_budget_counts_what_is_known_and_names_the_rest() -> None:
    spent = {"gpu": known(60), "api": unknown_amount("api")}
    found = standing(NanoUsd(100 * USD), ("gpu", "api"), spent, [], 0, HOUR)
    assert (found.used.nano, found.used.unknown, found.stage) == (60 * USD, ("api",), "warn")


def test_a_budget_of_which_nothing_is_known_is_unknown_and_not_ok() -> None:
    found = standing(NanoUsd(USD), ("api",), {}, [], 0, HOUR)
    assert (found.stage, found.ratio, found.projected) == ("unknown", None, None)


def test_a_budget_without_burn_never_runs_out() -> None:
    assert run_out(NanoUsd(1), [RateStep(0, Decimal(0))], 0, HOUR) is None
    assert budgets.spend_ahead([], 0, HOUR) == 0


LOST = Condition("gpu-lost:a", "critical", "GPU 6 lost")


def test_an_alert_sends_one_message_when_it_starts_and_one_when_it_ends() -> None:
    alerts: tuple[OpenAlert, ...] = ()
    sent = []
    for second in range(200):
        found = fold(alerts, [LOST] if second < 100 else [], second * 1_000)
        alerts = found.open
        sent += [(message.event, message.at_ms) for message in found.messages]
    assert sent == [("started", 0), ("ended", 160_000)]
    assert alerts == ()


def test_a_gpu_that_flaps_sends_two_messages() -> None:
    alerts: tuple[OpenAlert, ...] = ()
    sent = []
    for second in range(400):
        found = fold(alerts, [LOST] if second < 300 and second % 20 < 10 else [], second * 1_000)
        alerts = found.open
        sent += [message.event for message in found.messages]
    assert sent == ["started", "ended"]


def test_alerts_that_were_open_before_a_restart_are_not_sent_again() -> None:
    assert fold([OpenAlert("gpu-lost:a", "critical", "GPU 6 lost", 5)], [LOST], 9).messages == ()


def test_a_window_that_has_just_begun_owes_no_power_yet() -> None:
    assert power.cost(APART, None, 5_000).nano == 0
    assert power.cost(APART, None, 5_001).nano is None

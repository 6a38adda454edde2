"""Often repeated figures against numbers of one's own: each verdict follows from a formula."""

from dataclasses import replace
from decimal import Decimal

import pytest

from costtui.analysis.breakeven import Price
from costtui.analysis.breakeven_setting import UNITS, Setting
from costtui.analysis.claims import Claim, Facts, Verdict
from costtui.analysis.claims_latency import latency_claims
from costtui.analysis.claims_money import money_claims
from costtui.analysis.claims_volume import saving_claims, volume_claims
from costtui.analysis.tco import Input, Source, unknown

D = Decimal
OPUS, GPT_5, NOVITA = (
    Price("opus", D(4), D(20)),
    Price("gpt-5", D("1.25"), D(10)),
    Price("novita", D("0.135"), D("0.4")),
)
PAIR = {
    "gpus": "2",
    "gpus-per-replica": "2",
    "usd-per-gpu-hour": "2.50",
    "mix": "3",
    "prefill": "10000",
    "decode": "2500",
    "volume": "100000000",
}


def setting(*prices: Price, **numbers: str | None) -> Setting:
    said = {**PAIR, **{name.replace("_", "-"): value for name, value in numbers.items()}}
    inputs = {
        name: unknown(name, unit)
        if said.get(name) is None
        else Input(name, unit, D(said[name] or 0), Source.CONFIGURED)
        for name, unit in UNITS.items()
    }
    return Setting("m", inputs, prices)


def facts(*prices: Price, **numbers: str | None) -> Facts:
    return Facts(setting(*prices, **numbers), D(175_000), (), (D("2.50"),), (), 2, None, D(0), None, None)


def found(claims: list[Claim], words: str) -> Claim:
    return next(claim for claim in claims if words in claim.figure)


def test_two_million_tokens_a_day_pay_for_no_pair_of_gpus() -> None:
    claim = found(volume_claims(facts(OPUS, GPT_5, NOVITA)), "2 M tokens a day")
    # 2 M x 730 / 24 = 60.83 M a month; 3650 / 60.83 = $60 a million
    assert claim.verdict is Verdict.FAILS
    assert "2 GPUs cost $3,650 a month" in claim.because
    assert "$60.00 a million" in claim.because


def test_two_million_tokens_a_day_pay_for_a_cheap_card_against_a_dear_model() -> None:
    claims = volume_claims(
        facts(Price("gpt-4 of 2023", D(30), D(60)), gpus="1", gpus_per_replica="1", usd_per_gpu_hour="0.5")
    )
    # 365 a month against 37.5 x 60.83 = 2281
    assert found(claims, "2 M").verdict is Verdict.HOLDS


def test_fifty_million_a_day_depend_on_the_price_that_is_replaced() -> None:
    claim = found(volume_claims(facts(OPUS, GPT_5, NOVITA)), "50 M tokens a day")
    # 3650 / 1520.8 M = 2.40: dearer are opus, 8.00, and gpt-5, 3.44; not novita, 0.20
    assert claim.verdict is Verdict.DEPENDS
    assert claim.because.startswith("holds against opus, gpt-5; not against novita")


def test_a_volume_beyond_the_gpus_is_judged_with_the_gpus_that_it_takes() -> None:
    claim = found(volume_claims(facts(OPUS, usd_per_gpu_hour="60")), "11 B tokens a month")
    # 11,000 M fit into one pair (15,017 M); 2 x 60 x 730 = 87,600 against 88,000
    assert claim.verdict is Verdict.HOLDS
    claim = found(
        volume_claims(facts(OPUS, prefill="5000", decode="1250", usd_per_gpu_hour="60")), "11 B tokens a month"
    )
    # at half the speed it takes two pairs
    assert claim.verdict is Verdict.FAILS
    assert "4 GPUs cost $175,200" in claim.because


def test_a_hybrid_saves_the_share_it_moves_less_its_gpus() -> None:
    # 100 M a day at gpt-5: 100 x 30.4167 x 3.4375 = 10,456 a month; the GPUs take 3650 / 10,456 = 34.9 %
    claims = saving_claims(facts(GPT_5))
    assert found(claims, "30 to 50").verdict is Verdict.HOLDS
    assert "gpt-5 65%-85%" in found(claims, "30 to 50").because
    # 83 % would take 118 % of the bill
    assert found(claims, "83").verdict is Verdict.FAILS
    assert "gpt-5 118%" in found(claims, "83").because


def test_no_more_traffic_moves_than_the_gpus_can_make() -> None:
    # 5 G a day is ten times what a pair makes: at most 10 % moves, and 30 % takes more
    claim = found(saving_claims(facts(GPT_5, volume="5000000000")), "30 to 50")
    assert claim.verdict is Verdict.FAILS
    assert "at most 10% can" in claim.because


@pytest.mark.parametrize(
    ("each", "verdict"), [("35000", Verdict.HOLDS), ("30000", Verdict.HOLDS), ("25000", Verdict.FAILS)]
)
def test_the_price_of_a_card_is_ones_own(each: str, verdict: Verdict) -> None:
    assert found(money_claims(replace(facts(), prices_each=(D(each),))), "a card").verdict is verdict


def test_for_who_rents_a_card_is_years_of_rent() -> None:
    claim = found(money_claims(facts()), "a card")
    # 30000 / 2.50 / 8760 = 1.37 years
    assert claim.verdict is Verdict.DEPENDS
    assert "1.4 to 1.8 years" in claim.because


@pytest.mark.parametrize(
    ("rents", "verdict"),
    [
        (("2.49",), Verdict.HOLDS),
        (("2.50",), Verdict.FAILS),
        (("1.90", "4.00"), Verdict.DEPENDS),
        ((), Verdict.UNKNOWN),
    ],
)
def test_rent_is_compared_card_by_card(rents: tuple[str, ...], verdict: Verdict) -> None:
    assert found(money_claims(replace(facts(), rents=tuple(map(D, rents)))), "rents for").verdict is verdict


@pytest.mark.parametrize(
    ("salary", "verdict"), [("120000", Verdict.HOLDS), ("90000", Verdict.FAILS), ("180000", Verdict.FAILS), (None, "?")]
)
def test_a_position_must_cost_what_the_claim_needs(salary: str | None, verdict: Verdict) -> None:
    claim = found(money_claims(facts(fte="0.5", usd_per_fte_year=salary)), "position")
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("year", "lacking", "verdict"),
    [
        (175_000, (), Verdict.HOLDS),
        (100_000, (), Verdict.FAILS),
        (200_000, ("staff",), Verdict.FAILS),
        (150_000, ("staff",), Verdict.UNKNOWN),
        (None, (), Verdict.UNKNOWN),
    ],
)
def test_a_minimal_setup_is_the_whole_bill(year: int | None, lacking: tuple[str, ...], verdict: Verdict) -> None:
    given = replace(facts(), usd_per_year=None if year is None else D(year), lacking=lacking)
    assert found(money_claims(given), "minimal").verdict is verdict


def test_a_saving_of_55_percent_is_miscalculated() -> None:
    claim = found(money_claims(facts(GPT_5)), "$860 K")
    assert claim.verdict is Verdict.FAILS
    assert "59.9%" in claim.because
    assert "65% against gpt-5" in claim.because  # 1 - 3650 / 10456


def test_twelve_million_take_an_api_bill_of_that_size() -> None:
    claim = found(money_claims(facts(GPT_5)), "$12 M")
    # (10,455.73 - 3650) x 18; 12,000,000 / 18 + 3650
    assert claim.verdict is Verdict.FAILS
    assert "$122,503 against gpt-5" in claim.because
    assert "$670,317 a month" in claim.because
    assert found(money_claims(facts(OPUS, volume="3000000000")), "$12 M").verdict is Verdict.HOLDS


def test_payback_is_price_over_what_is_not_paid_any_more() -> None:
    given = replace(facts(GPT_5), prices_each=(D(40_000),), power_usd_per_month=D("455.73"))
    claim = found(money_claims(given), "pay back")
    # 80,000 / (10,455.73 - 455.73) = 8 months
    assert claim.verdict is Verdict.HOLDS
    assert "8.0 months against gpt-5" in claim.because
    # novita's bill is 611 a month: 131 months, longer than a card lives
    assert "never against novita" in found(money_claims(replace(given, setting=setting(NOVITA))), "pay back").because


def test_an_api_that_answers_sooner_leaves_no_room_for_a_slow_network() -> None:
    fast, slow = (found(latency_claims(replace(facts(), api_first_byte_ms=ms)), "network") for ms in (40, 400))
    assert (fast.verdict, slow.verdict) == (Verdict.FAILS, Verdict.DEPENDS)
    assert "at most so much" in slow.because


@pytest.mark.parametrize(("ms", "verdict"), [(9, Verdict.HOLDS), (10, Verdict.FAILS), (None, Verdict.UNKNOWN)])
def test_answers_within_ten_milliseconds_are_measured(ms: int | None, verdict: Verdict) -> None:
    claim = found(latency_claims(replace(facts(), own_first_byte_ms=ms)), "10 ms")
    assert claim.verdict is verdict
    assert "33.5 GB" in claim.because  # 3350 GB/s x 10 ms


def test_without_numbers_nothing_is_judged() -> None:
    nothing = facts(GPT_5, **dict.fromkeys(("gpus", "volume", "prefill", "decode", "usd_per_gpu_hour")))
    blank = replace(nothing, usd_per_year=None, rents=(), gpus=0)
    claims = [*volume_claims(blank), *saving_claims(blank), *money_claims(blank), *latency_claims(blank)]
    assert {claim.verdict for claim in claims if "$860 K" not in claim.figure} == {Verdict.UNKNOWN}
    assert len(claims) == 14

"""Recommendations worked by hand: what the figures support, and nothing else."""

from dataclasses import replace

import pytest

from costtui.analysis.advice import Advice, confidence_of, monthly, ranked
from costtui.domain.money import NanoUsd
from costtui.report.counterfactual import Compared
from tests.report.advice_scene import DAY, USD, gpu, nano, offer, told, traffic


def test_gpus_that_idle_nine_tenths_of_the_time_are_not_needed() -> None:
    (found,) = told((gpu(2, "mixtral", 230, 572.7), gpu(3, "mixtral", 236, 587.64), gpu(0, "llama", 200, 498.0)))
    assert (found.kind, found.subject, found.action) == (
        "idle-gpu",
        "mixtral",
        "stop what is on GPU 2, 3 and give it back",
    )
    assert found.month_nano == nano((572.7 + 587.64) * 730 / 240)
    assert (found.confidence, found.command) == ("high", "")
    assert "idle 97% of 480.0 observed GPU hours, 1160.34 $ of rent" in found.arithmetic


def test_a_model_whose_tokens_cost_less_than_its_rent_is_better_bought() -> None:
    carried = traffic("llama", 10, offer("cheap", 100), offer("dear", 900), hosted=9)
    (found,) = told((gpu(0, "llama", 0, 0), gpu(1, "llama", 0, 0)), carried)
    # rent 2 x 597.60, what APIs took of the same traffic 10, all of it at the seller 100; over 240 h
    assert (found.kind, found.month_nano) == ("buy-instead", nano((1195.2 + 10 - 100) * 730 / 240))
    assert "buy it from cheap" in found.action
    assert "equal quality and your latency objective assumed" in found.arithmetic


@pytest.mark.parametrize(
    ("compared", "rent"),
    [
        (traffic("llama", 0, offer("cheap", 1200), hosted=9), 597.6),  # dearer than the rent
        (traffic("llama", 0, offer("cheap", None), hosted=9), 597.6),
        (traffic("llama", 0, hosted=9), 597.6),
        (traffic("llama", 0, offer("cheap", 1), hosted=9), None),
        (traffic("other", 0, hosted=9), 597.6),
    ],
)
def test_without_a_price_or_a_rent_or_a_gain_nothing_is_said(compared: Compared, rent: float | None) -> None:
    assert told((gpu(0, "llama", 0, 0), gpu(1, "llama", 0, 0)), compared, rent=rent) == []


def test_a_cheaper_seller_of_the_same_model_is_named_and_one_that_is_no_target_too() -> None:
    (found,) = told((), traffic("llama", 100, offer("novita", 60, configured=True), offer("x", 99)))
    assert (found.kind, found.month_nano, found.action) == ("change-seller", nano(40 * 730 / 240), "send it to novita")
    (found,) = told((), traffic("llama", 100, offer("x", 60, tiered=True)))
    assert (found.action, found.command, found.confidence) == ("send it to x, which is no target yet", "", "low")
    assert told((), traffic("llama", 100, offer("x", 96))) == []


def test_a_model_without_a_price_is_named_at_the_end_without_an_amount() -> None:
    found = told((), traffic("gpt-9", None), traffic("llama", 100, offer("x", 60)))
    assert [(each.kind, each.month_nano is None) for each in found] == [("change-seller", False), ("unpriced", True)]
    assert found[1].command == "costtui prices gpt-9"


def test_less_than_a_dollar_a_month_is_not_worth_a_word() -> None:
    one = Advice("idle-gpu", "x", NanoUsd(USD - 1), "low", "", "")
    assert ranked([one, replace(one, month_nano=NanoUsd(USD))]) == (replace(one, month_nano=NanoUsd(USD)),)


@pytest.mark.parametrize(
    ("span", "sure"), [(7 * DAY, "high"), (7 * DAY - 1, "medium"), (DAY, "medium"), (DAY - 1, "low")]
)
def test_a_week_has_every_weekday_in_it(span: int, sure: str) -> None:
    assert confidence_of(span) == sure


def test_a_month_is_730_hours_of_the_span_s_pace() -> None:
    assert monthly(24 * USD, DAY) == 730 * USD

"""Strategies over traces of which the outcome is known."""

from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest

from costtui.domain.money import NanoUsd
from costtui.errors import CosttuiError
from costtui.policy.facts import Rates, Serving
from costtui.replay.report import Limit, Rented, Replayed, Row, replay
from costtui.replay.run import Setting, cost_nano
from costtui.replay.trace import Request, read_trace

GPT5 = Rates(1_250_000_000, 125_000_000, 10_000_000_000)
RENTED = Rented(Decimal("2.50"), 2)


def dice() -> Callable[[], float]:
    return Random(1).random


def ran(requests: list[Request], setting: Setting, *replicas: int, limit: Limit | None = None) -> Replayed:
    return replay(requests, setting, ("idle-first", "weighted"), replicas, RENTED, dice, limit)


def row(found: Replayed, strategy: str, replicas: int = 1) -> Row:
    return next(each for each in found.rows if (each.strategy, each.replicas) == (strategy, replicas))


def setting(error: float = 0.0) -> Setting:
    return Setting(GPT5, believed=Serving(10_000 * (1 + error), 2_500 * (1 + error)))


QUIET = [Request(number * 10.0, 1_000, 100) for number in range(361)]
"""An hour, one request at a time."""


def test_a_quiet_hour_by_hand() -> None:
    found = ran(QUIET, setting(), 1)
    # 1,000 x 1.25 + 100 x 10 nano-dollars = 0.00225 dollars each, 361 in the hour
    assert found.all_api_usd_per_hour == Decimal("0.81225")
    assert row(found, "all-api", 0).usd_per_hour == Decimal("0.81225")
    idle_first = row(found, "idle-first")
    assert idle_first.usd_per_hour == Decimal("5.00"), "the rent of two GPUs, and nothing else"
    assert idle_first.capture_percent == pytest.approx(Decimal(100))
    assert idle_first.slo_miss_percent == 0
    assert idle_first.local_share_percent == 100
    assert idle_first.saving_percent_vs_all_api == pytest.approx((Decimal("0.81225") - 5) / Decimal("0.81225") * 100)
    assert row(found, "all-self").saving_percent_vs_best_single == idle_first.saving_percent_vs_best_single
    assert found.floors[0].usd_per_hour == pytest.approx(Decimal(5))


def test_what_does_not_fit_goes_to_the_api_and_is_late_nowhere() -> None:
    dice_ = Random(3)
    burst = sorted(
        Request(dice_.uniform(0, 300), dice_.randint(200, 2_000), dice_.randint(5, 400)) for _ in range(4_000)
    )
    found = ran(burst, setting(), 1, 2)
    for count in (1, 2):
        steered, own = row(found, "idle-first", count), row(found, "all-self", count)
        assert steered.slo_miss_percent <= Decimal("0.5") < own.slo_miss_percent
        assert steered.capture_percent is not None
        assert Decimal(80) < steered.capture_percent <= 100
        floor = next(each for each in found.floors if each.replicas == count)
        assert floor.usd_per_hour <= steered.usd_per_hour + Decimal("0.0001")


@pytest.mark.parametrize("error", [-0.75, -0.25, 0.25, 3.0])
def test_a_router_that_takes_its_replica_for_faster_or_slower_than_it_is_finds_out(error: float) -> None:
    dice_ = Random(5)
    steady = sorted(
        Request(dice_.uniform(0, 600), dice_.randint(200, 2_000), dice_.randint(5, 400)) for _ in range(4_000)
    )
    found = row(ran(steady, setting(error), 1), "idle-first")
    assert found.slo_miss_percent <= 1
    assert found.capture_percent is not None
    assert found.capture_percent >= 90


def test_a_budget_is_never_overspent_and_what_it_does_not_pay_for_runs_here() -> None:
    requests = [Request(number * 0.05, 2_000, 300) for number in range(2_000)]
    limit = Limit(NanoUsd(200_000_000), 30.0)
    found = ran(requests, Setting(GPT5, max_tokens=1_000), 1, limit=limit)
    assert {each.budget_overshoot_percent for each in found.rows} == {0}
    assert row(found, "all-api", 0).refused_percent > 50, "there is nothing else"
    assert row(found, "idle-first").refused_percent == 0
    spent = row(found, "idle-first").usd_per_hour - 5
    assert spent * found.hours <= Decimal("0.2") * 4, "four windows"


def test_costs_are_whole_nano_dollars() -> None:
    assert cost_nano(GPT5, Request(0.0, 1_000, 100)) == 1_250_000 + 1_000_000


def test_a_trace_is_read_by_the_names_that_are_usual_and_sorted() -> None:
    azure = ["TIMESTAMP,ContextTokens,GeneratedTokens", "2023-11-16 18:15:47.5000000,396,109",
             "2023-11-16 18:15:46.6805900,374,44"]  # fmt: skip
    first, second = read_trace(azure, "azure")
    assert first == (0.0, 374, 44)
    assert second.at == pytest.approx(0.81941)
    assert read_trace(["timestamp,prompt_tokens,output_tokens", "1.5,10,2", "", "3,1e3,0"], "own") == [
        (0.0, 10, 2),
        (1.5, 1000, 0),
    ]
    zoned = ["time,input_tokens,completion_tokens", "2026-11-23T12:00:00.250+01:00,1,1", "2026-11-23T11:00:01Z,1,1"]
    assert [each.at for each in read_trace(zoned, "zoned")] == pytest.approx([0.0, 0.75])


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "t: no column for at; call it timestamp or time"),
        (["timestamp,prompt_tokens"], "no column for output"),
        (["timestamp,prompt_tokens,output_tokens"], "no requests in it"),
        (["timestamp,prompt_tokens,output_tokens", "soon,1,1"], "t, line 2: cannot be read"),
        (["timestamp,prompt_tokens,output_tokens", "1,2"], "t, line 2: cannot be read"),
        (["timestamp,prompt_tokens,output_tokens", "1,inf,2"], "t, line 2: cannot be read"),
        (["timestamp,prompt_tokens,output_tokens", "nan,1,2"], "t, line 2: nan is no time"),
        (["timestamp,prompt_tokens,output_tokens", "1,-4,2"], "t, line 2: -4 tokens cannot be"),
    ],
)
def test_a_trace_that_cannot_be_read_says_where(lines: list[str], said: str) -> None:
    with pytest.raises(CosttuiError, match=said.replace("(", r"\(")):
        read_trace(lines, "t")

"""Budgets and warnings in the picture agree with what a hand works out from the scene."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.config.model import Alerts
from costtui.domain.amount import RateSource
from costtui.domain.budget import Budget
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.reading import Problem
from costtui.domain.terms import GpuTerms, KeptTerms, PowerTerms, Rate
from costtui.domain.window import Window
from costtui.report.observation import SourceNow
from costtui.report.warnings import conditions
from tests.report.composed import NOON, USD, compose, keys
from tests.report.scene import (
    CONFIG,
    HOUR,
    MIDNIGHT,
    MONTH,
    gpu,
    seen,
)


@pytest.mark.parametrize(
    ("limit", "state", "runs_out"),
    [(600, "ok", None), (40, "warn", "16:03:51"), (29, "over", None)],
)
def test_a_budget_says_where_it_stands(tmp_path: Path, limit: int, state: str, runs_out: str | None) -> None:
    config = replace(CONFIG, budgets=(Budget("day", ("gpu", "power"), Window("day"), NanoUsd(limit * USD)),))
    found = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]), config).budgets[0]
    # 29.88 used; of 40 are 10.12 left: 10.12 / 2.49 = 4.06425.. h = 4 h 3 min 51.325 s
    assert found.used_usd == Decimal("29.88")
    assert found.state == state
    assert (found.runs_out_at or "")[:19] == ("2026-11-23T16:03:51" if runs_out else "")
    assert found.resets_at == "2026-11-24T00:00:00.000Z"


def test_a_budget_over_the_api_alone_is_unknown_without_a_meter(tmp_path: Path) -> None:
    config = replace(CONFIG, budgets=(Budget("api", ("api",), Window("day"), NanoUsd(USD)),))
    found = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]), config).budgets[0]
    assert (found.state, found.used_usd, found.unknown) == ("unknown", None, ("api",))


def test_other_windows_stand_too(tmp_path: Path) -> None:
    windows = (
        *(Window(kind) for kind in ("hour", "week", "year")),
        *(Window("day", reset_hour=9), Window("rolling", length_ms=2 * HOUR), Window("prepaid", from_ms=NOON - HOUR)),
    )
    config = replace(CONFIG, budgets=tuple(Budget(str(each), ("gpu",), each, NanoUsd(USD)) for each in windows))
    hour, week, year, late, rolling, prepaid = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]), config).budgets
    assert hour.used_usd == 0  # the local hour begins at noon
    assert week.used_usd == Decimal("29.88")  # Monday
    assert year.used_usd == Decimal("1344.6")
    assert late.used_usd == Decimal("7.47")  # three hours at 2.49
    assert (rolling.used_usd, rolling.window, rolling.resets_at) == (Decimal("4.98"), "rolling 2h", "")
    assert (prepaid.used_usd, prepaid.window, prepaid.projected_usd) == (Decimal("2.49"), "prepaid", None)


def test_a_budget_over_rent_and_apis_sets_the_rent_of_its_whole_window_aside(tmp_path: Path) -> None:
    windows = Window("day"), Window("rolling", length_ms=2 * HOUR), Window("prepaid", from_ms=NOON - HOUR)
    both, alone = ("gpu", "api"), ("api",)
    config = replace(
        CONFIG,
        budgets=(
            *(Budget(each.kind, both, each, NanoUsd(USD)) for each in windows),
            Budget("power", ("power", "api"), Window("day"), NanoUsd(USD)),
            Budget("api", alone, Window("day"), NanoUsd(USD)),
        ),
    )
    day, rolling, prepaid, _, api = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]), config).budgets
    assert day.set_aside_usd == Decimal("59.76")  # 24 hours at 2.49, half of which are still to come
    assert rolling.set_aside_usd == Decimal("4.98")
    assert prepaid.set_aside_usd == Decimal("2.49")
    assert api.set_aside_usd == 0


def test_rent_that_nobody_knows_is_not_set_aside_as_nothing(tmp_path: Path) -> None:
    config = replace(CONFIG, budgets=(Budget("all", ("gpu", "api"), Window("day"), NanoUsd(USD)),))
    kept = {"GPU-3": (KeptTerms(MONTH, GpuTerms((), RateSource.UNKNOWN, "always", PowerTerms(False))),)}
    found = compose(tmp_path, seen(NOON, [gpu(3, GpuState.BUSY)], kept=kept), config).budgets[0]
    assert (found.used_usd, found.set_aside_usd) == (None, None)


def test_a_lost_gpu_is_the_first_warning_with_what_was_paid_since(tmp_path: Path) -> None:
    lost = gpu(6, GpuState.LOST, since_ms=NOON - 2 * HOUR, reason="fell off the bus: reset it")
    status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.EMPTY), lost]))
    assert status.warnings[0].key == "gpu-lost:GPU-6"
    assert status.warnings[0].text == "GPU 6 LOST since 10:00, paid 4.98 $: fell off the bus: reset it"
    assert keys(status)["gpu-idle:GPU-0"].text == "GPU 0 empty for 12h00: 59.76 $/day"


def test_an_idle_gpu_warns_only_after_its_limit(tmp_path: Path) -> None:
    config = replace(CONFIG, alerts=Alerts(gpu_idle_seconds=7_200))
    fresh = gpu(0, GpuState.EMPTY, since_ms=NOON - 2 * HOUR + 1)
    assert "gpu-idle:GPU-0" not in keys(compose(tmp_path, seen(NOON, [fresh]), config))
    due = replace(fresh, since_ms=NOON - 2 * HOUR)
    assert "gpu-idle:GPU-0" in keys(compose(tmp_path, seen(NOON, [due]), config))


def test_alerts_are_the_warnings_that_were_asked_for(tmp_path: Path) -> None:
    nvml = SourceNow("nvml", NOON - 1_000_000, 1.0, Problem("driver", "no answer", "reload it"), NOON - 1_000_000)
    vllm = SourceNow("engine:llama", NOON - 10_000, 1.0, Problem("engine", "refused"), NOON - 10_000)
    gpus = [gpu(0, GpuState.LOST), gpu(1, GpuState.EMPTY)]
    status = compose(tmp_path, seen(NOON, gpus, sources=(nvml, vllm)))
    assert {condition.key for condition in conditions(status, CONFIG)} == {"gpu-lost:GPU-0", "source:nvml"}
    asked = replace(CONFIG, alerts=Alerts(gpu_idle_seconds=60))
    assert "gpu-idle:GPU-1" in {condition.key for condition in conditions(status, asked)}
    assert [source.state for source in status.sources] == ["failed", "failed"]


def test_each_stage_of_a_budget_is_an_alert_of_its_own_while_it_is_reached(tmp_path: Path) -> None:
    def told(limit: int, **more: object) -> list[tuple[str, str]]:
        budget = Budget("day", ("gpu",), Window("day"), NanoUsd(limit * USD), **more)  # type: ignore[arg-type]  # by name
        config = replace(CONFIG, budgets=(budget,))
        status = compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]), config)  # 29.88 by noon
        return [(each.key, each.text) for each in conditions(status, config) if each.key.startswith("budget-stage")]

    assert told(60) == []
    assert told(50) == [
        ("budget-stage:day:50", "budget day (everything, day) has reached 50 %: 29.88 of 50.00 $"),
    ]
    assert [key for key, _ in told(35)] == ["budget-stage:day:50", "budget-stage:day:80"]
    assert [key for key, _ in told(20, stages=(25, 90, 100))] == ["budget-stage:day:25", "budget-stage:day:90"]
    assert told(20, shadow=True) == []


def test_a_burn_far_above_the_usual_hour_is_a_warning(tmp_path: Path) -> None:
    config = replace(CONFIG, alerts=Alerts(burn_jump=3.0))
    rates = (Rate(MONTH, Decimal(1)), Rate(MIDNIGHT, Decimal(4)))
    jumped = {"GPU-0": (KeptTerms(MONTH, GpuTerms(rates, RateSource.CONTRACT, "always", PowerTerms(True))),)}
    assert "burn-jump" in keys(compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)], kept=jumped), config))
    assert "burn-jump" not in keys(compose(tmp_path, seen(NOON, [gpu(0, GpuState.BUSY)]), config))

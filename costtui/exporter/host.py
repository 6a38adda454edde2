"""The agent's picture and totals as metrics: burn, GPUs, engines, budgets. What is unknown is absent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from costtui.domain.clean import clean
from costtui.domain.gpu import GpuState
from costtui.domain.tick import EngineTotals, StateTotals

GPUS_MOST, ENGINES_MOST, BUDGETS_MOST = 16, 8, 8
_BURN = ("gpu", "power", "api", "idle", "lost", "total")
_SPAN = ("gpu", "power", "api", "idle", "lost", "total")
_GPU = {
    "utilization_percent": ("costtui_gpu_utilization_percent", "As the driver tells it; not how much of it is used"),
    "power_watts": ("costtui_gpu_power_watts", "Power draw"),
    "usd_per_hour": ("costtui_gpu_rent_usd_per_hour", "Rent"),
    "rent_usd_today": ("costtui_gpu_rent_today_usd", "Rent owed since local midnight"),
    "idle_usd_today": ("costtui_gpu_idle_today_usd", "Rent of idle time since local midnight"),
}
_ENGINE = {
    "running": ("costtui_engine_requests_running", "Requests being served"),
    "waiting": ("costtui_engine_requests_waiting", "Requests that wait"),
    "kv_usage_ratio": ("costtui_engine_kv_usage_ratio", "Part of the KV cache in use"),
    "capacity_ratio": ("costtui_engine_capacity_ratio", "Output tokens per second against the most it can do"),
    "output_tokens_per_second": ("costtui_engine_output_tokens_per_second", "Output tokens per second"),
}


def families(picture: Mapping[str, Any]) -> Iterator[Metric]:
    """Of the picture as a dict."""
    yield from _agent(picture)
    burn = GaugeMetricFamily("costtui_burn_usd_per_hour", "USD per hour right now", labels=("part",))
    for part in _BURN:
        _put(burn, (part,), picture["burn"].get(f"{part}_usd_per_hour"))
    yield burn
    for span in ("today", "month"):
        spent = GaugeMetricFamily(f"costtui_spend_{span}_usd", f"USD of the local {span} so far", labels=("part",))
        for part in _SPAN:
            _put(spent, (part,), (picture[span] or {}).get(f"{part}_usd"))
        yield spent
    yield from _each("gpu", picture["gpus"][:GPUS_MOST], "index", _GPU)
    yield from _each("engine", picture["engines"][:ENGINES_MOST], "name", _ENGINE)
    yield from _per_million(picture["engines"][:ENGINES_MOST])
    yield from _budgets(picture["budgets"][:BUDGETS_MOST])


def _agent(picture: Mapping[str, Any]) -> Iterator[Metric]:
    agent = picture["agent"]
    running = float(agent["state"] == "running")
    yield GaugeMetricFamily("costtui_agent_up", "1 while the agent writes its picture each second", running)
    age = GaugeMetricFamily("costtui_agent_age_seconds", "Since the agent's last picture")
    _put(age, (), agent["age_seconds"])
    yield age
    levels = GaugeMetricFamily("costtui_warnings", "Warnings that stand", labels=("level",))
    for level in ("info", "warn", "critical"):
        _put(levels, (level,), sum(warning["level"] == level for warning in picture["warnings"]))
    yield levels


def _each(
    label: str, things: Sequence[Mapping[str, Any]], named_by: str, figures: Mapping[str, tuple[str, str]]
) -> Iterator[Metric]:
    for field, (metric, what) in figures.items():
        family = GaugeMetricFamily(metric, what, labels=(label,))
        for thing in things:
            _put(family, (clean(str(thing[named_by])),), thing[field])
        yield family


def _per_million(engines: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    what = "Measured cost of a million tokens: allocation with idle time, usage without"
    family = GaugeMetricFamily("costtui_engine_usd_per_million_tokens", what, labels=("engine", "basis"))
    for engine in engines:
        for basis in ("allocation", "usage"):
            _put(family, (clean(engine["name"]), basis), engine["usd_per_million_tokens"][basis])
    yield family


def _budgets(budgets: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    limit = GaugeMetricFamily("costtui_budget_limit_usd", "Limit of its window", labels=("budget",))
    used = GaugeMetricFamily("costtui_budget_used_usd", "Used of it so far", labels=("budget",))
    for budget in budgets:
        _put(limit, (clean(budget["name"]),), budget["limit_usd"])
        _put(used, (clean(budget["name"]),), budget["used_usd"])
    yield limit
    yield used


def _put(family: GaugeMetricFamily, labels: Sequence[str], value: Decimal | float | None) -> None:
    if value is not None:
        family.add_metric(labels, float(value))


def gpu_families(totals: Mapping[str, StateTotals], indexes: Mapping[str, int]) -> Iterator[Metric]:
    """Time by state and energy since the store began."""
    seconds = CounterMetricFamily("costtui_gpu_state_seconds", "Time in each state", labels=("gpu", "state"))
    energy = CounterMetricFamily("costtui_gpu_energy_joules", "Energy used", labels=("gpu",))
    for uuid, index in sorted(indexes.items(), key=lambda pair: pair[1])[:GPUS_MOST]:
        if (total := totals.get(uuid)) is not None:
            for state in GpuState:
                seconds.add_metric((str(index), state.value), total.milliseconds.get(state, 0) / 1000)
            energy.add_metric((str(index),), total.energy_millijoules / 1000)
    yield seconds
    yield energy


def engine_families(totals: Mapping[str, EngineTotals]) -> Iterator[Metric]:
    """Tokens and worked time of each engine since the store began, by its own counters."""
    tokens = CounterMetricFamily(
        "costtui_engine_tokens", "Tokens by the engine's own counters", labels=("engine", "gen_ai_token_type")
    )
    worked = CounterMetricFamily("costtui_engine_worked_seconds", "Time with a request in work", labels=("engine",))
    for name, total in sorted(totals.items())[:ENGINES_MOST]:
        engine = clean(name)
        tokens.add_metric((engine, "input"), total.input_tokens + total.gap_input_tokens)
        tokens.add_metric((engine, "output"), total.output_tokens + total.gap_output_tokens)
        worked.add_metric((engine,), total.worked_ms / 1000)
    yield tokens
    yield worked

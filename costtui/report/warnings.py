"""What to look at, with keys that stay the same while it lasts, and which of it is sent as an alert."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from costtui.analysis.alerts import Condition
from costtui.analysis.budgets import Standing
from costtui.analysis.rent import owed, terms_at
from costtui.config.model import Config
from costtui.domain.amount import RateSource
from costtui.domain.budget import Budget
from costtui.domain.calendar import local
from costtui.domain.clean import clean
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.money import MS_PER_HOUR, NANO_PER_USD
from costtui.report import schema, serving
from costtui.report.frame import Frame
from costtui.report.ledger import Rates
from costtui.report.money import iso, usd
from costtui.report.observation import GpuNow, SourceNow
from costtui.report.words import duration, fine, moment, money, provider_words

IDLE_SECONDS = 3_600
"""From here on an idle GPU is worth a line on the screen, where the configuration sets no limit."""
WEEK_MS = 604_800_000
USUAL_WEEKS = 4
_ORDER = {"critical": 0, "warn": 1, "info": 2}


def warnings(
    here: Frame, standings: Sequence[tuple[Budget, Standing]], costs: Mapping[str, serving.Cost]
) -> tuple[schema.Warn, ...]:
    """Everything worth a line, the worst first."""
    found = [
        *_gpus(here),
        *_budgets(here, standings),
        *_burn_jump(here),
        *_sources(here),
        *_settings(here),
        *_rates(here),
        *_cheaper(costs),
    ]
    cleaned = (msgspec.structs.replace(warn, key=clean(warn.key)) for warn in found)
    return tuple(sorted(cleaned, key=lambda warn: _ORDER[warn.level]))


def conditions(status: schema.Status, config: Config) -> tuple[Condition, ...]:
    """The warnings that go out as alerts, as far as the configuration asks for them, and the stages that budgets have
    reached: each is told once, and ends with its window."""
    told = (
        Condition(warn.key, "critical" if warn.level == "critical" else "warn", warn.text)
        for warn in status.warnings
        if _is_sent(warn, status, config)
    )
    return (*told, *_stages(status, config))


def _stages(status: schema.Status, config: Config) -> Iterator[Condition]:
    """Below 100 %, which is a warning of its own. A budget in shadow mode tells nobody."""
    stages = {clean(budget.name): budget.stages for budget in config.budgets if not budget.shadow}
    for budget in status.budgets:
        for stage in stages.get(budget.name, ()):
            if stage < 100 and budget.used_ratio is not None and budget.used_ratio * 100 >= stage:
                used = f"{money(budget.used_usd, more=bool(budget.unknown))} of {money(budget.limit_usd)} $"
                text = f"budget {budget.name} ({budget.scope}, {budget.window}) has reached {stage} %: {used}"
                yield Condition(clean(f"budget-stage:{budget.name}:{stage}"), "warn", clean(text))


def _is_sent(warn: schema.Warn, status: schema.Status, config: Config) -> bool:
    kind = warn.key.partition(":")[0]
    if kind == "gpu-idle":
        return config.alerts.gpu_idle_seconds is not None
    if kind == "source":
        began, now = moment(warn.since), moment(status.at)
        return bool(began and now and (now - began).total_seconds() >= config.alerts.source_silent_seconds)
    return kind in ("gpu-lost", "burn-jump") or (kind == "budget" and warn.level != "info")


def _gpus(here: Frame) -> Iterator[schema.Warn]:
    limit = here.config.alerts.gpu_idle_seconds or IDLE_SECONDS
    for gpu in here.counted:
        if gpu.state is GpuState.LOST:
            yield _lost(here, gpu)
        elif gpu.state in IDLE_STATES and gpu.since_ms is not None and here.seen.at_ms - gpu.since_ms >= limit * 1000:
            yield _idle(here, gpu, gpu.since_ms)


def _lost(here: Frame, gpu: GpuNow) -> schema.Warn:
    since = gpu.since_ms if gpu.since_ms is not None else here.seen.at_ms
    paid = owed(here.seen.kept.get(gpu.uuid, ()), here.sessions, since, here.seen.at_ms)
    text = f"GPU {gpu.index} LOST since {_clock(here, since)}, paid {money(usd(paid))} $: {gpu.reason or 'reset it'}"
    return schema.Warn(key=f"gpu-lost:{gpu.uuid}", level="critical", text=clean(text), since=iso(since))


def _idle(here: Frame, gpu: GpuNow, since_ms: int) -> schema.Warn:
    rate = here.rates[gpu.uuid].rent
    daily = "rate unknown" if rate is None else f"{money(rate * 24)} $/day"
    by = f" ({', '.join(gpu.engines)})" if gpu.engines else ""
    lasted = duration((here.seen.at_ms - since_ms) // 1000)
    text = f"GPU {gpu.index} {gpu.state.value}{by} for {lasted}: {daily}"
    return schema.Warn(key=f"gpu-idle:{gpu.uuid}", level="warn", text=clean(text), since=iso(since_ms))


def _budgets(here: Frame, standings: Sequence[tuple[Budget, Standing]]) -> Iterator[schema.Warn]:
    for budget, found in standings:
        limit = money(usd(budget.limit))
        used = f"budget {budget.name}: {money(usd(found.used.nano), more=bool(found.used.unknown))} of {limit} $"
        key = f"budget:{budget.name}"
        if found.stage == "over":
            yield schema.Warn(key=key, level="critical", text=clean(f"{used} {budget.window.phrase}: over"))
        elif found.runs_out_ms is not None:
            text = f"{used}, runs out {_clock(here, found.runs_out_ms)} at the present burn"
            yield schema.Warn(key=key, level="warn", text=clean(text))
        elif found.stage == "unknown":
            yield schema.Warn(key=key, level="info", text=clean(f"{used}: {', '.join(found.used.unknown)} not known"))
        elif found.urgent:
            yield schema.Warn(key=key, level="info", text=clean(f"{used} {budget.window.phrase}"))


def _burn_jump(here: Frame) -> Iterator[schema.Warn]:
    """Rent and power now, against the rent of the same hour in the last four weeks."""
    factor, now_ms = here.config.alerts.burn_jump, here.seen.at_ms
    if factor is None or not here.counted:
        return
    usual = [_hour(here, now_ms - week * WEEK_MS) for week in range(1, USUAL_WEEKS + 1)]
    known = [nano for nano in usual if nano > 0]
    burn = sum(((rates.rent or Decimal(0)) + (rates.power or 0) for rates in _counted_rates(here)), Decimal(0))
    if not known:
        return
    mean = Decimal(sum(known)) / len(known) / NANO_PER_USD
    if burn > mean * Decimal(str(factor)):
        text = f"burn {money(burn)} $/h, usually {money(mean)} $/h at this hour of the week"
        yield schema.Warn(key="burn-jump", level="warn", text=text)


def _counted_rates(here: Frame) -> list[Rates]:
    return [here.rates[gpu.uuid] for gpu in here.counted]


def _hour(here: Frame, from_ms: int) -> int:
    kept, sessions = here.seen.kept, here.sessions
    return sum(owed(kept.get(gpu.uuid, ()), sessions, from_ms, from_ms + MS_PER_HOUR) or 0 for gpu in here.counted)


def _sources(here: Frame) -> Iterator[schema.Warn]:
    for source in here.seen.sources:
        if source.problem is not None:
            yield _failing(here, source)


def _failing(here: Frame, source: SourceNow) -> schema.Warn:
    problem = source.problem
    what = ": ".join(filter(None, (source.name, problem.reason, problem.remedy))) if problem else source.name
    since = source.failing_since_ms
    text = what if since is None else f"{what} (since {_clock(here, since)})"
    return schema.Warn(key=f"source:{source.name}", level="warn", text=clean(text), since=iso(since))


def _settings(here: Frame) -> Iterator[schema.Warn]:
    if here.seen.trouble is not None:
        text = ": ".join(filter(None, ("store", here.seen.trouble.reason, here.seen.trouble.remedy)))
        yield schema.Warn(key="store", level="critical", text=clean(text))
    for number, problem in enumerate(here.seen.config_problems):
        yield schema.Warn(key=f"config:{number}", level="warn", text=clean(problem))
    for key, text in here.seen.notices:
        yield schema.Warn(key=key, level="info", text=clean(text))


def _rates(here: Frame) -> Iterator[schema.Warn]:
    sources = {gpu.index: terms_at(here.seen.kept.get(gpu.uuid, ()), here.seen.at_ms) for gpu in here.counted}
    listed = [index for index, terms in sources.items() if terms and terms.source is RateSource.LIST]
    missing = [gpu.index for gpu in here.counted if here.rates[gpu.uuid].rent is None]
    if listed:
        text = f"GPU {_indexes(listed)} at list price, not yours: set [[gpus]] rates in the configuration"
        yield schema.Warn(key="list-price", level="info", text=text)
    if missing:
        text = f"GPU {_indexes(missing)} without a rate, its cost is unknown: set [[gpus]] rates in the configuration"
        yield schema.Warn(key="no-rate", level="warn", text=text)


def _cheaper(costs: Mapping[str, serving.Cost]) -> Iterator[schema.Warn]:
    for name, cost in costs.items():
        own, api = cost.tokens.allocation, cost.cheapest
        if own is not None and api is not None and api.usd_per_million_tokens < own:
            price = fine(api.usd_per_million_tokens)
            text = f"{name}: {fine(own)} $/Mtok (allocation), {provider_words(api.provider)} sells the model at {price}"
            yield schema.Warn(key=f"cheaper-api:{name}", level="info", text=clean(text))


def _indexes(numbers: Sequence[int]) -> str:
    """`0-3, 6`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _clock(here: Frame, at_ms: int) -> str:
    at, now = (local(each, here.config.host.timezone) for each in (at_ms, here.seen.at_ms))
    return f"{at:%H:%M}" if _same_day(at, now) else f"{at:%d %b %H:%M}"


def _same_day(one: datetime, other: datetime) -> bool:
    return one.date() == other.date()

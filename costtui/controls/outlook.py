"""What a change by hand does to waiting and to budgets, from what the last hour and the agent's picture say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from costtui.analysis.budgets import RateStep, run_out
from costtui.domain.amount import Amount
from costtui.domain.budget import EVERYTHING, Budget
from costtui.domain.money import MS_PER_HOUR, NANO_PER_USD, nano_from_usd
from costtui.store.ledger.rows import LatencyRow

API = "api"
"""What a budget covers that a change of shares can move; rent is owed either way."""


class Standing(Protocol):
    """A budget as the agent's picture has it, amounts in USD and times in ISO 8601."""

    @property
    def name(self) -> str: ...
    @property
    def limit_usd(self) -> Decimal: ...
    @property
    def used_usd(self) -> Decimal | None: ...
    @property
    def projected_usd(self) -> Decimal | None: ...
    @property
    def runs_out_at(self) -> str | None: ...
    @property
    def resets_at(self) -> str: ...


@dataclass(frozen=True, slots=True)
class RunsOut:
    """When a budget is spent; `at_ms` None: not before it resets. `known` False: it cannot be said."""

    known: bool
    at_ms: int | None = None


UNKNOWN = RunsOut(known=False)


@dataclass(frozen=True, slots=True)
class BudgetEffect:
    """One budget before and after a change."""

    name: str
    resets_ms: int | None
    """None: not known."""
    before: RunsOut
    after: RunsOut


def mean_first_byte_ms(percents: Mapping[str, Decimal], first_bytes: Mapping[str, LatencyRow]) -> Decimal | None:
    """Median milliseconds to the first byte of each target, weighted by its share of the requests.

    None where a target with a share had no attempt in the last hour, and where there is no target.
    """
    shared = {name: percent for name, percent in percents.items() if percent}
    if not shared or any(name not in first_bytes for name in shared):
        return None
    return sum((first_bytes[name].p50_ms * percent for name, percent in shared.items()), Decimal(0)) / sum(
        shared.values()
    )


def change_usd_per_hour(effects: Iterable[tuple[Amount, Amount]]) -> Decimal | None:
    """What APIs cost more in an hour after a change, from each route's hour before and after; None: not known."""
    nano = 0
    for before, after in effects:
        if before.nano is None or after.nano is None or before.unknown or after.unknown:
            return None
        nano += after.nano - before.nano
    return Decimal(nano) / NANO_PER_USD


def nearest(
    budgets: Sequence[Budget], standings: Iterable[Standing], change: Decimal | None, now_ms: int, until_ms: int | None
) -> BudgetEffect | None:
    """The budget of APIs that is spent first, before or after; None where no budget covers APIs.

    `change` in USD per hour holds from now until `until_ms`. What is not in `standings` is not known, nor is what a
    change of shares does to one route, key, provider or model alone.
    """
    told = {each.name: each for each in standings}
    found = [
        _effect(told[budget.name], change if budget.scope == EVERYTHING else None, now_ms, until_ms)
        if budget.name in told
        else BudgetEffect(budget.name, None, UNKNOWN, UNKNOWN)
        for budget in budgets
        if API in budget.covers
    ]
    return min(found, key=_first_ms, default=None)


def _first_ms(effect: BudgetEffect) -> float:
    times = [each.at_ms for each in (effect.before, effect.after) if each.at_ms is not None]
    return min(times, default=float("inf"))


def _effect(told: Standing, change: Decimal | None, now_ms: int, until_ms: int | None) -> BudgetEffect:
    resets_ms = _ms(told.resets_at)
    if told.used_usd is None or resets_ms is None or resets_ms <= now_ms:
        return BudgetEffect(told.name, resets_ms, UNKNOWN, UNKNOWN)
    left = told.limit_usd - told.used_usd
    if left <= 0:
        return BudgetEffect(told.name, resets_ms, RunsOut(True, now_ms), RunsOut(True, now_ms))
    before = RunsOut(True, _ms(told.runs_out_at))
    if change is None or told.projected_usd is None:
        return BudgetEffect(told.name, resets_ms, before, UNKNOWN)
    pace = (told.projected_usd - told.used_usd) * MS_PER_HOUR / (resets_ms - now_ms)
    ahead = [RateStep(now_ms, max(pace + change, Decimal(0)))]
    if until_ms is not None:
        ahead.append(RateStep(until_ms, pace))
    after = before if not change else RunsOut(True, run_out(nano_from_usd(left), ahead, now_ms, resets_ms))
    return BudgetEffect(told.name, resets_ms, before, after)


def _ms(iso: str | None) -> int | None:
    return round(datetime.fromisoformat(iso).timestamp() * 1000) if iso else None

"""All strategies over one trace, side by side, beside what nobody can beat."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from costtui.domain.budget import AtLimit, Budget
from costtui.domain.money import NANO_PER_USD, NanoUsd
from costtui.domain.window import Window as BudgetWindow
from costtui.policy.account import Account
from costtui.replay.clairvoyant import Bound, Window, clairvoyant
from costtui.replay.run import ALL_API, ALL_SELF, Ran, Replay, Setting, cost_nano
from costtui.replay.trace import Request

MISSES_ALLOWED = Decimal("0.5")
"""Percent of late requests up to which an option is said to keep the objective."""


class Rented(NamedTuple):
    """What a replica costs while it stands there."""

    usd_per_gpu_hour: Decimal
    gpus: int
    """Of one replica."""


class Limit(NamedTuple):
    """A budget over the API."""

    limit: NanoUsd
    window_seconds: float


class Row(NamedTuple):
    """One strategy on so many replicas. Percentages of what their names say; None where nothing can be divided."""

    strategy: str
    replicas: int
    usd_per_hour: Decimal
    saving_percent_vs_all_api: Decimal | None
    saving_percent_vs_best_single: Decimal | None
    slo_miss_percent: Decimal
    capture_percent: Decimal | None
    local_share_percent: Decimal
    budget_overshoot_percent: Decimal
    refused_percent: Decimal


class Floor(NamedTuple):
    """The clairvoyant's cost on so many replicas: no router that keeps the objective comes below it."""

    replicas: int
    usd_per_hour: Decimal
    saved_usd_per_hour: Decimal


class Replayed(NamedTuple):
    """A trace and what became of it."""

    requests: int
    hours: Decimal
    all_api_usd_per_hour: Decimal
    floors: tuple[Floor, ...]
    rows: tuple[Row, ...]


def replay(
    requests: Sequence[Request],
    setting: Setting,
    strategies: Iterable[str],
    replicas: Iterable[int],
    rented: Rented,
    draws: Callable[[], Callable[[], float]],
    limit: Limit | None = None,
) -> Replayed:
    """Every strategy on every number of replicas. `draws` begins a series of random numbers anew for each."""
    counts, hours = tuple(replicas), _hours(requests)
    tried = [(ALL_API, 0), *((strategy, count) for count in counts for strategy in (ALL_SELF, *strategies))]
    ran = {
        (strategy, count): Replay(setting, strategy, count, draws(), _account(limit), *_span(limit)).run(requests)
        for strategy, count in tried
    }
    bounds = {count: clairvoyant(windows(requests, setting), count) for count in counts}
    all_api = _usd(sum(cost_nano(setting.rates, request) for request in requests)) / hours
    rows = []
    for (strategy, count), each in ran.items():
        pool = counts[0] if strategy == ALL_API else count
        single = {ALL_API: ran[ALL_API, 0], ALL_SELF: ran[ALL_SELF, pool]}
        best = _best_single(single, len(requests), pool, rented, hours)
        rows.append(_row(strategy, count, each, len(requests), hours, rented, all_api, best, bounds[pool]))
    floors = [_floor(count, bounds[count], all_api, hours, rented) for count in counts]
    return Replayed(len(requests), hours, all_api, tuple(floors), tuple(rows))


def windows(requests: Sequence[Request], setting: Setting) -> list[Window]:
    """When each request may be worked on and still keep the objective, and what the API would have asked for it."""
    found = []
    for request in requests:
        slack = setting.ttft_seconds + setting.tpot_seconds * max(0, request.output_tokens - 1)
        work = setting.model.work_seconds(request.prompt_tokens, request.output_tokens)
        saves = cost_nano(setting.rates, request) - cost_nano(setting.own, request)
        if saves > 0:
            found.append(Window(request.at, request.at + slack, work, saves / NANO_PER_USD))
    return found


def _account(limit: Limit | None) -> Account | None:
    if limit is None:
        return None
    budget = Budget("replay", ("api",), BudgetWindow("hour"), limit.limit, AtLimit.BLOCK)
    account = Account(budget, limit.limit, 0, int(limit.window_seconds * 1000))
    account.granted = limit.limit
    account.fit()
    return account


def _span(limit: Limit | None) -> tuple[float, ...]:
    return () if limit is None else (limit.window_seconds,)


def _hours(requests: Sequence[Request]) -> Decimal:
    """At least a second, so that a trace of one request has a rate."""
    return Decimal(str(max(requests[-1].at, 1.0))) / 3600


def _rent(count: int, rented: Rented) -> Decimal:
    return rented.usd_per_gpu_hour * rented.gpus * count


def _cost(strategy: str, count: int, ran: Ran, rented: Rented, hours: Decimal) -> Decimal:
    """USD per hour; who sends everything to the API rents nothing."""
    rent = Decimal(0) if strategy == ALL_API else _rent(count, rented)
    return _usd(ran.api_nano + ran.own_nano) / hours + rent


def _best_single(ran: dict[str, Ran], requests: int, count: int, rented: Rented, hours: Decimal) -> Decimal:
    """The cheaper of all at the API and all on the pool, if the pool keeps the objective."""
    kept = [
        name
        for name in (ALL_API, ALL_SELF)
        if name == ALL_API or _percent(ran[name].missed, requests) <= MISSES_ALLOWED
    ]
    return min(_cost(name, count, ran[name], rented, hours) for name in kept)


def _row(
    strategy: str,
    count: int,
    ran: Ran,
    requests: int,
    hours: Decimal,
    rented: Rented,
    all_api: Decimal,
    best: Decimal,
    bound: Bound,
) -> Row:
    cost = _cost(strategy, count, ran, rented, hours)
    captured = Decimal(ran.avoided_nano - ran.own_nano) / NANO_PER_USD
    return Row(
        strategy=strategy,
        replicas=count,
        usd_per_hour=cost,
        saving_percent_vs_all_api=_part(all_api - cost, all_api),
        saving_percent_vs_best_single=_part(best - cost, best),
        slo_miss_percent=_percent(ran.missed, requests),
        capture_percent=_part(captured, Decimal(str(bound.saved))),
        local_share_percent=_percent(ran.local, requests),
        budget_overshoot_percent=Decimal(str(ran.overshoot)) * 100,
        refused_percent=_percent(ran.refused, requests),
    )


def _floor(count: int, bound: Bound, all_api: Decimal, hours: Decimal, rented: Rented) -> Floor:
    saved = Decimal(str(bound.saved)) / hours
    return Floor(count, all_api - saved + _rent(count, rented), saved)


def _usd(nano: int) -> Decimal:
    return Decimal(nano) / NANO_PER_USD


def _percent(part: int, whole: int) -> Decimal:
    return Decimal(part) * 100 / whole


def _part(part: Decimal, whole: Decimal) -> Decimal | None:
    return None if whole <= 0 else part / whole * 100

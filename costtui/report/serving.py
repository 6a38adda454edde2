"""The engines' part of the picture: what each served, and what a million of its tokens cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from costtui.analysis.rent import terms_at
from costtui.analysis.states import LOW_BELOW_RATIO
from costtui.analysis.tokens import GpuCost, TokenCost, measure, share, zero_load
from costtui.domain.clean import clean
from costtui.domain.gpu import GpuState
from costtui.domain.money import NanoUsd
from costtui.domain.tick import EngineTotals
from costtui.report import schema
from costtui.report.accounts import Account, Kept
from costtui.report.money import iso, usd
from costtui.report.observation import EngineNow
from costtui.report.stored import Prices

DEFAULT_MIX = (3_000_000, 0, 1_000_000)
"""Three input tokens to one of output: the usual mix, until the engine has served its own."""
SHORTEST_WINDOW_MS = 60_000


@dataclass(frozen=True, slots=True)
class Hour:
    """The last hour of an engine's GPUs; None where rent or power is not known."""

    cost: NanoUsd | None
    at_zero_load: NanoUsd | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What is worked out for an engine every few seconds."""

    tokens: TokenCost
    window_ms: int
    hour: Hour
    cheapest: schema.ApiPrice | None


def token_cost(
    engine: EngineNow, window_ms: int, accounts: Mapping[str, Account], engines: Mapping[str, EngineTotals],
    sharers: Mapping[str, tuple[str, ...]],
) -> TokenCost:  # fmt: skip
    """Measured $/Mtok of one engine. `sharers` names the engines that hold each GPU."""
    if window_ms < SHORTEST_WINDOW_MS:
        return TokenCost(None, None, "measured for less than a minute")
    name = engine.target.name
    held = sorted(engine.holds or ())
    if any(uuid not in accounts for uuid in held):
        held = []
    gpus = [_gpu_cost(accounts[uuid], _others(name, sharers.get(uuid, ()), engines)) for uuid in held]
    return measure(gpus, engines.get(name, EngineTotals()))


def _others(name: str, holders: tuple[str, ...], engines: Mapping[str, EngineTotals]) -> tuple[int, ...]:
    return tuple(engines.get(other, EngineTotals()).worked_ms for other in holders if other != name)


def _gpu_cost(account: Account, others: tuple[int, ...]) -> GpuCost:
    worked = account.split.by_state[GpuState.BUSY] + account.split.by_state[GpuState.LOW]
    rent = account.rent
    return GpuCost(rent, None if rent is None else worked, account.power.nano, engines_worked_ms=others)


def last_hour(
    engine: EngineNow, accounts: Mapping[str, Account], engines: Mapping[str, EngineTotals], kept: Kept,
    sharers: Mapping[str, tuple[str, ...]], resting_milliwatts: Mapping[str, int], now_ms: int,
) -> Hour:  # fmt: skip
    """What the engine's GPUs cost in the last hour, and what they would have cost at rest."""
    cost, rest = 0, 0
    worked = engines.get(engine.target.name, EngineTotals()).worked_ms
    for uuid in engine.holds or ():
        account, terms = accounts.get(uuid), terms_at(kept.get(uuid, ()), now_ms)
        part = share(worked, _others(engine.target.name, sharers.get(uuid, ()), engines))
        if account is None or account.rent is None or account.power.nano is None or terms is None or part is None:
            return Hour(None, None)
        idle = zero_load(account.rent, resting_milliwatts.get(uuid), terms.power)
        if idle is None:
            return Hour(None, None)
        cost += int((account.rent + account.power.nano) * part)
        rest += int(min(idle, account.rent + account.power.nano) * part)
    return Hour(NanoUsd(cost), NanoUsd(rest)) if engine.holds else Hour(None, None)


def cheapest(engine: EngineNow, totals: EngineTotals, prices: Prices | None, at_ms: int) -> schema.ApiPrice | None:
    """The cheapest API price of the engine's model for the mix of tokens that it served."""
    model = model_of(engine)
    named = engine.target.compare or model
    if prices is None or named is None:
        return None
    mix = (totals.input_tokens, min(totals.cached_input_tokens, totals.input_tokens), totals.output_tokens)
    found = prices.cheapest(named, *(mix if mix[0] + mix[2] else DEFAULT_MIX), at_ms)
    if found is None:
        return None
    price, per_million = found
    rounded = per_million.quantize(Decimal("0.000001"))
    return schema.ApiPrice(
        provider=price.provider, model=price.model, usd_per_million_tokens=rounded, source=price.source
    )


def model_of(engine: EngineNow) -> str | None:
    """The model as configured, else the first that the engine names."""
    if engine.target.model:
        return clean(engine.target.model)
    return clean(engine.reading.models[0]) if engine.reading and engine.reading.models else None


def state_of(engine: EngineNow) -> tuple[str, str]:
    """State of an engine and why it is unknown."""
    reading = engine.reading
    if reading is None:
        return "unknown", "not read yet"
    if reading.problem is not None:
        return "unknown", clean(": ".join(filter(None, (reading.problem.reason, reading.problem.remedy))))
    if reading.sleeping:
        return "sleeping", ""
    if engine.worked is None:
        return "unknown", "it does not say whether it works"
    if not engine.worked:
        return "idle", ""
    return ("low" if engine.capacity_ratio is not None and engine.capacity_ratio < LOW_BELOW_RATIO else "busy"), ""


def part(engine: EngineNow, today: EngineTotals, cost: Cost) -> schema.Engine:
    """One engine of the picture."""
    state, reason = state_of(engine)
    reading = engine.reading if engine.reading and engine.reading.problem is None else None
    queries = today.prefix_cache_queries
    return schema.Engine(
        name=clean(engine.target.name),
        kind=clean(engine.target.engine or ""),
        url=clean(engine.target.url or ""),
        model=model_of(engine),
        state=state,
        reason=reason,
        gpus=None if engine.holds is None else tuple(sorted(engine.holds)),
        input_tokens_per_second=engine.input_tokens_per_second if reading else None,
        output_tokens_per_second=engine.output_tokens_per_second if reading else None,
        input_tokens_today=today.input_tokens + today.gap_input_tokens,
        output_tokens_today=today.output_tokens + today.gap_output_tokens,
        cached_input_tokens_today=today.cached_input_tokens + today.gap_cached_input_tokens,
        running=reading.running if reading else None,
        waiting=reading.waiting if reading else None,
        kv_usage_ratio=reading.kv_usage_ratio if reading else None,
        prefix_cache_hit_ratio=round(today.prefix_cache_hits / queries, 4) if queries else None,
        capacity_ratio=engine.capacity_ratio if reading else None,
        capacity_output_tokens_per_second=engine.capacity_output_tokens_per_second,
        usd_per_million_tokens=schema.PerMillion(
            allocation=cost.tokens.allocation,
            usage=cost.tokens.usage,
            window_seconds=cost.window_ms / 1000,
            reason=cost.tokens.reason,
        ),
        cheapest_api=cost.cheapest,
        last_hour_usd=usd(cost.hour.cost),
        last_hour_at_zero_load_usd=usd(cost.hour.at_zero_load),
        last_request_at=iso(engine.last_request_ms),
    )

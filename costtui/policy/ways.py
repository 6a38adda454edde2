"""From configuration, plans in force and prices to what steering needs: made anew when one of them changes."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from costtui.domain.ability import ABLE
from costtui.domain.money import nano_from_usd
from costtui.domain.price import TokenPrice
from costtui.policy.facts import Known, Rates, Serving
from costtui.policy.plan import RoutePlan
from costtui.policy.steer import STEERED, TPOT_MS, TTFT_SECONDS, Way

if TYPE_CHECKING:
    from costtui.config.model import Config, Target

PREFILL_PER_DECODE = 4.0
"""Prompt tokens that are read in the time of one written one, of an engine of which only the latter is configured."""
_JOULES_PER_KWH = 3_600_000


def ways(config: "Config", plans: Mapping[str, RoutePlan]) -> dict[str, Way]:
    """Of each route whose own strategy is in force and steers; one that was changed by hand follows its plan alone."""
    abilities = {target.name: target.abilities for target in config.targets}
    found = {}
    for route in config.routes:
        plan = plans[route.name]
        if plan.strategy not in STEERED or plan.overridden_by is not None:
            continue
        found[route.name] = Way(
            route=route.name,
            strategy=plan.strategy,
            targets=plan.targets,
            ttft_ms=(TTFT_SECONDS if route.ttft_seconds is None else route.ttft_seconds) * 1000,
            tpot_ms=TPOT_MS if route.tpot_ms is None else route.tpot_ms,
            rules=route.rules,
            abilities=tuple((name, abilities[name]) for name in plan.targets if abilities[name] != ABLE),
        )
    return found


def guards(config: "Config", plans: Mapping[str, RoutePlan]) -> dict[str, Way]:
    """Of each route that is shared out by its plan, but whose rules or abilities keep some requests from some targets:
    a change by hand lifts none of them."""
    steered = ways(config, plans)
    abilities = {target.name: target.abilities for target in config.targets}
    return {
        route.name: Way(
            route=route.name,
            strategy=plans[route.name].strategy,
            targets=plans[route.name].targets,
            rules=route.rules,
            abilities=tuple((name, abilities[name]) for name in route.targets if abilities[name] != ABLE),
        )
        for route in config.routes
        if route.name not in steered and (route.rules or any(abilities[name] != ABLE for name in route.targets))
    }


def known(
    config: "Config", price_of: Callable[[str], TokenPrice | None], power: Mapping[str, Rates] | None = None
) -> list[Known]:
    """Every target. `price_of` is asked for APIs by name; `power` is what one more request takes on own GPUs, without
    which it is taken to be in the rent."""
    return [_known(target, price_of, power or {}) for target in config.targets]


def _known(target: "Target", price_of: Callable[[str], TokenPrice | None], power: Mapping[str, Rates]) -> Known:
    paid = target.while_on
    if paid is not None:
        seconds = paid.cold_start_seconds + paid.scale_down_seconds
        wake_nano = nano_from_usd(paid.usd_per_hour * seconds / 3600)
        return Known(target.name, _serving(target), Rates(wake_nano=wake_nano), asleep=True)
    if target.engine is not None:
        return Known(target.name, _serving(target), power.get(target.name, Rates()))
    price = price_of(target.name)
    return Known(target.name, None, None if price is None else api_rates(price))


def scale_down_ms(config: "Config") -> dict[str, int]:
    """Of targets that are paid while on."""
    return {
        target.name: target.while_on.scale_down_seconds * 1000
        for target in config.targets
        if target.while_on is not None
    }


def _serving(target: "Target") -> Serving:
    usual = Serving()
    decode = target.capacity_output_tokens_per_second or usual.decode_tokens_per_second
    prefill = target.prefill_tokens_per_second or decode * PREFILL_PER_DECODE
    return Serving(prefill, decode, target.streams or usual.streams)


def api_rates(price: TokenPrice) -> Rates:
    """Of a prompt below the price's first step, which is what most are."""
    if price.free:
        return Rates()
    cached = price.input if price.cached_input is None else price.cached_input
    return Rates(
        nano_from_usd(price.input),
        nano_from_usd(cached),
        nano_from_usd(price.output),
        nano_from_usd(price.usd_per_request or Decimal(0)),
    )


def power_rates(serving: Serving, extra_watts: Decimal, usd_per_kwh: Decimal, pue: Decimal) -> Rates:
    """What a million tokens take in power beyond what the GPUs draw anyway; `extra_watts` of all of the target's GPUs
    at full work. Prompts and answers are charged by the time that they keep the engine."""
    usd_per_second = extra_watts * pue * usd_per_kwh / _JOULES_PER_KWH
    read, written = (
        nano_from_usd(usd_per_second * 1_000_000 / Decimal(str(rate)))
        for rate in (serving.prefill_tokens_per_second, serving.decode_tokens_per_second)
    )
    return Rates(read, read, written)

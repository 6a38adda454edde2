"""GPUs with what each of them costs: by contract, by a list price, or by what it loses in value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from costtui.analysis.rent import rate_at, terms_at
from costtui.analysis.tco import Input, Source, unknown
from costtui.analysis.tco_parts import Bought, Pool, Power
from costtui.config.model import Config, Ownership
from costtui.domain.amount import RateSource
from costtui.domain.clean import clean
from costtui.domain.terms import GpuTerms, KeptTerms
from costtui.domain.tick import StateTotals
from costtui.rates.terms import fits
from costtui.report.verdict_inputs import configured
from costtui.store.rows import KnownGpu

GONE_MS = 86_400_000
"""A GPU that was not seen for a day before the last look is not of this host any more."""
_SOURCES = {
    RateSource.CONTRACT: Source.CONFIGURED,
    RateSource.OWNED: Source.CONFIGURED,
    RateSource.LIST: Source.DEFAULT,
}


@dataclass(frozen=True, slots=True)
class PricedGpu:
    """One GPU and the pool that it belongs to: all GPUs of the same name and contract."""

    uuid: str
    index: int
    pool: Pool


def priced_gpus(
    known: Mapping[str, KnownGpu],
    kept: Mapping[str, tuple[KeptTerms, ...]],
    states: Mapping[str, StateTotals],
    config: Config,
    now_ms: int,
) -> tuple[PricedGpu, ...]:
    """The host's GPUs, in the driver's order."""
    last = max((gpu.last_seen_ms for gpu in known.values()), default=0)
    present = [gpu for gpu in known.values() if gpu.last_seen_ms >= last - GONE_MS]
    pools: dict[object, list[KnownGpu]] = {}
    for gpu in present:
        pools.setdefault(_contract(gpu, kept.get(gpu.uuid, ()), config, now_ms), []).append(gpu)
    found: dict[str, Pool] = {}
    for number, gpus in enumerate(pools.values()):
        name = _short(gpus[0].name)
        label = (
            name
            if all(_short(each[0].name) != name for each in list(pools.values())[:number])
            else f"{name} {number + 1}"
        )
        pool = _pool(label, gpus, kept.get(gpus[0].uuid, ()), states, config, now_ms)
        found |= {gpu.uuid: pool for gpu in gpus}
    return tuple(PricedGpu(gpu.uuid, gpu.index, found[gpu.uuid]) for gpu in present)


def _short(name: str) -> str:
    return clean(name.removeprefix("NVIDIA "), 40)


def _contract(gpu: KnownGpu, kept: tuple[KeptTerms, ...], config: Config, now_ms: int) -> object:
    """Equal for GPUs that cost the same, for the same reason."""
    terms = terms_at(kept, now_ms)
    source, power = (terms.source, terms.power) if terms else (RateSource.UNKNOWN, None)
    return _short(gpu.name), rate_at(kept, now_ms), source, power, _owned(gpu, terms, config)


def _owned(gpu: KnownGpu, terms: GpuTerms | None, config: Config) -> Ownership | None:
    if terms is None or terms.source is not RateSource.OWNED:
        return None
    rule = next((rule for rule in config.gpus if fits(rule, gpu.uuid, gpu.index, gpu.name)), None)
    return None if rule is None or rule.owned is None else replace(rule.owned, bought_ms=None)


def _pool(
    label: str,
    gpus: list[KnownGpu],
    kept: tuple[KeptTerms, ...],
    states: Mapping[str, StateTotals],
    config: Config,
    now_ms: int,
) -> Pool:
    terms, rate = terms_at(kept, now_ms), rate_at(kept, now_ms)
    count = Input(f"GPUs {label}", "GPUs", Decimal(len(gpus)), Source.MEASURED)
    hourly = (
        unknown(f"rate {label}", "$/GPU-h", "set [[gpus]] rates")
        if terms is None or rate is None
        else Input(f"rate {label}", "$/GPU-h", rate, _SOURCES[terms.source], clean(terms.note, 200))
    )
    owned = _owned(gpus[0], terms, config)
    power = None if terms is None or terms.power.in_rent else _power(label, gpus, terms, states)
    return Pool(label, count, hourly, None if owned is None else _bought(label, owned, config), power)


def _bought(label: str, owned: Ownership, config: Config) -> Bought:
    return Bought(
        configured(f"price {label}", "$ each", owned.usd_each, "[[gpus]] usd_each"),
        configured(f"residual {label}", "%", owned.residual_percent, "[[gpus]] residual_percent"),
        configured(f"life {label}", "years", owned.life_years, "[[gpus]] life_years"),
        configured("financing_percent", "% a year", config.tco.financing_percent, "[tco] financing_percent"),
    )


def _power(label: str, gpus: list[KnownGpu], terms: GpuTerms, states: Mapping[str, StateTotals]) -> Power:
    totals = [states[gpu.uuid] for gpu in gpus if gpu.uuid in states]
    span_ms = sum(each.energy_known_ms for each in totals)
    watts = unknown(f"watts {label}", "W each", "no GPU says what it draws")
    if span_ms:
        mean = Decimal(sum(each.energy_millijoules for each in totals)) / span_ms
        watts = Input(f"watts {label}", "W each", round(mean, 3), Source.MEASURED, "mean, idle hours too")
    pue_source = Source.DEFAULT if terms.power.pue == 1 else Source.CONFIGURED
    return Power(
        watts,
        Input(f"PUE {label}", "x", terms.power.pue, pue_source, "[[gpus]] power.pue"),
        configured(f"$/kWh {label}", "$/kWh", terms.power.usd_per_kwh, "[[gpus]] power.usd_per_kwh"),
    )

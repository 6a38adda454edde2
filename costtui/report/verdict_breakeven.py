"""What a break-even is computed from, as far as this host measured it or was told."""

from dataclasses import replace
from decimal import Decimal

from costtui.analysis.breakeven import growth_per_day
from costtui.analysis.breakeven_setting import UNITS, Setting
from costtui.analysis.tco import HOURS_PER_MONTH, Input, Source, bill_of, unknown
from costtui.analysis.tco_parts import parts_of
from costtui.domain.clean import clean
from costtui.domain.money import NANO_PER_USD
from costtui.errors import UsageError
from costtui.report.verdict import Situation
from costtui.report.verdict_prices import replaced_prices
from costtui.report.verdict_tco import per_gpu, unknown_gpu_parts
from costtui.report.verdict_traffic import Served
from costtui.report.words import UNKNOWN

USUAL_MIX = Decimal(3)


def setting_of(found: Situation, model: str | None = None) -> Setting:
    """The engine that served most, or the one that is named by itself or its model. Raises UsageError for no such."""
    chosen = _chosen(found, model)
    inputs = {name: unknown(name, unit) for name, unit in UNITS.items()}
    inputs |= {each.name: each for each in (*_gpus(found, chosen), *_staff(found), *_traffic(found, chosen))}
    inputs |= {each.name: each for each in (*_speed(chosen), *_endpoint(found))}
    name = chosen.model if chosen else "your model"
    setting = Setting(name, inputs, (), _left_out(found, chosen), _notes(found, chosen))
    return replace(setting, prices=replaced_prices(found, name, chosen.target if chosen else None, setting.mix))


def _chosen(found: Situation, model: str | None) -> Served | None:
    if model is None:
        return found.served[0] if found.served else None
    for each in found.served:
        if model in (each.name, each.model, each.model.rsplit("/", 1)[-1]):
            return each
    known = ", ".join(each.name for each in found.served) or "none"
    raise UsageError(f"--what-if model: no engine {clean(model, 60)!r}; known: {clean(known, 400)}")


def _held(found: Situation, chosen: Served | None) -> frozenset[str]:
    """The engine's GPUs; all of the host where it is not known which."""
    mine = frozenset(chosen.gpus or ()) if chosen else frozenset()
    present = frozenset(gpu.uuid for gpu in found.gpus)
    return (mine & present) or present


def _gpus(found: Situation, chosen: Served | None) -> list[Input]:
    held = _held(found, chosen)
    if not held:
        return []
    whose = "which of them serve it is not known: all of this host" if chosen is None or not chosen.gpus else ""
    count = Decimal(len(held))
    costs = per_gpu(found)
    nano = [costs[uuid] for uuid in held if uuid in costs]
    known = {gpu.pool.usd_per_hour.source for gpu in found.gpus if gpu.uuid in held}
    source = Source.DEFAULT if Source.DEFAULT in known else Source.CONFIGURED
    found_inputs = [
        Input("gpus", UNITS["gpus"], count, Source.MEASURED, whose),
        Input("gpus-per-replica", UNITS["gpus-per-replica"], count, Source.DEFAULT, "all of them serve it together"),
    ]
    if len(nano) == len(held):
        hourly = Decimal(sum(nano)) / NANO_PER_USD / count / HOURS_PER_MONTH
        note = "rent, or loss of value and interest; power where it is paid apart"
        found_inputs.append(Input("usd-per-gpu-hour", UNITS["usd-per-gpu-hour"], hourly, source, note))
    return found_inputs


def _staff(found: Situation) -> list[Input]:
    """Counted whole against this one model: a share of it can be tried."""
    fte, salary = found.beside.staff_fte, found.beside.staff_usd_per_fte_year
    others = [line for line in bill_of(parts_of((), found.beside)).lines if line.part.group == "other"]
    known = [line.amounts.month for line in others if line.amounts.month is not None]
    inputs = [
        replace(fte, name="fte", unit=UNITS["fte"]),
        replace(salary, name="usd-per-fte-year", unit=UNITS["usd-per-fte-year"]),
    ]
    if known:
        usd = Decimal(sum(known)) / NANO_PER_USD
        note = "network, storage, software, colocation, setup: as far as [tco] says"
        inputs.append(Input("other-usd-per-month", UNITS["other-usd-per-month"], usd, Source.CONFIGURED, note))
    return inputs


def _left_out(found: Situation, chosen: Served | None) -> tuple[str, ...]:
    beside = [line.part.name for line in bill_of(parts_of((), found.beside)).lines if line.amounts.month is None]
    held = _held(found, chosen)
    gpus = [part.name for part in unknown_gpu_parts(found, held)]
    owned = any(gpu.pool.bought for gpu in found.gpus if gpu.uuid in held)
    if owned and found.beside.colocation_usd_per_month.value is None:
        gpus.append("colocation")
    return (*gpus, *beside)


def _notes(found: Situation, chosen: Served | None) -> tuple[str, ...]:
    """GPUs that are paid for and not in the figures; and who bears the staff."""
    others = [gpu.uuid for gpu in found.gpus if gpu.uuid not in _held(found, chosen)]
    texts = []
    if others:
        costs = per_gpu(found)
        known = [costs[uuid] for uuid in others if uuid in costs]
        usd = f"{Decimal(sum(known)) / NANO_PER_USD:,.0f}" if len(known) == len(others) else UNKNOWN
        texts.append(f"the other {len(others)} GPUs of this host cost {usd} $/month and are not in these figures")
    if len(found.served) > 1 and found.beside.staff_fte.value:
        texts.append("staff and the rest are counted whole against this one model: try its share as fte")
    return tuple(texts)


def _traffic(found: Situation, chosen: Served | None) -> list[Input]:
    if chosen is not None and chosen.tokens_per_day and chosen.output_tokens:
        note = f"mean of {_days(chosen.span_ms)} days of {chosen.name}"
        inputs = [
            Input("volume", UNITS["volume"], Decimal(round(chosen.tokens_per_day)), Source.MEASURED, note),
            Input("mix", UNITS["mix"], _ratio(chosen.input_tokens, chosen.output_tokens), Source.MEASURED, note),
            Input("cache-hit", UNITS["cache-hit"], _ratio(chosen.cached_tokens, chosen.input_tokens), Source.MEASURED),
        ]
        growth = growth_per_day(chosen.days)
        if growth is not None:
            inputs.append(
                Input("growth", UNITS["growth"], Decimal(round(growth)), Source.MEASURED, "later half of its days")
            )
        return inputs
    apis = found.bought
    if apis.tokens_per_day and apis.output_tokens:
        note = f"mean of {_days(apis.span_ms)} days at APIs: no own engine has served any"
        return [
            Input("volume", UNITS["volume"], Decimal(round(apis.tokens_per_day)), Source.MEASURED, note),
            Input("mix", UNITS["mix"], _ratio(apis.input_tokens, apis.output_tokens), Source.MEASURED, note),
            Input("cache-hit", UNITS["cache-hit"], _ratio(apis.cached_tokens, apis.input_tokens), Source.MEASURED),
        ]
    return [Input("mix", UNITS["mix"], USUAL_MIX, Source.DEFAULT, "the usual mix: none was measured")]


def _days(span_ms: int) -> str:
    return f"{Decimal(span_ms) / 86_400_000:.1f}"


def _ratio(part: int, whole: int) -> Decimal:
    return round(Decimal(part) / whole, 6) if whole else Decimal(0)


def _speed(chosen: Served | None) -> list[Input]:
    target = chosen.target if chosen else None
    configured = "of its target"
    if target and target.prefill_tokens_per_second and target.capacity_output_tokens_per_second:
        rates = (target.prefill_tokens_per_second, target.capacity_output_tokens_per_second)
        pairs = zip(("prefill", "decode"), rates, strict=True)
        return [Input(name, UNITS[name], Decimal(str(rate)), Source.CONFIGURED, configured) for name, rate in pairs]
    best = chosen.best_output_per_second if chosen else None
    if best is None:
        return []
    stated = target is not None and target.capacity_output_tokens_per_second is not None
    source, note = (Source.CONFIGURED, configured) if stated else (Source.MEASURED, "its best minute yet")
    return [Input("output-rate", UNITS["output-rate"], best, source, note)]


def _endpoint(found: Situation) -> list[Input]:
    """The first target that is paid by the hour while it is up."""
    for target in found.config.targets:
        if target.while_on is not None:
            note = f"[targets.{clean(target.name, 60)}] while_on"
            terms = target.while_on
            said = (("usd-per-hour", terms.usd_per_hour), ("output-rate", terms.output_tokens_per_second))
            pairs = [(f"endpoint-{name}", value) for name, value in said if value is not None]
            return [Input(name, UNITS[name], value, Source.CONFIGURED, note) for name, value in pairs]
    return []

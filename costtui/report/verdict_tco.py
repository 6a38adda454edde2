"""The bill of this host, over the tokens that it served."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from costtui.analysis.tco import Bill, Part, Swing, bill_of, sensitivity
from costtui.analysis.tco_parts import gpu_parts, parts_of
from costtui.analysis.tco_tokens import Bases, KindCost, Shared, Tokens, bases, by_kind, by_model
from costtui.domain.money import MS_PER_HOUR, NanoUsd, apportion
from costtui.report.verdict import Situation

MONTH_MS = 730 * MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Total:
    """Everything that `costtui tco` says."""

    bill: Bill
    swings: tuple[Swing, ...]
    tokens: Tokens | None
    """A month, at the pace of the window; None where nothing was watched for an hour."""
    bases: Bases
    worked_share: Fraction | None
    """Of the time in which GPUs were looked at, that in which they worked."""
    kinds: tuple[KindCost, ...]
    kinds_reason: str
    shared: Shared


def total_of(found: Situation) -> Total:
    """The bill with everything in it; each part that nobody stated stays unknown."""
    pools = {gpu.pool.name: gpu.pool for gpu in found.gpus}
    parts = parts_of(tuple(pools.values()), found.beside)
    bill = bill_of(parts)
    tokens = _month(found)
    share = Fraction(found.worked_ms, found.observed_ms) if found.observed_ms else None
    kinds, reason = _kinds(found, bill, tokens)
    return Total(
        bill=bill,
        swings=sensitivity(parts),
        tokens=tokens,
        bases=bases(bill, tokens, share) if tokens else Bases(None, None),
        worked_share=share,
        kinds=kinds,
        kinds_reason=reason,
        shared=by_model(_gpu_costs(found), _tokens_by_model(found)),
    )


def _month(found: Situation) -> Tokens | None:
    watched = [each for each in found.served if each.span_ms >= MS_PER_HOUR]
    if not watched:
        return None

    def monthly(counts: list[tuple[int, int]]) -> int:
        return sum(count * MONTH_MS // span_ms for count, span_ms in counts)

    return Tokens(
        monthly([(each.input_tokens - each.cached_tokens, each.span_ms) for each in watched]),
        monthly([(each.cached_tokens, each.span_ms) for each in watched]),
        monthly([(each.output_tokens, each.span_ms) for each in watched]),
    )


def _kinds(found: Situation, bill: Bill, tokens: Tokens | None) -> tuple[tuple[KindCost, ...], str]:
    """By the rates of the engine that served most: what reading and writing cost is known for no other."""
    target = found.served[0].target if found.served else None
    prefill = target.prefill_tokens_per_second if target else None
    decode = target.capacity_output_tokens_per_second if target else None
    if tokens is None or bill.total.month is None:
        return (), "no tokens, or nothing that is paid, is known"
    if prefill is None or decode is None:
        return (
            (),
            "how fast the engine reads and writes is not known: set prefill_tokens_per_second and"
            " capacity_output_tokens_per_second of its target",
        )
    return tuple(by_kind(bill.total.month, tokens, Decimal(str(prefill)), Decimal(str(decode)))), ""


def per_gpu(found: Situation) -> dict[str, NanoUsd]:
    """What each GPU costs a month, by UUID, as far as it is known; the shares of a pool sum to the pool."""
    costs: dict[str, NanoUsd] = {}
    pools = {gpu.pool.name: gpu.pool for gpu in found.gpus}
    for name, pool in pools.items():
        uuids = [gpu.uuid for gpu in found.gpus if gpu.pool.name == name]
        month = bill_of(gpu_parts(pool)).total.month
        if month is not None:
            costs |= dict(zip(uuids, apportion(month, [1] * len(uuids)), strict=True))
    return costs


def unknown_gpu_parts(found: Situation, uuids: frozenset[str]) -> tuple[Part, ...]:
    """Parts of these GPUs' cost that nobody stated."""
    pools = {gpu.pool.name: gpu.pool for gpu in found.gpus if gpu.uuid in uuids}
    return tuple(part for pool in pools.values() for part in gpu_parts(pool) if part.usd() is None)


def _gpu_costs(found: Situation) -> list[tuple[NanoUsd, list[str]]]:
    models = {each.name: _models(found, each.name, each.model) for each in found.served}
    costs = []
    for uuid, nano in per_gpu(found).items():
        holders = [each.name for each in found.served if each.gpus and uuid in each.gpus]
        costs.append((nano, list(dict.fromkeys(model for name in holders for model in models[name]))))
    return costs


def _models(found: Situation, engine: str, model: str) -> list[str]:
    """What the ledger knows that an engine served, adapters by their names; else its model."""
    named = [name for target, name in found.bought.own_models if target == engine]
    return named or [model]


def _tokens_by_model(found: Situation) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (_, model), tokens in found.bought.own_models.items():
        counts[model] = counts.get(model, 0) + tokens
    for each in found.served:
        if not any(target == each.name for target, _ in found.bought.own_models):
            counts[each.model] = counts.get(each.model, 0) + each.input_tokens + each.output_tokens
    return counts

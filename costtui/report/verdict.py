"""What this host knows about its own cost and traffic: the numbers that a verdict starts from, with their sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from costtui.analysis.tco_parts import Beside
from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.domain.gpu import GpuState
from costtui.domain.money import MS_PER_HOUR
from costtui.domain.tick import StateTotals
from costtui.rates.prices import PriceBook
from costtui.report.verdict_gpus import PricedGpu, priced_gpus
from costtui.report.verdict_inputs import beside_of
from costtui.report.verdict_traffic import Bought, Served, bought_tokens, served_by
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader

WINDOW_MS = 28 * 24 * MS_PER_HOUR
"""Four weeks: every weekday as often, and as many hours of night as there are."""
QUARTER_MS = 900_000


@dataclass(frozen=True, slots=True)
class Situation:
    """One host over the last four weeks, or as long as it has been watched."""

    at_ms: int
    from_ms: int
    config: Config
    gpus: tuple[PricedGpu, ...]
    beside: Beside
    served: tuple[Served, ...]
    """Own engines, those with the most tokens first."""
    bought: Bought
    """What APIs did, as the gateway metered it."""
    worked_ms: int
    observed_ms: int
    """Of all GPUs: how long they worked, of how long they were looked at."""
    book: PriceBook | None


def situation(
    telemetry: TelemetryReader,
    ledger: LedgerReader,
    picture: Mapping[str, Any],
    config: Config,
    book: PriceBook | None,
    now_ms: int,
) -> Situation:
    """All that is known at a moment. `picture` is the stored one: it says which GPUs an engine holds."""
    to_ms = now_ms // QUARTER_MS * QUARTER_MS + QUARTER_MS
    from_ms = to_ms - WINDOW_MS
    states = telemetry.gpu_totals(from_ms, to_ms)
    gpus = priced_gpus(telemetry.known_gpus(), telemetry.terms(), states, config, now_ms)
    engines = [_engine(each) for each in picture["engines"]]
    served = [_held(each, gpus) for each in served_by(telemetry, config, engines, from_ms, now_ms)]
    present = [states[gpu.uuid] for gpu in gpus if gpu.uuid in states]
    return Situation(
        at_ms=now_ms,
        from_ms=from_ms,
        config=config,
        gpus=gpus,
        beside=beside_of(config.tco),
        served=tuple(served),
        bought=bought_tokens(ledger, from_ms, to_ms),
        worked_ms=_worked(present),
        observed_ms=sum(each.observed_ms for each in present),
        book=book,
    )


def _engine(raw: Mapping[str, Any]) -> dict[str, Any]:
    held = raw.get("gpus")
    return {
        "name": clean(str(raw["name"])),
        "model": None if raw.get("model") is None else clean(str(raw["model"])),
        "gpus": None if held is None else tuple(str(uuid) for uuid in held),
        "best": raw.get("capacity_output_tokens_per_second"),
    }


def _held(each: Served, gpus: Sequence[PricedGpu]) -> Served:
    """With the GPUs that the configuration names, where nobody has seen which it holds."""
    named = each.target.gpus if each.target and each.gpus is None else None
    if named is None:
        return each
    return replace(each, gpus=tuple(gpu.uuid for gpu in gpus if gpu.uuid in named or gpu.index in named))


def _worked(states: Sequence[StateTotals]) -> int:
    return sum(each.milliseconds.get(state, 0) for each in states for state in (GpuState.BUSY, GpuState.LOW))

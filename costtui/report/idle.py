"""Idle GPUs of a span: what each cost, when, since when, and what that would have bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from costtui.analysis.idle_hours import IdleQuarter, IdleSum, Place, by_gpu, by_hour, tokens_for
from costtui.analysis.rent import rate_at
from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.domain.gpu import IDLE_STATES
from costtui.domain.price import TokenPrice
from costtui.domain.terms import KeptTerms
from costtui.store.rows import KnownGpu


class Stored(Protocol):
    """The part of the store's reader that is asked."""

    def idle_quarters(self, from_ms: int, to_ms: int) -> list[tuple[str, int, int]]: ...
    def known_gpus(self) -> dict[str, KnownGpu]: ...
    def terms(self) -> dict[str, tuple[KeptTerms, ...]]: ...


class Prices(Protocol):
    """The compiled price book."""

    def offered(self, model: str, at_ms: int) -> list[TokenPrice]: ...


@dataclass(frozen=True, slots=True)
class IdleGpu:
    """One GPU."""

    index: int
    name: str
    serves: str
    """Model of the target that holds it, as configured; empty where none is."""
    sum: IdleSum
    since_ms: int | None
    """Since when it has been idle; None: it is not now."""
    bought_tokens: int | None
    """Output tokens that its idle rent would have bought where its model is cheapest; None: no price is known."""
    seller: str


@dataclass(frozen=True, slots=True)
class IdleReport:
    """The host over a span."""

    from_ms: int
    to_ms: int
    gpus: tuple[IdleGpu, ...]
    """Dearest idle first."""
    hours: Mapping[Place, IdleSum]
    whole: IdleSum


def idle_report(stored: Stored, config: Config, prices: Prices | None, from_ms: int, to_ms: int) -> IdleReport:
    """Of quarters of an hour that begin within [from, to)."""
    kept = stored.terms()
    rates: dict[tuple[str, int], Decimal | None] = {}
    quarters = []
    for uuid, at_ms, idle_ms in stored.idle_quarters(from_ms, to_ms):
        if (uuid, at_ms) not in rates:
            rates[uuid, at_ms] = rate_at(kept.get(uuid, ()), at_ms)
        quarters.append(IdleQuarter(uuid, at_ms, idle_ms, rates[uuid, at_ms]))
    sums, known = by_gpu(quarters), stored.known_gpus()
    whole = IdleSum()
    for quarter in quarters:
        whole = whole.plus(quarter)
    gpus = [_gpu(gpu, sums.get(gpu.uuid, IdleSum()), config, prices, to_ms) for gpu in known.values()]
    gpus.sort(key=lambda gpu: (-gpu.sum.nano, gpu.index))
    return IdleReport(from_ms, to_ms, tuple(gpus), by_hour(quarters, _place(config.host.timezone)), whole)


def _gpu(gpu: KnownGpu, found: IdleSum, config: Config, prices: Prices | None, now_ms: int) -> IdleGpu:
    model = next((each.model for each in config.engines if each.gpus and {gpu.index, gpu.uuid} & set(each.gpus)), None)
    cheapest = _cheapest([] if prices is None or model is None else prices.offered(model, now_ms))
    bought = None if cheapest is None or cheapest.output is None else tokens_for(found.nano, cheapest.output)
    idle = gpu.state in IDLE_STATES
    return IdleGpu(
        index=gpu.index,
        name=clean(gpu.name),
        serves=clean(model or ""),
        sum=found,
        since_ms=gpu.state_since_ms if idle else None,
        bought_tokens=bought,
        seller="" if cheapest is None else clean(cheapest.provider),
    )


def _cheapest(offers: Sequence[TokenPrice]) -> TokenPrice | None:
    paid = [offer for offer in offers if offer.output is not None and not offer.input_only]
    return min(paid, key=lambda offer: (offer.output or Decimal(0), offer.provider), default=None)


def _place(zone: ZoneInfo) -> "_Places":
    return _Places(zone)


class _Places:
    """Weekday and hour of a moment, worked out once for each hour."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._known: dict[int, Place] = {}

    def __call__(self, at_ms: int) -> Place:
        found = self._known.get(at_ms)
        if found is None:
            here = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self._zone)
            found = self._known[at_ms] = (here.weekday(), here.hour)
        return found

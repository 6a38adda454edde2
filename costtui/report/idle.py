"""Idle GPUs of a span: what each cost, when, since when, and what that would have bought."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

from costtui.analysis.idle_hours import (
    HOURS,
    IdleSum,
    IdleTime,
    Place,
    by_gpu_hour,
    by_hour,
    stop_after_seconds,
    together,
    tokens_for,
)
from costtui.analysis.rent import edges, rate_at
from costtui.config.model import Config
from costtui.domain.calendar import offsets
from costtui.domain.clean import clean
from costtui.domain.gpu import IDLE_STATES
from costtui.domain.price import TokenPrice
from costtui.domain.terms import KeptTerms
from costtui.domain.tick import EngineCursor
from costtui.report.words import duration
from costtui.store.rows import KnownGpu

ASSUMED_START_SECONDS = 300
"""Of an engine that nobody saw start: a 70 B model from a local disk."""


class Stored(Protocol):
    """The part of the store's reader that is asked."""

    def idle_hours(self, from_ms: int, to_ms: int, offset_ms: int) -> list[tuple[str, int, int]]: ...
    def known_gpus(self) -> dict[str, KnownGpu]: ...
    def cursors(self) -> dict[str, EngineCursor]: ...
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
    hours: Mapping[Place, IdleSum] = field(default_factory=dict)
    engine: str = ""
    """Name of the target that holds it; empty where none is."""


@dataclass(frozen=True, slots=True)
class IdleReport:
    """The host over a span."""

    from_ms: int
    to_ms: int
    gpus: tuple[IdleGpu, ...]
    """Dearest idle first."""
    hours: Mapping[Place, IdleSum]
    whole: IdleSum
    starts: Mapping[str, int] = field(default_factory=dict)
    """By engine that holds a GPU: seconds that its last start took, of those that were seen."""


def by_model(found: IdleReport) -> dict[str, IdleSum]:
    """By what its GPUs are configured to serve, dearest first; GPUs of no target under an empty name."""
    sums: dict[str, list[IdleSum]] = {}
    for gpu in found.gpus:
        sums.setdefault(gpu.serves, []).append(gpu.sum)
    whole = {model: together(each) for model, each in sums.items()}
    return dict(sorted(whole.items(), key=lambda each: (-each[1].nano, each[0])))


def pause_words(found: IdleReport, given_seconds: int | None = None) -> list[str]:
    """After how long a pause to stop what is paid only while it is up; `given_seconds` instead of what was measured."""
    sleeps = "sleeping frees memory and stops no rent"
    starts = {} if given_seconds is not None else found.starts
    if not starts:
        assumed = "as said" if given_seconds is not None else "assumed: no start of an engine was seen yet"
        after = duration(stop_after_seconds(given_seconds or ASSUMED_START_SECONDS))
        return [
            f"what is paid only while it is up is best stopped once it idled for a start: {after}, {assumed}",
            sleeps,
        ]
    return [
        *(
            f"{clean(engine, 80)} took {_span(seconds)} to start: where it is paid only while it is up, stop it once"
            f" it idled for {_span(stop_after_seconds(seconds))}"
            for engine, seconds in sorted(starts.items())
        ),
        sleeps,
    ]


def _span(seconds: int) -> str:
    """Exact while seconds matter."""
    return f"{seconds} s" if seconds < 600 else duration(seconds)


def idle_report(stored: Stored, config: Config, prices: Prices | None, from_ms: int, to_ms: int) -> IdleReport:
    """Of quarters of an hour that begin within [from, to)."""
    kept, zone = stored.terms(), config.host.timezone
    times = [
        each for begin, end, ahead in offsets(from_ms, to_ms, zone) for each in _times(stored, kept, begin, end, ahead)
    ]
    maps, known = by_gpu_hour(times), stored.known_gpus()
    gpus = [_gpu(gpu, maps.get(gpu.uuid, {}), config, prices, to_ms) for gpu in known.values()]
    gpus.sort(key=lambda gpu: (-gpu.sum.nano, gpu.index))
    whole = together(together(places.values()) for places in maps.values())
    held, cursors = {gpu.engine for gpu in gpus}, stored.cursors()
    took = {name: each.cold_start_seconds for name, each in cursors.items() if name in held}
    starts = {name: seconds for name, seconds in took.items() if seconds is not None}
    return IdleReport(from_ms, to_ms, tuple(gpus), by_hour(maps.values()), whole, starts)


def _times(
    stored: Stored, kept: Mapping[str, Sequence[KeptTerms]], from_ms: int, to_ms: int, ahead_ms: int
) -> Iterator[IdleTime]:
    """Each cut in which clocks and rates stay as they are is one question; a quarter costs what it began with."""
    cuts = sorted({from_ms, to_ms, *(edge for terms in kept.values() for edge in edges(terms, from_ms, to_ms))})
    for begin, end in pairwise(cuts):
        rates: dict[str, Decimal | None] = {}
        for uuid, hour, idle_ms in stored.idle_hours(begin, end, ahead_ms):
            if uuid not in rates:
                rates[uuid] = rate_at(kept.get(uuid, ()), begin)
            yield IdleTime(uuid, divmod(hour, HOURS), idle_ms, rates[uuid])


def _gpu(gpu: KnownGpu, hours: Mapping[Place, IdleSum], config: Config, prices: Prices | None, now_ms: int) -> IdleGpu:
    found = together(hours.values())
    engine = next((each for each in config.engines if each.gpus and {gpu.index, gpu.uuid} & set(each.gpus)), None)
    model = None if engine is None else engine.model
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
        hours=hours,
        engine="" if engine is None else engine.name,
    )


def _cheapest(offers: Sequence[TokenPrice]) -> TokenPrice | None:
    paid = [offer for offer in offers if offer.output is not None and not offer.input_only]
    return min(paid, key=lambda offer: (offer.output or Decimal(0), offer.provider), default=None)

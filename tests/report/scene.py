"""A host to report on: real store, GPUs and an engine, every second written by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.config.model import Config, Host, Target
from costtui.domain.amount import RateSource
from costtui.domain.gpu import GpuState
from costtui.domain.price import TokenPrice
from costtui.domain.reading import EngineReading, GpuReading
from costtui.domain.terms import GpuTerms, KeptTerms, PowerTerms, Rate
from costtui.domain.tick import EngineTick, GpuTick
from costtui.report.compose import Composer
from costtui.report.observation import EngineNow, GpuNow, Observation
from costtui.report.traffic import Traffic
from costtui.store.controls import CONTROLS, ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter

HOUR = 3_600_000
DAY = 24 * HOUR
MIDNIGHT = 1_795_392_000_000
"""2026-11-23 00:00 UTC, a Monday."""
MONTH = MIDNIGHT - 22 * DAY
LLAMA = Target("llama", "vllm", "http://127.0.0.1:8000/v1", "meta-llama/Llama-3.3-70B-Instruct", (0,))
CONFIG = Config(host=Host("gpu-07", ZoneInfo("UTC")), targets=(LLAMA,))


def composer_of(reader: TelemetryReader, state_dir: Path) -> Composer:
    """A composer on one state directory, as the agent has it."""
    traffic = Traffic(LedgerReader(state_dir), ControlsStore(state_dir / CONTROLS), state_dir)
    return Composer(reader, traffic)


def contract(
    usd: str = "2.49", from_ms: int = MONTH, source: RateSource = RateSource.CONTRACT, power: PowerTerms | None = None
) -> tuple[KeptTerms, ...]:
    """Terms written down when the contract began."""
    terms = GpuTerms((Rate(from_ms, Decimal(usd)),), source, "always", power or PowerTerms(True))
    return (KeptTerms(from_ms, terms),)


def gpu(
    index: int, state: GpuState, *, since_ms: int = MIDNIGHT, reason: str = "", engines: tuple[str, ...] = ()
) -> GpuNow:
    """A GPU as last seen."""
    reading = GpuReading(
        f"GPU-{index}",
        index,
        "NVIDIA H100",
        utilization_percent=7,
        memory_used_bytes=44 * 2**30,
        memory_total_bytes=80 * 2**30,
        power_milliwatts=500_000,
        processes=(),
        lost=state is GpuState.LOST,
    )
    return GpuNow(f"GPU-{index}", index, "NVIDIA H100", reading, state, since_ms, reason, engines)


def engine(**changes: object) -> EngineNow:
    """The llama engine on GPU 0, at work."""
    reading = EngineReading(MIDNIGHT, input_tokens=1, output_tokens=1, running=1, waiting=0)
    whole = EngineNow(LLAMA, reading, True, frozenset({"GPU-0"}), 1_500.0, 700.0, 0.5, 1_400.0, MIDNIGHT)
    return replace(whole, **changes)  # type: ignore[arg-type]  # a test names the fields it changes


def seen(
    at_ms: int, gpus: Iterable[GpuNow], *, engines: tuple[EngineNow, ...] = (), kept: object = None, **more: object
) -> Observation:
    """An observation of `gpus`, each under the same contract unless `kept` says otherwise."""
    everyone = tuple(gpus)
    terms = {each.uuid: contract() for each in everyone} if kept is None else kept
    whole = Observation(at_ms, "host", "alice", 4711, everyone, engines, {})
    return replace(whole, kept=terms, **more)  # type: ignore[arg-type]  # a test names the fields it changes


def write(
    state_dir: Path, spans: Mapping[str, Iterable[tuple[int, int, GpuState]]], tokens: Iterable[EngineTick] = ()
) -> None:
    """Write (from, to, state) spans per GPU into a store, at 500 W; the last minute of each in short ticks."""
    writer = TelemetryWriter.open(state_dir, now_ms=MIDNIGHT)
    for uuid, parts in spans.items():
        for from_ms, to_ms, state in parts:
            marks = [from_ms, *range(max(to_ms - 60_000, from_ms + 1), to_ms, 20_000), to_ms]
            for start, end in pairwise(marks):
                tick = GpuTick(uuid, end, end - start, state, 7, 1, 500_000, 40, (end - start) * 500)
                writer.record(Second(end, (tick,)))
    for each in tokens:
        writer.record(Second(each.at_ms, engines=(each,)))
    writer.close()


def token_ticks(until_ms: int) -> list[EngineTick]:
    """An hour of work throughout: 8,000 tokens in, of which 2,000 cached, and 4,000 out, each 20 s."""
    return [
        EngineTick("llama", until_ms - HOUR + part * 20_000, 20_000, 20_000, 8_000, 4_000, 2_000)
        for part in range(1, 181)
    ]


class Book:
    """A price book with one offer."""

    def __init__(self, usd_per_million: str) -> None:
        self._usd = Decimal(usd_per_million)

    def cheapest(
        self, model: str, input_tokens: int, cached_input_tokens: int, output_tokens: int, at_ms: int
    ) -> tuple[TokenPrice, Decimal] | None:
        """The offer, for the one model that it knows."""
        known = model == LLAMA.model and input_tokens + output_tokens > 0
        return (TokenPrice("novita", model, self._usd, self._usd, source="list"), self._usd) if known else None

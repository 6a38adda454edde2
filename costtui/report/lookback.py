"""The picture of an earlier moment, from what the store and the ledger kept."""

from zoneinfo import ZoneInfo

from costtui.config.model import Config, Target
from costtui.domain.gpu import GpuState
from costtui.domain.reading import EngineReading, GpuReading
from costtui.report import schema
from costtui.report.compose import Composer
from costtui.report.observation import EngineNow, GpuNow, Observation
from costtui.report.stored import Prices
from costtui.report.traffic import Traffic
from costtui.store.reader import TelemetryReader
from costtui.store.rows import GpuPoint, KnownGpu

MINUTE_MS = 60_000
NOT_OBSERVED = "nothing was observed in this minute"


def picture_at(
    reader: TelemetryReader, traffic: Traffic, present: schema.Status, config: Config, prices: Prices | None, at_ms: int
) -> schema.Status:
    """The picture at `at_ms`, a whole minute: readings are means of the minute before it, money is exact.

    Names, sizes and which GPUs an engine holds are those of the `present`, and so is the configuration; what was not
    kept (processes, temperatures, queues) is unknown.
    """
    seen = _seen(reader, present, config, at_ms)
    return Composer(reader, traffic).compose(seen, config, prices)


def _seen(reader: TelemetryReader, present: schema.Status, config: Config, at_ms: int) -> Observation:
    gpus = [known for known in reader.known_gpus().values() if known.first_seen_ms <= at_ms]
    return Observation(
        at_ms=at_ms,
        host_name=present.host.name,
        user="",
        pid=present.agent.pid or 0,
        gpus=tuple(_gpu(reader, known, present, at_ms) for known in gpus),
        engines=tuple(_engine(reader, target, present, at_ms) for target in config.engines),
        kept=reader.terms(),
        driver=present.host.driver,
        simulated=present.host.simulated,
    )


def _gpu(reader: TelemetryReader, known: KnownGpu, present: schema.Status, at_ms: int) -> GpuNow:
    points = reader.gpu_history(known.uuid, at_ms - MINUTE_MS, at_ms, MINUTE_MS)
    now = next((gpu for gpu in present.gpus if gpu.uuid == known.uuid), None)
    if not points or not any(points[-1].milliseconds.values()):
        return GpuNow(known.uuid, known.index, known.name, None, GpuState.UNKNOWN, None, NOT_OBSERVED)
    point = points[-1]
    spans = point.milliseconds
    state = max(spans, key=lambda each: spans[each])
    held = tuple(engine.name for engine in present.engines if engine.gpus and known.uuid in engine.gpus)
    reading = _reading(known, point, now.memory_total_bytes if now else None, lost=state is GpuState.LOST)
    working = state in (GpuState.BUSY, GpuState.LOW, GpuState.IDLE_LOADED)
    since_ms = known.state_since_ms if known.state is state and known.state_since_ms <= at_ms else None
    return GpuNow(known.uuid, known.index, known.name, reading, state, since_ms, "", held if working else ())


def _reading(known: KnownGpu, point: GpuPoint, memory_total_bytes: int | None, *, lost: bool) -> GpuReading:
    return GpuReading(
        known.uuid,
        known.index,
        known.name,
        utilization_percent=point.utilization_percent,
        memory_used_bytes=point.memory_used_bytes,
        memory_total_bytes=memory_total_bytes,
        power_milliwatts=point.power_milliwatts,
        lost=lost,
    )


def _engine(reader: TelemetryReader, target: Target, present: schema.Status, at_ms: int) -> EngineNow:
    points = reader.engine_history(target.name, at_ms - MINUTE_MS, at_ms, MINUTE_MS)
    now = next((engine for engine in present.engines if engine.name == target.name), None)
    holds = frozenset(now.gpus) if now is not None and now.gpus is not None else None
    if not points or not points[-1].observed_ms:
        return EngineNow(target, holds=holds)
    point = points[-1]
    seconds = point.observed_ms / 1000
    capacity = now.capacity_output_tokens_per_second if now is not None else None
    pace = point.output_tokens / seconds
    return EngineNow(
        target,
        reading=EngineReading(at_ms),
        worked=point.worked_ms > 0,
        holds=holds,
        input_tokens_per_second=point.input_tokens / seconds,
        output_tokens_per_second=pace,
        capacity_ratio=pace / capacity if capacity else None,
        capacity_output_tokens_per_second=capacity,
    )


def zone_named(name: str) -> ZoneInfo:
    """The host's zone; UTC where its name says nothing here."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")

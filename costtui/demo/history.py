"""The simulated host's day so far, written through the same door as the agent's seconds."""

from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from costtui.demo.host import GPU_NAME, ROLES, gpu_uuid
from costtui.demo.past import ticks
from costtui.domain.calendar import day_of
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter

if TYPE_CHECKING:
    from costtui.domain.gpu import GpuState

DAYS_BEFORE = 3
DAY_MS = 86_400_000
WAIT_SECONDS = 30


def begins_ms(now_ms: int, zone: ZoneInfo) -> int:
    """When the simulated contract and the history begin: at midnight, some days ago."""
    return day_of(now_ms - DAYS_BEFORE * DAY_MS, zone)[0]


def write_history(state_dir: Path, from_ms: int, to_ms: int, seed: int) -> None:
    """Fill the store with every minute of [from, to)."""
    writer = TelemetryWriter.open(state_dir, now_ms=to_ms)
    try:
        last: dict[str, GpuState] = {}
        since: dict[str, int] = {}
        for minute in ticks(from_ms, to_ms, seed):
            for tick in minute.gpus:
                if last.get(tick.uuid) is not tick.state:
                    last[tick.uuid], since[tick.uuid] = tick.state, tick.at_ms - tick.span_ms
            writer.record(Second(minute.at_ms, minute.gpus, minute.engines))
        known = tuple(
            KnownGpu(uuid, index, GPU_NAME, from_ms, to_ms, last[uuid], since[uuid])
            for index, uuid in enumerate(map(gpu_uuid, range(len(ROLES))))
            if uuid in last
        )
        writer.record(Second(to_ms, known=known)).result(WAIT_SECONDS)
    finally:
        writer.close()

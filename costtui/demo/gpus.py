"""The simulated host's GPUs at a moment, as readings."""

from collections.abc import Sequence

from costtui.demo.host import (
    GIB,
    GPU_NAME,
    LOST_REASON,
    MEMORY_BYTES,
    ROLES,
    SERVING_OWNER,
    TRAINING_COMMAND,
    TRAINING_JOB,
    TRAINING_OWNER,
    TRAINING_PID,
    gpu_uuid,
)
from costtui.demo.serving import Serving
from costtui.demo.watts import EMPTY_MW, training_energy_mj, training_power_mw
from costtui.domain.reading import GpuProcess, GpuReading, Problem

RESIDENT_BYTES = 72 * GIB


def readings(servings: Sequence[Serving], since_ms: int, now_ms: int) -> tuple[GpuReading, ...]:
    """All GPUs; `since_ms` is when their energy counters were 0."""
    held = {index: serving for serving in servings for index in serving.engine.gpus}
    return tuple(_gpu(index, held.get(index), since_ms, now_ms) for index in range(len(ROLES)))


def _gpu(index: int, serving: Serving | None, since_ms: int, now_ms: int) -> GpuReading:
    role = ROLES[index]
    if role == "lost":
        lost = Problem("driver", LOST_REASON, "reset or power-cycle the host; its rent is owed meanwhile")
        return GpuReading(gpu_uuid(index), index, GPU_NAME, lost=True, problems=(lost,))
    if role == "training":
        energy = training_energy_mj(since_ms, now_ms)
        process = GpuProcess(TRAINING_PID, 71 * GIB, TRAINING_OWNER, TRAINING_COMMAND, job=TRAINING_JOB)
        return _live(index, 96, 71 * GIB, training_power_mw(now_ms), energy, process)
    if serving is None:
        return _live(index, 0, GIB // 2, EMPTY_MW, EMPTY_MW * (now_ms - since_ms) // 1000, None)
    command = f"vllm serve {serving.engine.model}"
    process = GpuProcess(serving.engine.pid, RESIDENT_BYTES, SERVING_OWNER, command)
    return _live(index, serving.percent, RESIDENT_BYTES, serving.power_mw, int(serving.energy_mj), process)


def _live(
    index: int, percent: int, memory: int, power_mw: int, energy_mj: int, process: GpuProcess | None
) -> GpuReading:
    return GpuReading(
        uuid=gpu_uuid(index),
        index=index,
        name=GPU_NAME,
        utilization_percent=percent,
        memory_used_bytes=memory,
        memory_total_bytes=MEMORY_BYTES,
        power_milliwatts=power_mw,
        energy_millijoules=energy_mj,
        temperature_celsius=28 + power_mw // 16_000,
        processes=(process,) if process else (),
    )

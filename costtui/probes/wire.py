"""Sweeps as lines of JSON, from a child process or a simulated host. Strings are cleaned on the way in."""

import json
from typing import Any

from costtui.domain.clean import clean
from costtui.domain.reading import GpuProcess, GpuReading, GpuSweep, MigSlice, Problem

_NUMBERS = (
    "utilization_percent",
    "memory_used_bytes",
    "memory_total_bytes",
    "power_milliwatts",
    "energy_millijoules",
    "temperature_celsius",
)


def gpu_to_json(gpu: GpuReading) -> dict[str, Any]:
    """One GPU as plain values."""
    body: dict[str, Any] = {"uuid": gpu.uuid, "index": gpu.index, "name": gpu.name, "lost": gpu.lost}
    body.update((name, getattr(gpu, name)) for name in _NUMBERS)
    if gpu.processes is not None:
        body["processes"] = [
            [each.pid, each.memory_bytes, each.owner, each.command, each.reason] for each in gpu.processes
        ]
    body["mig"] = [[each.uuid, each.name, each.memory_used_bytes, each.memory_total_bytes] for each in gpu.mig]
    body["problems"] = [[each.what, each.reason, each.remedy] for each in gpu.problems]
    return body


def gpu_from_json(body: dict[str, Any]) -> GpuReading:
    """One GPU back; raises KeyError, TypeError or ValueError where it is not one."""
    processes = body.get("processes")
    return GpuReading(
        uuid=clean(str(body["uuid"]), 80),
        index=int(body["index"]),
        name=clean(str(body["name"]), 80),
        lost=bool(body.get("lost", False)),
        processes=None if processes is None else tuple(_process(row) for row in processes),
        mig=tuple(
            MigSlice(clean(row[0], 80), clean(row[1], 80), _count(row[2]), _count(row[3]))
            for row in body.get("mig", ())
        ),
        problems=tuple(_problem(row) for row in body.get("problems", ())),
        **{name: _count(body.get(name)) for name in _NUMBERS},
    )


def encode(sweep: GpuSweep) -> bytes:
    """A sweep as one line."""
    problem = sweep.problem
    body = {
        "at_ms": sweep.at_ms,
        "driver": sweep.driver,
        "problem": None if problem is None else [problem.what, problem.reason, problem.remedy],
        "gpus": [gpu_to_json(gpu) for gpu in sweep.gpus],
    }
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> GpuSweep:
    """A line back; raises ValueError where it is not a sweep."""
    try:
        body = json.loads(line)
        return GpuSweep(
            at_ms=int(body["at_ms"]),
            gpus=tuple(gpu_from_json(gpu) for gpu in body["gpus"]),
            driver=None if body["driver"] is None else clean(str(body["driver"]), 80),
            problem=None if body["problem"] is None else _problem(body["problem"]),
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"not a sweep: {error!r}") from None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _process(row: list[Any]) -> GpuProcess:
    owner, command = (None if text is None else clean(str(text)) for text in row[2:4])
    return GpuProcess(int(row[0]), _count(row[1]), owner, command, clean(str(row[4])))


def _problem(row: list[Any]) -> Problem:
    return Problem(clean(str(row[0]), 40), clean(str(row[1])), clean(str(row[2])))

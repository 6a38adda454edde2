"""The latest word of every source, and how old it is."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from costtui.agent.engines import EngineLook
from costtui.analysis.holdings import held_by
from costtui.config.model import Sampling, Target
from costtui.domain.reading import EngineReading, GpuProcess, GpuReading, GpuSweep, HostReading

STALE_INTERVALS = 2.5
"""A reading older than this many intervals says nothing about now."""


@dataclass(slots=True)
class Board:
    """What was read last; times are of the monotonic clock."""

    sweep: GpuSweep | None = None
    sweep_at: float = 0.0
    host: HostReading | None = None
    network_per_second: tuple[float | None, float | None] = (None, None)
    engines: dict[str, tuple[EngineReading, float]] = field(default_factory=dict)
    owners: dict[int, GpuProcess] = field(default_factory=dict)
    pids: dict[str, frozenset[int]] = field(default_factory=dict)
    """Processes of each engine, by its local port."""
    strangers: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a process appears on a GPU that nobody described yet."""

    def take_sweep(self, sweep: GpuSweep, monotonic: float) -> None:
        """A new reading of all GPUs."""
        self.sweep, self.sweep_at = sweep, monotonic
        if any(process.pid not in self.owners for process in processes_of(sweep.gpus)):
            self.strangers.set()

    def take_engine(self, name: str, reading: EngineReading, monotonic: float) -> None:
        """A new reading of one engine."""
        self.engines[name] = (reading, monotonic)

    def take_host(self, reading: HostReading) -> None:
        """A new reading of the host; two make a rate."""
        if self.host is not None:
            seconds = (reading.at_ms - self.host.at_ms) / 1000
            self.network_per_second = (
                _rate(self.host.network_received_bytes, reading.network_received_bytes, seconds),
                _rate(self.host.network_sent_bytes, reading.network_sent_bytes, seconds),
            )
        self.host = reading

    def take_owners(self, described: Iterable[GpuProcess], pids: dict[str, frozenset[int]]) -> None:
        """All processes on the GPUs, with owner and command, and those of the local engines."""
        self.owners = {process.pid: process for process in described}
        self.pids = pids

    def gpus(self, monotonic: float, sampling: Sampling) -> tuple[GpuReading, ...] | None:
        """The GPUs with the owners of their processes; None where the driver is silent."""
        if self.sweep is None or self.sweep.problem is not None:
            return None
        if monotonic - self.sweep_at > STALE_INTERVALS * sampling.gpu_seconds:
            return None
        return tuple(self._named(reading) for reading in self.sweep.gpus)

    def why_no_gpus(self) -> str:
        """Why the driver is silent."""
        if self.sweep is None:
            return "the driver has not answered yet"
        if self.sweep.problem is not None:
            return self.sweep.problem.reason
        return "the driver stopped answering"

    def _named(self, reading: GpuReading) -> GpuReading:
        if not reading.processes:
            return reading
        return replace(reading, processes=tuple(self._owned(process) for process in reading.processes))

    def _owned(self, process: GpuProcess) -> GpuProcess:
        known = self.owners.get(process.pid)
        if known is None:
            return process
        return replace(known, memory_bytes=process.memory_bytes)

    def looks(
        self, targets: Sequence[Target], gpus: Sequence[GpuReading], monotonic: float, sampling: Sampling
    ) -> tuple[EngineLook, ...]:
        """Every configured engine, with the GPUs that it holds."""
        return tuple(self._look(target, gpus, monotonic, sampling) for target in targets)

    def _look(self, target: Target, gpus: Sequence[GpuReading], monotonic: float, sampling: Sampling) -> EngineLook:
        reading, at = self.engines.get(target.name, (None, 0.0))
        fresh = reading is not None and monotonic - at <= STALE_INTERVALS * sampling.engines_seconds
        pids = self.pids.get(target.name, frozenset()) | frozenset(reading.gpu_pids if reading else ())
        return EngineLook(target, reading, fresh, held_by(target.gpus, pids, gpus), pids)


def processes_of(gpus: Iterable[GpuReading]) -> tuple[GpuProcess, ...]:
    """All processes on `gpus`, each once."""
    return tuple({process.pid: process for gpu in gpus for process in gpu.processes or ()}.values())


def _rate(before: int | None, now: int | None, seconds: float) -> float | None:
    if before is None or now is None or seconds <= 0 or now < before:
        return None
    return (now - before) / seconds

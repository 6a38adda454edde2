"""How each source is read: what it says goes on the board."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from costtui.agent.aside import aside
from costtui.agent.board import Board, processes_of
from costtui.agent.clock import Clock
from costtui.agent.source import Source
from costtui.config.model import Config, Target
from costtui.domain.reading import GpuProcess, HostReading, Problem
from costtui.egress.client import Egress
from costtui.engines.kinds import KINDS
from costtui.engines.read import read_engine
from costtui.probes.gpus import GpuSource
from costtui.probes.host import HostProbe
from costtui.probes.processes import describe, engine_pids

ENGINE_TIMEOUT_SECONDS = 5.0
HOST_TIMEOUT_SECONDS = 10.0
IDENTIFY_SECONDS = 60.0
LOCAL = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104 - compared with, never bound


def gpu_source(gpus: GpuSource, board: Board, clock: Clock, config: Config) -> Source:
    """All GPUs; the driver's child sets the pace."""

    async def look() -> Problem | None:
        sweep = await gpus.sweep()
        board.take_sweep(replace(sweep, at_ms=clock.now_ms()), clock.monotonic())
        return sweep.problem

    return Source("nvml", config.sampling.gpu_seconds, None, look, paced=False)


def host_source(probe: HostProbe, board: Board, clock: Clock, config: Config) -> Source:
    """CPU, memory, disk and network of the host."""

    async def look() -> Problem | None:
        board.take_host(await aside(lambda: probe.read(clock.now_ms()), "host"))
        return _first_problem(board.host)

    return Source("host", config.sampling.host_seconds, HOST_TIMEOUT_SECONDS, look)


def _first_problem(reading: HostReading | None) -> Problem | None:
    return reading.problems[0] if reading is not None and reading.cpu_percent is None and reading.problems else None


def process_source(board: Board, config: Callable[[], Config]) -> Source:
    """Owners of the processes on the GPUs, and the processes of local engines: when one appears, else each minute.

    Finding a port's process reads every process of the host, 10 to 30 ms on a busy one.
    """

    async def look() -> Problem | None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(board.strangers.wait(), IDENTIFY_SECONDS)
        board.strangers.clear()
        here = processes_of(board.sweep.gpus) if board.sweep else ()
        ports = {target.name: port for target in config().engines if (port := local_port(target)) is not None}
        async with asyncio.timeout(HOST_TIMEOUT_SECONDS):
            described, pids = await aside(lambda: _identify(here, ports), "processes")
        board.take_owners(described, pids)
        return None

    return Source("processes", IDENTIFY_SECONDS, None, look, paced=False)


def _identify(
    processes: tuple[GpuProcess, ...], ports: dict[str, int]
) -> tuple[tuple[GpuProcess, ...], dict[str, frozenset[int]]]:
    described = tuple(describe(process) for process in processes)
    pids = {name: frozenset(engine_pids(port)) for name, port in ports.items()} if processes else {}
    return described, pids


def local_port(target: Target) -> int | None:
    """The port of an engine on this host; None for one elsewhere or in a container."""
    try:
        parts = urlsplit(target.url or "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return port if parts.hostname in LOCAL else None


def engine_source(target: Target, egress: Egress, board: Board, clock: Clock, config: Config) -> Source:
    """One engine's metrics."""

    async def look() -> Problem | None:
        reading = await read_engine(target, egress, clock.now_ms())
        board.take_engine(target.name, reading, clock.monotonic())
        return reading.problem

    return Source(f"engine:{target.name}", config.sampling.engines_seconds, ENGINE_TIMEOUT_SECONDS, look)


def readable(target: Target) -> bool:
    """Whether costtui knows how to read this engine."""
    return target.engine in KINDS

"""What `costtui init` finds on this host."""

import asyncio
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from costtui.cli.doctor_gpus import sweep
from costtui.cli.zone import local_zone
from costtui.config.model import Sampling
from costtui.domain.reading import GpuReading, GpuSweep
from costtui.egress.client import Egress
from costtui.engines.discover import DEFAULT_PORTS, FoundEngine, discover
from costtui.probes.processes import engine_pids, listening_ports

KEYS = {
    "OPENAI_API_KEY": "openai",
    "ANTHROPIC_API_KEY": "anthropic",
    "OPENROUTER_API_KEY": "openrouter",
    "NOVITA_API_KEY": "novita",
    "HF_TOKEN": "huggingface",
    "SILICONFLOW_API_KEY": "siliconflow",
    "GMI_API_KEY": "gmi",
    "TOGETHER_API_KEY": "together",
    "FIREWORKS_API_KEY": "fireworks",
    "DEEPSEEK_API_KEY": "deepseek",
    "MOONSHOT_API_KEY": "moonshot",
    "XAI_API_KEY": "xai",
    "DEEPINFRA_API_KEY": "deepinfra",
    "GROQ_API_KEY": "groq",
}
"""Variables that providers' own clients read, and whose they are."""
NEVER_HTTP = frozenset({22, 25, 53, 111, 389, 465, 587, 636, 993, 995, 1433, 3306, 5432, 6379, 9042, 11211, 27017})
"""Ports of services that a stray HTTP request would only alarm."""
MOST_PORTS = 256


@dataclass(frozen=True, slots=True)
class ServedEngine:
    """An engine that answered, and the indexes of its GPUs; None where they cannot be seen."""

    engine: FoundEngine
    gpus: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that a first configuration can say by itself."""

    sweep: GpuSweep
    engines: tuple[ServedEngine, ...] = ()
    keys: tuple[str, ...] = ()
    """Names of variables, never their values."""
    zone: str | None = None
    host: str = ""


def look(environ: Mapping[str, str]) -> Found:
    """Ask the driver once, and every local port that could be an engine's."""
    gpus, engines = asyncio.run(_ask(_ports(listening_ports())))
    keys = tuple(name for name in KEYS if environ.get(name))
    return Found(gpus, served(engines, gpus.gpus), keys, local_zone(environ), socket.gethostname())


async def _ask(ports: tuple[int, ...]) -> tuple[GpuSweep, tuple[FoundEngine, ...]]:
    async with Egress() as egress:
        return await asyncio.gather(sweep(Sampling()), discover(egress, ports))


def _ports(listening: Iterable[int]) -> tuple[int, ...]:
    candidates = sorted({*listening} - NEVER_HTTP - {*DEFAULT_PORTS})
    return (*DEFAULT_PORTS, *candidates[:MOST_PORTS])


def served(engines: Iterable[FoundEngine], gpus: Iterable[GpuReading]) -> tuple[ServedEngine, ...]:
    """Each engine with the GPUs that its processes hold; a GPU that two hold is given to neither's configuration."""
    holders = {gpu.index: {process.pid for process in gpu.processes or ()} for gpu in gpus}
    pids = {engine: {*engine_pids(urlsplit(engine.url).port or 80)} for engine in engines}
    held = {engine: {index for index, pid in holders.items() if pid & mine} for engine, mine in pids.items()}
    result = []
    for engine, mine in held.items():
        others = set().union(*(theirs for other, theirs in held.items() if other is not engine))
        result.append(ServedEngine(engine, tuple(sorted(mine)) if mine and not mine & others else None))
    return tuple(result)

"""What the doctor knows about the configuration and what it names: keys and engines."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from costtui.cli.finding import Finding
from costtui.config.model import Config, Target
from costtui.config.secrets import references, resolve
from costtui.domain.reading import EngineReading
from costtui.domain.secret import SecretRef
from costtui.egress.client import Egress
from costtui.engines.read import read_engine
from costtui.errors import SourceError
from costtui.probes.processes import engine_pids

LOCAL = ("127.0.0.1", "localhost", "::1")


def file(path: Path | None, problems: tuple[str, ...]) -> Iterator[Finding]:
    """The configuration file; a line each for all of its problems."""
    if path is None:
        yield Finding("config", "note", "no configuration file: the defaults are in force", "`costtui init` writes one")
    elif not problems:
        yield Finding("config", "ok", str(path))
    for problem in problems:
        yield Finding("config", "problem", problem, "correct that line; `costtui config check` tells when all is well")


def secrets(config: Config, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Whether every key that the configuration names can be fetched. No value is kept or shown."""
    for reference in references(config):
        yield _secret(reference, environ)


def _secret(reference: SecretRef, environ: Mapping[str, str]) -> Finding:
    try:
        resolve(reference, environ)
    except SourceError as error:
        return Finding("secrets", "problem", error.reason, error.remedy)
    if reference.kind == "env":
        return Finding("secrets", "ok", f"{reference} is set here; the agent needs it in its own environment too")
    return Finding("secrets", "ok", f"{reference} can be read")


async def engines(config: Config, at_ms: int) -> list[Finding]:
    """Whether each engine answers, and whether its GPUs are known."""
    async with Egress() as egress:
        readings = await asyncio.gather(*(read_engine(target, egress, at_ms) for target in config.engines))
    return [
        finding
        for target, reading in zip(config.engines, readings, strict=True)
        for finding in _engine(target, reading)
    ]


def _engine(target: Target, reading: EngineReading) -> Iterator[Finding]:
    what = f"{target.name} ({target.engine})"
    if reading.problem is not None:
        yield Finding("engines", "problem", f"{what}: {reading.problem.reason}", reading.problem.remedy)
        return
    yield Finding("engines", "ok", f"{what} answers: {', '.join(reading.models) or 'no model named'}")
    if target.gpus is None and not reading.gpu_pids and not _local_pids(target.url):
        text = f"{what}: which GPUs it holds cannot be seen, so that it is never called idle"
        yield Finding("engines", "note", text, f"say it: gpus = [0] in target {target.name}, or run costtui as root")


def _local_pids(url: str | None) -> tuple[int, ...]:
    """Processes behind an address of this host; nothing for any other."""
    parts = urlsplit(url or "")
    if parts.hostname not in LOCAL:
        return ()
    return engine_pids(parts.port or (443 if parts.scheme == "https" else 80))

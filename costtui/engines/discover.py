"""Which engines answer on this host's own ports; asked once, by `costtui init`."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from costtui.domain.clean import clean
from costtui.domain.reading import EngineReading
from costtui.egress.client import Egress
from costtui.engines.kinds import KINDS
from costtui.engines.read import MAX_BYTES
from costtui.errors import SourceError

TIMEOUT_SECONDS = 2.0
OWNERS = {"vllm": "vllm", "sglang": "sglang", "llamacpp": "llamacpp"}
"""What `/v1/models` says in `owned_by`, for servers whose metrics are off."""
DEFAULT_PORTS = tuple(sorted({port for kind in KINDS.values() for port in kind.default_ports}))


@dataclass(frozen=True, slots=True)
class FoundEngine:
    """An engine that answered. `model` None: it did not say which."""

    kind: str
    url: str
    model: str | None


async def discover(egress: Egress, ports: Sequence[int] = DEFAULT_PORTS) -> tuple[FoundEngine, ...]:
    """The engines on 127.0.0.1 among `ports`, in the order of the ports."""
    found = await asyncio.gather(*(_probe(egress, port) for port in ports))
    return tuple(engine for engine in found if engine is not None)


async def _probe(egress: Egress, port: int) -> FoundEngine | None:
    origin = f"http://127.0.0.1:{port}"
    answers: dict[str, bytes | None] = {}
    for path in dict.fromkeys(kind.metrics_path for kind in KINDS.values()):
        answers[path] = await _ask(egress, origin + path)
    names = _models(await _ask(egress, origin + "/v1/models"))
    for kind in KINDS.values():
        body = answers[kind.metrics_path]
        reading = kind.parse(body, 0) if body is not None else None
        if reading is not None:
            return FoundEngine(kind.name, origin + "/v1", _model(names, reading))
    owner = next((OWNERS[owner] for _, owner in names if owner in OWNERS), None)
    return FoundEngine(owner, origin + "/v1", names[0][0]) if owner else None


def _model(names: list[tuple[str, str]], reading: EngineReading) -> str | None:
    return names[0][0] if names else next(iter(reading.models), None)


async def _ask(egress: Egress, url: str) -> bytes | None:
    try:
        return await egress.get(url, max_bytes=MAX_BYTES, timeout_seconds=TIMEOUT_SECONDS)
    except SourceError:
        return None


def _models(body: bytes | None) -> list[tuple[str, str]]:
    """Name and owner of each model that `/v1/models` lists."""
    try:
        answer = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return []
    listed = answer.get("data") if isinstance(answer, dict) else None
    return [
        (clean(model["id"]), str(model.get("owned_by", "")))
        for model in (listed if isinstance(listed, list) else [])
        if isinstance(model, dict) and isinstance(model.get("id"), str)
    ]

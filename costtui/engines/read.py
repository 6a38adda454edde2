"""One reading of one configured engine; its faults become part of the reading."""

from functools import lru_cache
from urllib.parse import urlsplit, urlunsplit

from costtui.config.model import Target
from costtui.domain.clean import clean
from costtui.domain.reading import EngineReading, Problem
from costtui.egress.client import Egress
from costtui.engines.kinds import KINDS, EngineKind
from costtui.errors import SourceError

MAX_BYTES = 4 * 1024 * 1024
"""A vLLM with many ranks says about 50 KB a rank."""
TIMEOUT_SECONDS = 3.0


async def read_engine(target: Target, egress: Egress, at_ms: int) -> EngineReading:
    """The engine's counters at `at_ms`; `problem` says why there are none. Never raises for the engine's faults."""
    kind = KINDS.get(target.engine or "")
    if kind is None or target.url is None:
        return _silent(target, at_ms, "engine or url is not configured", "set both in this target's section")
    url = target.metrics_url or metrics_url(target.url, kind)
    try:
        body = await egress.get(url, max_bytes=MAX_BYTES, timeout_seconds=TIMEOUT_SECONDS)
    except SourceError as error:
        return _silent(target, at_ms, error.reason, _remedy(error, kind))
    reading = kind.parse(body, at_ms)
    return reading or _silent(target, at_ms, f"{clean(url)} answers, but not with what {kind.name} says", kind.remedy)


@lru_cache(maxsize=256)
def metrics_url(url: str, kind: EngineKind) -> str:
    """Where an engine that serves at `url` has its counters: `http://h:8000/v1` has them at `http://h:8000/metrics`."""
    parts = urlsplit(url)
    base = parts.path.rstrip("/").removesuffix("/v1")
    return urlunsplit((parts.scheme, parts.netloc, base + kind.metrics_path, "", ""))


def _remedy(error: SourceError, kind: EngineKind) -> str:
    """A server without metrics answers 404, and llama-server 501."""
    return kind.remedy if "(404)" in error.reason or "(501)" in error.reason else error.remedy


def _silent(target: Target, at_ms: int, reason: str, remedy: str) -> EngineReading:
    return EngineReading(at_ms, problem=Problem(clean(target.name), clean(reason), clean(remedy)))

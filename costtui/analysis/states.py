"""The state of one GPU over one interval, from the work that was done and not from utilisation.

Unknown is never idle: `idle loaded` and `empty` need evidence, everything that cannot be told is `unknown`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from costtui.domain.clean import clean
from costtui.domain.gpu import GpuState
from costtui.domain.reading import GpuProcess, GpuReading

LOW_BELOW_RATIO = 0.30
"""Serving under this share of capacity, over a minute, is `low`."""
EMPTY_BELOW_BYTES = 600 * 1024 * 1024
"""A bare driver and a CUDA context of nobody's take 1 to 560 MiB; the smallest served model takes more."""
ENGINE_WORDS = ("vllm", "sglang", "llama-server", "ollama", "text-generation", "tritonserver", "trtllm", "lmdeploy")

Verdict = tuple[GpuState, str]
"""A state and, where it needs one, the reason."""


@dataclass(frozen=True, slots=True)
class EngineWork:
    """What one engine did in the interval."""

    name: str
    reading_ok: bool
    worked: bool | None
    """None: the engine cannot say (Ollama)."""
    capacity_ratio: float | None
    """Over the last minute; None before a capacity is known."""
    holds: frozenset[str] | None
    """UUIDs; None: not known."""
    pids: frozenset[int] = frozenset()
    reason: str = ""
    """Why it could not be read."""


def classify(gpu: GpuReading | None, engines: Sequence[EngineWork]) -> Verdict:
    """State of `gpu` and its reason. `engines` are all engines of the host; those that hold it are picked here."""
    if gpu is None:
        return GpuState.UNKNOWN, "no reading from the driver"
    if gpu.lost:
        return GpuState.LOST, _reason_of(gpu, "lost") or "the driver lost it: reset it or reboot"
    holders = [engine for engine in engines if holds(engine, gpu)]
    if holders:
        return _held(gpu, holders)
    if gpu.processes is None:
        return _unseen(gpu)
    if not gpu.processes:
        return _nothing_seen(gpu)
    return _occupied(gpu.processes, engines)


def holds(engine: EngineWork, gpu: GpuReading) -> bool:
    """Whether `engine` is known to hold `gpu`, by configuration or by a process on it."""
    if engine.holds is not None:
        return gpu.uuid in engine.holds
    return any(process.pid in engine.pids for process in gpu.processes or ())


def _held(gpu: GpuReading, holders: Sequence[EngineWork]) -> Verdict:
    working = [engine for engine in holders if engine.reading_ok and engine.worked]
    if working:
        return _working(working)
    if silent := [engine for engine in holders if not engine.reading_ok]:
        return GpuState.UNKNOWN, clean(f"{silent[0].name}: {silent[0].reason or 'no answer'}")
    if mute := [engine for engine in holders if engine.worked is None]:
        return _inferred(gpu, mute[0])
    if stranger := _stranger_at_work(gpu, holders):
        return GpuState.OTHER, _describe((stranger,))
    return GpuState.IDLE_LOADED, ""


def _working(engines: Sequence[EngineWork]) -> Verdict:
    ratios = [engine.capacity_ratio for engine in engines if engine.capacity_ratio is not None]
    low = len(ratios) == len(engines) and sum(ratios) < LOW_BELOW_RATIO
    return (GpuState.LOW if low else GpuState.BUSY), ""


def _inferred(gpu: GpuReading, engine: EngineWork) -> Verdict:
    """An engine that does not count its work: utilisation can prove work, its absence proves nothing."""
    if gpu.utilization_percent:
        return GpuState.BUSY, clean(f"inferred from utilisation: {engine.name} does not count its work")
    if gpu.processes == () and _memory_is_small(gpu):
        return GpuState.EMPTY, clean(f"{engine.name} has no model on it")
    return GpuState.UNKNOWN, clean(f"{engine.name} does not say whether it works")


def _stranger_at_work(gpu: GpuReading, holders: Sequence[EngineWork]) -> GpuProcess | None:
    """A process of nobody's engine on a GPU that computes while its engine rests: training beside a model."""
    known = frozenset().union(*(engine.pids for engine in holders))
    if not known or not gpu.utilization_percent:
        return None
    strangers = (p for p in gpu.processes or () if p.pid not in known and p.command and not looks_like_engine(p))
    return next(strangers, None)


def _unseen(gpu: GpuReading) -> Verdict:
    if _memory_is_small(gpu) and gpu.utilization_percent == 0:
        return GpuState.EMPTY, ""
    return GpuState.UNKNOWN, _reason_of(gpu, "processes") or "its processes could not be read"


def _nothing_seen(gpu: GpuReading) -> Verdict:
    if _memory_is_small(gpu):
        return GpuState.EMPTY, ""
    if gpu.memory_used_bytes is None:
        return GpuState.UNKNOWN, _reason_of(gpu, "memory") or "its memory could not be read"
    gibibytes = gpu.memory_used_bytes / 2**30
    return GpuState.UNKNOWN, f"{gibibytes:.1f} GiB held by processes that cannot be seen (another container?)"


def _occupied(processes: Sequence[GpuProcess], engines: Sequence[EngineWork]) -> Verdict:
    if any(looks_like_engine(process) for process in processes):
        return GpuState.UNKNOWN, f"{_describe(processes)} is not configured: run costtui init"
    homeless = [engine.name for engine in engines if engine.holds is None]
    if homeless and any(process.command is None for process in processes):
        return GpuState.UNKNOWN, clean(f"perhaps {homeless[0]}: name its gpus in the configuration")
    return GpuState.OTHER, _describe(processes)


def looks_like_engine(process: GpuProcess) -> bool:
    """Whether a command names an inference engine that costtui knows."""
    command = (process.command or "").lower()
    return any(word in command for word in ENGINE_WORDS)


def _memory_is_small(gpu: GpuReading) -> bool:
    return gpu.memory_used_bytes is not None and gpu.memory_used_bytes < EMPTY_BELOW_BYTES


def _describe(processes: Sequence[GpuProcess]) -> str:
    first = next((process for process in processes if looks_like_engine(process)), processes[0])
    owner = first.owner or "owner unknown"
    text = f"{owner}: {first.command or first.reason or f'pid {first.pid}'}"
    more = f" +{len(processes) - 1}" if len(processes) > 1 else ""
    return clean(text, 80) + more


def _reason_of(gpu: GpuReading, *parts: str) -> str:
    for problem in gpu.problems:
        if problem.what in parts:
            return clean(f"{problem.reason}: {problem.remedy}" if problem.remedy else problem.reason)
    return ""

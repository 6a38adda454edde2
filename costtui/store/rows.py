"""What goes into and comes out of the store, beside the values of the domain."""

from dataclasses import dataclass

from costtui.domain.gpu import GpuState
from costtui.domain.holder import HolderTick
from costtui.domain.terms import Session
from costtui.domain.tick import EngineCursor, EngineTick, GpuTick


@dataclass(frozen=True, slots=True)
class KnownGpu:
    """A GPU that was ever seen, and what it was doing when last seen."""

    uuid: str
    index: int
    name: str
    first_seen_ms: int
    last_seen_ms: int
    state: GpuState
    state_since_ms: int


@dataclass(frozen=True, slots=True)
class Second:
    """Everything that one tick of the agent writes, in one transaction."""

    at_ms: int
    gpus: tuple[GpuTick, ...] = ()
    engines: tuple[EngineTick, ...] = ()
    known: tuple[KnownGpu, ...] = ()
    cursors: tuple[EngineCursor, ...] = ()
    session: Session | None = None
    holders: tuple[HolderTick, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a line in the history of this store."""

    at_ms: int
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class StoredStatus:
    """The picture as the agent wrote it, when, and its process."""

    body: bytes
    at_ms: int
    pid: int


@dataclass(frozen=True, slots=True)
class GpuPoint:
    """One bucket of a GPU's history; means over the observed time, None where nothing was observed."""

    at_ms: int
    utilization_percent: int | None
    power_milliwatts: int | None
    memory_used_bytes: int | None
    milliseconds: dict[GpuState, int]


@dataclass(frozen=True, slots=True)
class EnginePoint:
    """One bucket of an engine's history."""

    at_ms: int
    observed_ms: int
    worked_ms: int
    input_tokens: int
    output_tokens: int

"""What the agent knows at one moment, handed to the composer: nothing here is read again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from costtui.config.model import Target
from costtui.domain.balancer import Ack, Balancer, Orders, ServerNow
from costtui.domain.gpu import GpuState
from costtui.domain.reading import EngineReading, GpuReading, HostReading, Problem
from costtui.domain.terms import KeptTerms, Session


@dataclass(frozen=True, slots=True)
class GpuNow:
    """One GPU as last seen. A GPU that was known and no longer answers stays in the list."""

    uuid: str
    index: int
    name: str
    reading: GpuReading | None
    """None: no reading, the driver is silent."""
    state: GpuState
    since_ms: int | None
    reason: str
    engines: tuple[str, ...] = ()
    """Names of the engines known to hold it."""


@dataclass(frozen=True, slots=True)
class EngineNow:
    """One configured engine as last seen."""

    target: Target
    reading: EngineReading | None = None
    """The last reading; its `problem` is set when the engine could not be read."""
    worked: bool | None = None
    """In the last interval; None: it cannot say."""
    holds: frozenset[str] | None = None
    """UUIDs; None: not known."""
    input_tokens_per_second: float | None = None
    output_tokens_per_second: float | None = None
    capacity_ratio: float | None = None
    """Over the last minute."""
    capacity_output_tokens_per_second: float | None = None
    last_request_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SourceNow:
    """A source's health: `nvml`, `processes`, `host`, `engine:NAME`."""

    name: str
    last_ok_ms: int | None
    interval_seconds: float
    problem: Problem | None = None
    failing_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BalancerNow:
    """One load balancer as last seen."""

    balancer: Balancer
    asked: Orders | None = None
    """None: not looked at yet."""
    ack: Ack | None = None
    """None: it was never told anything."""
    servers: tuple[ServerNow, ...] = ()
    read_ms: int | None = None
    away: str = ""
    """Why it does not answer; empty while it does."""
    away_since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything the agent knows at `at_ms`."""

    at_ms: int
    host_name: str
    user: str
    """Login of the agent's user: whose GPUs are `mine`."""
    pid: int
    gpus: tuple[GpuNow, ...]
    engines: tuple[EngineNow, ...]
    kept: Mapping[str, tuple[KeptTerms, ...]]
    """By UUID, ascending, as reconciled: the contracts that rent is owed from."""
    session: Session | None = None
    host: HostReading | None = None
    network_received_bytes_per_second: float | None = None
    network_sent_bytes_per_second: float | None = None
    driver: str | None = None
    sources: tuple[SourceNow, ...] = ()
    config_loaded_ms: int | None = None
    config_problems: tuple[str, ...] = ()
    """Of a newer configuration that was refused."""
    trouble: Problem | None = None
    """The store's."""
    notices: tuple[tuple[str, str], ...] = field(default=())
    """Further (key, text) pairs for the warnings, such as a price book that could not be compiled."""
    simulated: bool = False
    balancers: tuple[BalancerNow, ...] = ()

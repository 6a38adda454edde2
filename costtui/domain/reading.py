"""What a source said at one moment. None means that it could not say, and `problems` says why."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is missing, and what the user can do about it. One line each."""

    what: str
    """Meter or part that is missing: `utilization`, `processes`, `driver`."""
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A compute process on a GPU. In a container `pid` may belong to another namespace."""

    pid: int
    memory_bytes: int | None
    owner: str | None = None
    command: str | None = None
    reason: str = ""
    """Why owner or command is not known."""
    job: str = ""
    """Number of the Slurm job that it belongs to; empty outside of one."""


@dataclass(frozen=True, slots=True)
class MigSlice:
    """A MIG device of a GPU."""

    uuid: str
    name: str
    memory_used_bytes: int | None
    memory_total_bytes: int | None


@dataclass(frozen=True, slots=True)
class GpuReading:
    """One GPU at one moment; `index` may change between boots, `uuid` does not."""

    uuid: str
    index: int
    name: str
    utilization_percent: int | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    power_milliwatts: int | None = None
    energy_millijoules: int | None = None
    """The driver's counter; it restarts at a driver reload."""
    temperature_celsius: int | None = None
    processes: tuple[GpuProcess, ...] | None = None
    """None when the list could not be read; as old as the last process poll."""
    mig: tuple[MigSlice, ...] = ()
    lost: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class GpuSweep:
    """All GPUs of the host at one moment. `problem` is set when the driver as a whole cannot be read."""

    at_ms: int
    gpus: tuple[GpuReading, ...]
    driver: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class EngineReading:
    """Counters and gauges of one inference engine; counters only ever grow until it restarts.

    `input_tokens` includes cached tokens, as OpenTelemetry GenAI says; each engine's file converts into that.
    """

    at_ms: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    running: int | None = None
    waiting: int | None = None
    kv_usage_ratio: float | None = None
    prefix_cache_queries: int | None = None
    prefix_cache_hits: int | None = None
    busy_seconds: float | None = None
    """Cumulative seconds of real work, where the engine counts them (SGLang)."""
    started_at_seconds: float | None = None
    """Unix time at which the engine's process started, where it says."""
    models: tuple[str, ...] = ()
    sleeping: bool | None = None
    gpu_pids: tuple[int, ...] = ()
    """Processes of this engine, when it can be told."""
    problem: Problem | None = None
    """Set when the engine could not be read at all."""


@dataclass(frozen=True, slots=True)
class HostReading:
    """The host around the GPUs."""

    at_ms: int
    cpu_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    disk_used_bytes: int | None = None
    disk_total_bytes: int | None = None
    network_received_bytes: int | None = None
    network_sent_bytes: int | None = None
    boot_at_ms: int | None = None
    boot_id: str | None = None
    problems: tuple[Problem, ...] = field(default=())

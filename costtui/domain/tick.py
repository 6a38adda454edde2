"""What the agent writes down each second: readings turned into spans of time, deltas and states."""

from dataclasses import dataclass

from costtui.domain.gpu import GpuState


@dataclass(frozen=True, slots=True)
class GpuTick:
    """One GPU over `span_ms` milliseconds that ended at `at_ms`. Time between ticks is unobserved."""

    uuid: str
    at_ms: int
    span_ms: int
    state: GpuState
    utilization_percent: int | None
    memory_used_bytes: int | None
    power_milliwatts: int | None
    temperature_celsius: int | None
    energy_millijoules: int | None
    """Energy used in the span, never negative; None when neither counter nor power could say."""
    energy_estimated: bool = False
    """True where power was integrated because the counter is missing or was reset."""


@dataclass(frozen=True, slots=True)
class EngineTick:
    """One engine over `span_ms` milliseconds that ended at `at_ms`; token fields are deltas.

    The `gap_` fields count tokens served while nobody looked (the agent was down, the engine unreachable):
    they belong to totals and never to rates.
    """

    engine: str
    at_ms: int
    span_ms: int
    worked_ms: int
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    gap_input_tokens: int = 0
    gap_output_tokens: int = 0
    gap_cached_input_tokens: int = 0
    running: int | None = None
    waiting: int | None = None
    kv_usage_ratio: float | None = None
    prefix_cache_queries: int = 0
    prefix_cache_hits: int = 0


@dataclass(frozen=True, slots=True)
class StateTotals:
    """Observed milliseconds of one GPU by state within a window; what is missing was unobserved."""

    milliseconds: dict[GpuState, int]
    energy_millijoules: int
    energy_known_ms: int
    """Milliseconds of the window for which energy is known."""
    energy_estimated_ms: int = 0

    @property
    def observed_ms(self) -> int:
        """All milliseconds that were observed, whatever the state."""
        return sum(self.milliseconds.values())


@dataclass(frozen=True, slots=True)
class EngineTotals:
    """Sums of one engine within a window. Rates divide by `observed_ms`; totals add the gap tokens."""

    observed_ms: int = 0
    worked_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    gap_input_tokens: int = 0
    gap_output_tokens: int = 0
    gap_cached_input_tokens: int = 0
    prefix_cache_queries: int = 0
    prefix_cache_hits: int = 0


@dataclass(frozen=True, slots=True)
class EngineCursor:
    """The last raw counters of an engine, so that a restart of the agent counts nothing twice and loses nothing.

    A counter that a later reading lacked keeps its last known value here.
    """

    engine: str
    at_ms: int
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    prefix_cache_queries: int | None = None
    prefix_cache_hits: int | None = None
    started_at_seconds: float | None = None
    last_request_ms: int | None = None
    best_output_tokens_per_second: float | None = None
    """Best sustained minute so far; None before one was seen."""
    running: int | None = None
    """Requests at that moment; not kept over a restart of the agent."""
    busy_seconds: float | None = None
    cold_start_seconds: int | None = None
    """From the start of its process to its first answer, when it last started while somebody looked."""
    absent: frozenset[str] = frozenset()
    """Counters that the last reading lacked: what they moved by meanwhile has no known moment."""

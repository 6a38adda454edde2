"""Fixed pictures of a host, worked out by hand so that their parts add up."""

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from costtui.report.schema import (
    SCHEMA,
    Agent,
    ApiPrice,
    BudgetStanding,
    Burn,
    ConfigState,
    Engine,
    Gpu,
    Host,
    PerMillion,
    Process,
    Slice,
    Source,
    Span,
    Status,
    Warn,
)
from costtui.tui.feed import SLOTS, History

NOW_MS = 1_795_431_663_000
"""2026-11-23 11:01:03 UTC, 12:01:03 in Berlin."""
AT = "2026-11-23T11:01:03Z"
GIB = 1024**3
USD = Decimal


def gpu(index: int, state: str, **facts: object) -> Gpu:
    """An H100 at 2.49 $/h since the local midnight, 12 h before: rent 29.88."""
    base = Gpu(
        uuid=f"GPU-{index:08x}",
        index=index,
        name="NVIDIA H100 80GB HBM3",
        state=state,
        since="2026-11-23T07:49:00Z",
        utilization_percent=0,
        capacity_ratio=None,
        memory_used_bytes=0,
        memory_total_bytes=80 * GIB,
        power_watts=70.0,
        temperature_celsius=34,
        energy_joules_today=3_024_000.0,
        usd_per_hour=USD("2.49"),
        rate_source="contract",
        rate_note="",
        rent_usd_today=USD("29.88"),
        idle_seconds_today=0.0,
        idle_usd_today=USD(0),
        lost_usd_today=USD(0),
        seconds_today={state: 43_200.0},
        engine=None,
        reason="",
        processes=(),
    )
    return msgspec.structs.replace(base, **facts)


def engine(name: str, model: str, gpus: tuple[int, ...], state: str, **facts: object) -> Engine:
    """A vLLM server on some of the GPUs."""
    base = Engine(
        name=name,
        kind="vllm",
        url="http://127.0.0.1:8000",
        model=model,
        state=state,
        reason="",
        gpus=tuple(f"GPU-{index:08x}" for index in gpus),
        input_tokens_per_second=2110.0,
        output_tokens_per_second=711.0,
        input_tokens_today=61_400_000,
        output_tokens_today=20_500_000,
        cached_input_tokens_today=12_000_000,
        running=9,
        waiting=0,
        kv_usage_ratio=0.22,
        prefix_cache_hit_ratio=0.31,
        capacity_ratio=0.62,
        capacity_output_tokens_per_second=1147.0,
        usd_per_million_tokens=PerMillion(allocation=USD("1.95"), usage=USD("0.88"), window_seconds=3600.0),
        cheapest_api=ApiPrice(
            provider="novita", model="llama-3.3-70b-instruct", usd_per_million_tokens=USD("0.20"), source="genai-prices"
        ),
        last_hour_usd=USD("4.98"),
        last_hour_at_zero_load_usd=USD("4.60"),
        last_request_at="2026-11-23T11:01:02Z",
    )
    return msgspec.structs.replace(base, **facts)


def eight_gpus() -> tuple[Gpu, ...]:
    """Every state: busy 0-1, low 2, idle loaded 3, empty 4, other 5, LOST 6, unknown 7 with an unknown rate."""
    vllm = (Process(pid=4711, memory_bytes=70 * GIB, owner="llm", command="vllm serve llama"),)
    busy = {"utilization_percent": 93, "memory_used_bytes": 71 * GIB, "power_watts": 612.0, "temperature_celsius": 61}
    return (
        gpu(0, "busy", capacity_ratio=0.62, engine="llama", processes=vllm, **busy),
        gpu(1, "busy", capacity_ratio=0.62, engine="llama", processes=vllm, **busy),
        gpu(2, "low", capacity_ratio=0.12, engine="qwen", memory_used_bytes=66 * GIB, utilization_percent=100),
        gpu(
            3,
            "idle loaded",
            engine="mixtral",
            memory_used_bytes=44 * GIB,
            idle_seconds_today=11_520.0,
            idle_usd_today=USD("7.968"),
        ),
        gpu(
            4,
            "empty",
            since="2026-11-17T08:14:00Z",
            idle_seconds_today=43_200.0,
            idle_usd_today=USD("29.88"),
            mig=(Slice(uuid="MIG-1", name="1g.10gb", memory_used_bytes=GIB, memory_total_bytes=10 * GIB),),
        ),
        gpu(
            5,
            "other",
            memory_used_bytes=23 * GIB,
            reason="alice: python train.py, not LLM serving",
            processes=(Process(pid=99, memory_bytes=23 * GIB, owner="alice", command="python train.py"),),
        ),
        gpu(
            6,
            "lost",
            since="2026-11-23T08:40:00Z",
            utilization_percent=None,
            memory_used_bytes=None,
            power_watts=None,
            temperature_celsius=None,
            processes=None,
            lost_usd_today=USD("5.85"),
            reason="fell off the bus: reset it or reboot",
        ),
        gpu(
            7,
            "unknown",
            usd_per_hour=None,
            rate_source="unknown",
            rate_note="no contract, and no list price for NVIDIA Example",
            rent_usd_today=None,
            idle_usd_today=None,
            lost_usd_today=None,
            reason="41.0 GiB held by processes that cannot be seen (another container?)",
            memory_used_bytes=41 * GIB,
        ),
    )


def engines() -> tuple[Engine, ...]:
    """Three servers: one at work, one hardly, one not."""
    return (
        engine("llama", "meta-llama/llama-3.3-70b", (0, 1), "busy"),
        engine("qwen", "qwen3-32b", (2,), "low", output_tokens_per_second=31.4, cheapest_api=None, running=1),
        engine(
            "mixtral",
            "mistralai/mixtral-8x7b",
            (3,),
            "idle",
            output_tokens_per_second=0.0,
            input_tokens_per_second=0.0,
            running=0,
            last_request_at="2026-11-23T07:49:00Z",
            usd_per_million_tokens=PerMillion(allocation=None, usage=None, window_seconds=3600.0, reason="no tokens"),
        ),
    )


def budgets() -> tuple[BudgetStanding, ...]:
    """One that will end, one that is fine."""
    return (
        BudgetStanding(
            name="daily",
            covers=("gpu", "power", "api"),
            window="day",
            limit_usd=USD(380),
            used_usd=USD("209.16"),
            used_ratio=0.55,
            state="warn",
            runs_out_at="2026-11-23T21:17:00Z",
            projected_usd=USD("418.32"),
            resets_at="2026-11-23T23:00:00Z",
            unknown=("api", "rate of GPU 7"),
        ),
        BudgetStanding(
            name="team-a",
            covers=("gpu",),
            window="month",
            limit_usd=USD(12_000),
            used_usd=USD("4810.5"),
            used_ratio=0.4,
            state="ok",
            runs_out_at=None,
            projected_usd=USD(9800),
            resets_at="2026-11-30T23:00:00Z",
        ),
    )


def span() -> Span:
    """Seven GPUs with a known rate, 12 h: 7 x 29.88 = 209.16."""
    return Span(
        since="2026-11-22T23:00:00Z",
        gpu_usd=USD("209.16"),
        power_usd=USD(0),
        api_usd=None,
        total_usd=USD("209.16"),
        busy_usd=USD("59.76"),
        low_usd=USD("29.88"),
        idle_usd=USD("37.848"),
        other_usd=USD("29.88"),
        lost_usd=USD("5.85"),
        unknown_usd=USD(0),
        unobserved_usd=USD("45.942"),
        adjustment_usd=USD(0),
        projected_usd=USD("418.32"),
        unknown=("api", "rate of GPU 7"),
    )


WARNINGS = (
    Warn(
        key="gpu-lost:6",
        level="critical",
        text="GPU 6 is lost: 2.49 $/h paid for nothing",
        since="2026-11-23T08:40:00Z",
    ),
    Warn(key="idle:4", level="warn", text="GPU 4 empty for 6 days: 59.76 $/day", since="2026-11-17T08:14:00Z"),
    Warn(key="rate:7", level="info", text="GPU 7 has no rate: add it to [gpus] in config.toml"),
)
SOURCES = (
    Source(name="nvml", state="ok", age_seconds=0.4),
    Source(
        name="qwen",
        state="failed",
        age_seconds=412.0,
        reason="connection refused at 127.0.0.1:8001",
        remedy="start the server or remove the engine from the configuration",
    ),
)


def status(**facts: object) -> Status:
    """The whole host at 12:01 in Berlin. Burn: 7 x 2.49 = 17.43; idle 2 x 2.49 = 4.98; lost 2.49."""
    base = Status(
        schema=SCHEMA,
        at=AT,
        agent=Agent(state="running", age_seconds=0.2, pid=1234),
        host=Host(name="gpu-07", timezone="Europe/Berlin", driver="580.65.06"),
        burn=Burn(
            gpu_usd_per_hour=USD("17.43"),
            power_usd_per_hour=USD(0),
            api_usd_per_hour=None,
            idle_usd_per_hour=USD("4.98"),
            lost_usd_per_hour=USD("2.49"),
            total_usd_per_hour=USD("17.43"),
        ),
        today=span(),
        month=span(),
        unknown=("api", "rate of GPU 7"),
        gpus=eight_gpus(),
        engines=engines(),
        routes=(),
        budgets=budgets(),
        warnings=WARNINGS,
        sources=SOURCES,
        config=ConfigState(path="/etc/costtui/config.toml", loaded_at="2026-11-23T10:58:00Z"),
    )
    return msgspec.structs.replace(base, **facts)


@dataclass
class FixedFeed:
    """Hands out the picture that a test put there."""

    picture: Status | None = field(default_factory=status)
    closed: bool = False

    def look(self, now_ms: int) -> Status | None:
        return self.picture

    def history(self, uuid: str, now_ms: int) -> History:
        shift = int(uuid.removeprefix("GPU-") or "0", 16)
        return tuple(None if slot < 5 else (slot * 7 + shift * 13) % 101 for slot in range(SLOTS))

    def close(self) -> None:
        self.closed = True


@dataclass
class FixedClock:
    """A clock that a test turns."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms

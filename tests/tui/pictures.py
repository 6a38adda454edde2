"""Fixed pictures of a host, worked out by hand so that their parts add up."""

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from costtui.report.budgets import BudgetStanding
from costtui.report.schema import (
    SCHEMA,
    Agent,
    Api,
    ApiPrice,
    Burn,
    Cache,
    ConfigState,
    Decision,
    Engine,
    Gateway,
    Gpu,
    Host,
    PerMillion,
    Process,
    ProviderSpend,
    Route,
    Share,
    Slice,
    Source,
    Span,
    Status,
    TargetState,
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


def hard_budgets() -> tuple[BudgetStanding, ...]:
    """With what the gateway holds: one over, one by hand, one in shadow, one of which nothing is known."""
    month = budgets()[1]
    return (
        *budgets(),
        msgspec.structs.replace(
            month,
            name="api",
            covers=("api",),
            window="day",
            scope="everything",
            at_limit="downgrade",
            limit_usd=USD(250),
            used_usd=USD(120),
            used_ratio=0.48,
            held_usd=USD("37.5"),
            settled_usd=USD("121.4"),
            denied=12,
            overridden_by="ana",
            overridden_until="2026-11-23T16:30:00Z",
            configured_usd=USD(200),
        ),
        msgspec.structs.replace(
            month,
            name="batch",
            covers=("api",),
            window="rolling 24h",
            scope="tag night-batch",
            at_limit="block",
            limit_usd=USD(50),
            used_usd=USD("50.25"),
            used_ratio=1.005,
            state="over",
            held_usd=USD(0),
            denied=3,
            shadow=True,
            resets_at="",
            projected_usd=None,
        ),
        msgspec.structs.replace(
            month,
            name="all",
            covers=("gpu", "api"),
            at_limit="block",
            used_usd=None,
            used_ratio=None,
            state="unknown",
            projected_usd=None,
            set_aside_usd=USD(9_600),
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


def share(target: str, planned: float | None, measured: float | None, *, hosted: bool = False) -> Share:
    """One target of a route."""
    return Share(target=target, self_hosted=hosted, planned_ratio=planned, measured_ratio=measured, requests=7)


def routes() -> tuple[Route, ...]:
    """One by hand, one as configured, one that nobody asks."""
    return (
        Route(
            name="chat",
            strategy="idle-first",
            targets=("llama", "novita"),
            in_force="weighted",
            shares=(share("llama", 0.9, 0.71, hosted=True), share("novita", 0.1, 0.29)),
            overridden_by="ana",
            overridden_until="2026-11-23T13:04:00Z",
            requests=1_480,
            api_usd_per_hour=USD("1.62"),
            api_usd_per_million_tokens=USD("0.2"),
            ttft_p50_seconds=0.21,
            ttft_p95_seconds=0.44,
        ),
        Route(
            name="code",
            strategy="cheapest",
            targets=("gpt5",),
            in_force="cheapest",
            shares=(share("gpt5", 1.0, 1.0),),
            requests=212,
            api_usd_per_hour=USD("5.49"),
            api_usd_per_million_tokens=USD("1.29"),
            ttft_p50_seconds=0.9,
            ttft_p95_seconds=1.91,
        ),
        Route(
            name="legal",
            strategy="pinned",
            targets=("mixtral",),
            in_force="pinned",
            shares=(share("mixtral", 1.0, None, hosted=True),),
            boundary=("mixtral",),
        ),
    )


def decision(number: int, route: str, target: str, usd: str | None, **facts: object) -> Decision:
    """An attempt that began `number` seconds before the picture."""
    base = Decision(
        id=1_000 - number,
        request=1_000 - number,
        at=f"2026-11-23T11:01:{3 - number:02d}Z",
        route=route,
        target=target,
        provider="openai",
        self_hosted=False,
        model=f"model-of-{target}",
        operation="chat",
        key="k-1a2b",
        user="",
        outcome="ok",
        status=200,
        stream=True,
        input_tokens=1_200,
        output_tokens=380,
        cached_input_tokens=0,
        reasoning_tokens=0,
        usage="reported",
        usd=None if usd is None else USD(usd),
        provenance="unknown" if usd is None else "metered",
        saved_usd=None,
        ttft_seconds=0.31,
        seconds=2.5,
        price_model=target,
        reason=f"weighted: {target} takes 10 of 100",
    )
    return msgspec.structs.replace(base, **facts)


def decisions() -> tuple[Decision, ...]:
    """Metered, estimated, unpriced, refused."""
    return (
        decision(0, "chat", "llama", "0.00001", self_hosted=True, provider="vllm", provenance="accrued"),
        decision(1, "code", "gpt5", "0.01052", provenance="estimated", usage="estimated"),
        decision(2, "chat", "novita", None, provider="gmi"),
        decision(3, "chat", "novita", "0", outcome="refused", status=429, output_tokens=0),
    )


def carried(**facts: object) -> Status:
    """The same host with a gateway: burn 17.43 + 7.11 of API; today 209.16 + 52.40."""
    providers = (
        ProviderSpend(
            provider="openai",
            usd_per_hour=USD("5.49"),
            today_usd=USD("40.2"),
            month_usd=USD("812"),
            provenance="estimated",
            requests_today=2_100,
            unpriced_today=0,
        ),
        ProviderSpend(
            provider="novita",
            usd_per_hour=USD("1.62"),
            today_usd=USD("12.2"),
            month_usd=USD("190"),
            provenance="metered",
            requests_today=9_000,
            unpriced_today=0,
        ),
        ProviderSpend(
            provider="gmi",
            usd_per_hour=None,
            today_usd=None,
            month_usd=None,
            provenance="unknown",
            requests_today=3,
            unpriced_today=3,
        ),
    )
    api = Api(
        usd_per_hour=USD("7.11"),
        window_seconds=300,
        last_hour_usd=USD("7"),
        today_usd=USD("52.4"),
        month_usd=USD("1002"),
        provenance="estimated",
        requests_today=11_103,
        failed_today=12,
        unpriced_today=3,
        estimated_today=4,
        providers=providers,
        unknown=("api:gmi",),
    )
    burn = msgspec.structs.replace(status().burn, api_usd_per_hour=USD("7.11"), total_usd_per_hour=USD("24.54"))
    today = msgspec.structs.replace(
        span(), api_usd=USD("52.4"), total_usd=USD("261.56"), unknown=("rate of GPU 7", "api:gmi")
    )
    targets = (
        TargetState(name="llama", open=True, why="", in_flight=9),
        TargetState(name="novita", open=False, why="5 failures in a row: 429", in_flight=0),
    )
    gateway = Gateway(
        state="running", pid=99, age_seconds=0.3, listen="127.0.0.1:4100", in_flight=9, revision=4, targets=targets
    )
    cache = Cache(
        hits=120,
        requests=11_103,
        hit_ratio=0.0108,
        saved_usd=USD("0.84"),
        provider_cached_ratio=0.31,
        provider_saved_usd=USD("4.2"),
    )
    base = status(
        burn=burn,
        today=today,
        unknown=("rate of GPU 7", "api:gmi"),
        api=api,
        gateway=gateway,
        cache=cache,
        routes=routes(),
        decisions=decisions(),
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

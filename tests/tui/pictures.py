"""Fixed pictures of a host, worked out by hand so that their parts add up."""

from dataclasses import dataclass, field

import msgspec

from costtui.report.schema import (
    SCHEMA,
    Agent,
    Api,
    Burn,
    Cache,
    ConfigState,
    Gateway,
    Host,
    ProviderSpend,
    Source,
    Span,
    Status,
    TargetState,
    Warn,
)
from costtui.tui.feed import SLOTS, History
from tests.tui.pictures_budgets import budgets, hard_budgets
from tests.tui.pictures_host import AT, GIB, NOW_MS, USD, eight_gpus, engine, engines, gpu
from tests.tui.pictures_traffic import decision, decisions, routes, share

__all__ = [
    "AT",
    "GIB",
    "NOW_MS",
    "SOURCES",
    "USD",
    "WARNINGS",
    "FixedClock",
    "FixedFeed",
    "budgets",
    "carried",
    "decision",
    "decisions",
    "eight_gpus",
    "engine",
    "engines",
    "gpu",
    "hard_budgets",
    "routes",
    "share",
    "span",
    "status",
]


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

"""`costtui.status/1`: the picture that the agent stores each second and every face shows.

Money is a number in USD with up to nine decimals, written exactly; null is unknown, and `unknown` names it.
Times are ISO 8601 in UTC, days and months are the host's local ones. Fields are only ever added within a version.
"""

from decimal import Decimal

import msgspec

from costtui.report.balancers import Balancer
from costtui.report.budgets import BudgetStanding, HeldBudget

SCHEMA = "costtui.status/1"


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base: immutable, every field named."""


class Agent(Part, frozen=True):
    """Who wrote the picture. `state`: running, late, dead, none."""

    state: str
    age_seconds: float | None
    pid: int | None


class Host(Part, frozen=True):
    """The machine; percentages are of the whole machine."""

    name: str
    timezone: str
    simulated: bool = False
    driver: str | None = None
    cpu_percent: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    disk_used_bytes: int | None = None
    disk_total_bytes: int | None = None
    network_received_bytes_per_second: float | None = None
    network_sent_bytes_per_second: float | None = None


class Burn(Part, frozen=True):
    """USD per hour right now. `total` sums the known parts; `idle` and `lost` are shares of the GPU part."""

    gpu_usd_per_hour: Decimal | None
    power_usd_per_hour: Decimal | None
    api_usd_per_hour: Decimal | None
    idle_usd_per_hour: Decimal | None
    lost_usd_per_hour: Decimal | None
    total_usd_per_hour: Decimal | None


class Span(Part, frozen=True):
    """Money of a local day or month so far; busy to unobserved are the parts of `gpu` and sum to it exactly."""

    since: str
    gpu_usd: Decimal | None
    power_usd: Decimal | None
    api_usd: Decimal | None
    total_usd: Decimal | None
    busy_usd: Decimal | None
    low_usd: Decimal | None
    idle_usd: Decimal | None
    """idle loaded + empty"""
    other_usd: Decimal | None
    lost_usd: Decimal | None
    unknown_usd: Decimal | None
    unobserved_usd: Decimal | None
    adjustment_usd: Decimal
    projected_usd: Decimal | None
    """Known total at the end of the day or month if it goes on as in the last hour."""
    unknown: tuple[str, ...] = ()


class Process(Part, frozen=True):
    """A compute process; `reason` says why owner or command is null."""

    pid: int
    memory_bytes: int | None
    owner: str | None
    command: str | None
    reason: str = ""


class Slice(Part, frozen=True):
    """A MIG device."""

    uuid: str
    name: str
    memory_used_bytes: int | None
    memory_total_bytes: int | None


class Gpu(Part, frozen=True):
    """One GPU: what it does, what it costs, and why if either is not known."""

    uuid: str
    index: int
    name: str
    state: str
    since: str | None
    utilization_percent: int | None
    capacity_ratio: float | None
    """Output tokens/s of its engine divided by the engine's capacity; null before a capacity is known."""
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    power_watts: float | None
    temperature_celsius: int | None
    energy_joules_today: float | None
    usd_per_hour: Decimal | None
    rate_source: str
    """contract, list price, owned, unknown"""
    rate_note: str
    rent_usd_today: Decimal | None
    idle_seconds_today: float
    idle_usd_today: Decimal | None
    lost_usd_today: Decimal | None
    seconds_today: dict[str, float]
    """By state, with `unobserved`; sums to the time since midnight."""
    engine: str | None
    reason: str
    processes: tuple[Process, ...] | None = None
    mig: tuple[Slice, ...] = ()


class PerMillion(Part, frozen=True):
    """Measured USD per million tokens, input and output together, over the window of `window_seconds`."""

    allocation: Decimal | None
    """All rent of the engine's GPUs, idle included, and their power."""
    usage: Decimal | None
    """Only the time in which it worked."""
    window_seconds: float
    reason: str = ""


class ApiPrice(Part, frozen=True):
    """The cheapest API price of the same model, for the same mix of input, cached and output tokens."""

    provider: str
    model: str
    usd_per_million_tokens: Decimal
    source: str


class Engine(Part, frozen=True):
    """One inference engine. `state`: busy, low, idle, sleeping, unknown."""

    name: str
    kind: str
    url: str
    model: str | None
    state: str
    reason: str
    gpus: tuple[str, ...] | None
    """UUIDs of the GPUs that it holds; null when that is not known."""
    input_tokens_per_second: float | None
    output_tokens_per_second: float | None
    input_tokens_today: int
    output_tokens_today: int
    cached_input_tokens_today: int
    running: int | None
    waiting: int | None
    kv_usage_ratio: float | None
    prefix_cache_hit_ratio: float | None
    capacity_ratio: float | None
    capacity_output_tokens_per_second: float | None
    usd_per_million_tokens: PerMillion
    cheapest_api: ApiPrice | None
    last_hour_usd: Decimal | None
    last_hour_at_zero_load_usd: Decimal | None
    last_request_at: str | None


class Share(Part, frozen=True):
    """One target of a route. Costs of a self-hosted one are its share of rent and power, never added to an API's."""

    target: str
    self_hosted: bool
    planned_ratio: float | None
    """Of the route's requests, as the plan in force has it; null for a target outside it."""
    measured_ratio: float | None
    """Of the requests that ended within the last minutes; null where there were none."""
    requests: int = 0
    failed: int = 0
    usd_per_million_tokens: Decimal | None = None
    """Measured, input and output together; null without tokens or where a charge is not known."""


class Route(Part, frozen=True):
    """A traffic class. What it carries is measured over the last minutes and known only where a gateway runs."""

    name: str
    strategy: str
    """As configured; `direct` for a target that clients ask for by its own name."""
    targets: tuple[str, ...]
    in_force: str = ""
    """What holds now: the strategy, or `weighted` or `pinned` where that is by hand."""
    shares: tuple[Share, ...] = ()
    drained: tuple[str, ...] = ()
    boundary: tuple[str, ...] | None = None
    overridden_by: str | None = None
    overridden_until: str | None = None
    """When a change by hand ends by itself; null with `overridden_by` set: not before it is undone."""
    override_reason: str = ""
    requests: int = 0
    api_usd_per_hour: Decimal | None = None
    api_usd_per_million_tokens: Decimal | None = None
    ttft_p50_seconds: float | None = None
    ttft_p95_seconds: float | None = None


class ProviderSpend(Part, frozen=True):
    """What one API provider costs. `provenance`: metered, estimated, free, unknown; billed: as its own bill says."""

    provider: str
    usd_per_hour: Decimal | None
    today_usd: Decimal | None
    month_usd: Decimal | None
    provenance: str
    requests_today: int
    unpriced_today: int
    """Attempts whose cost is not known and in no sum."""


class Api(Part, frozen=True):
    """What APIs cost, as metered by the gateway, and as billed by those whose traffic it does not carry; self-hosted
    targets are not in it. Sums are of the known parts."""

    usd_per_hour: Decimal | None
    """At the pace of the last `window_seconds`."""
    window_seconds: int
    last_hour_usd: Decimal | None
    today_usd: Decimal | None
    month_usd: Decimal | None
    provenance: str
    requests_today: int
    failed_today: int
    unpriced_today: int
    estimated_today: int
    providers: tuple[ProviderSpend, ...]
    unknown: tuple[str, ...] = ()
    """`api:PROVIDER` where some of this month's requests have no known price; `api`: nothing meters."""


class Decision(Part, frozen=True):
    """One attempt at one target, with the reason why it went there. `usd` null is unknown."""

    id: int
    request: int
    """Id of the request's first attempt: attempts of one request have it in common."""
    at: str
    route: str
    target: str
    provider: str
    self_hosted: bool
    model: str
    operation: str
    key: str
    user: str
    outcome: str
    status: int
    stream: bool
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    reasoning_tokens: int
    usage: str
    """reported, estimated, none; disputed where the report is out of proportion to what was sent"""
    usd: Decimal | None
    provenance: str
    saved_usd: Decimal | None
    ttft_seconds: float | None
    seconds: float
    price_model: str
    reason: str


class TargetState(Part, frozen=True):
    """A target as the gateway sees it: closed after failures, with the reason."""

    name: str
    open: bool
    why: str
    in_flight: int
    room: int | None = None
    """Further answers that a steered own target can write at a time; null where nobody steers by it."""
    spilling: bool = False
    """It was too full for the last request that would have gone there."""
    asleep: bool = False


class Gateway(Part, frozen=True):
    """The gateway's word of itself. `state`: running, late, none."""

    state: str
    pid: int | None = None
    age_seconds: float | None = None
    listen: str = ""
    in_flight: int | None = None
    revision: int | None = None
    """The newest change by hand that it follows."""
    targets: tuple[TargetState, ...] = ()
    trouble: tuple[str, ...] = ()
    budgets: tuple[HeldBudget, ...] = ()
    """Those that refuse requests, or would."""


class Cache(Part, frozen=True):
    """What caches did today. `saved_usd` of costtui's own is what the hits would have cost."""

    hits: int
    requests: int
    hit_ratio: float | None
    saved_usd: Decimal
    provider_cached_ratio: float | None
    """Input tokens that API providers read from their caches, of all input tokens."""
    provider_saved_usd: Decimal | None
    """Estimated: against each model's own mean price of fresh input, cache writes taken off."""


class Warn(Part, frozen=True):
    """Something to look at. `level`: info, warn, critical; `key` stays the same while it lasts."""

    key: str
    level: str
    text: str
    since: str | None = None


class Source(Part, frozen=True):
    """A thing that the agent reads: when it last answered, what to do if it does not. `state`: ok, stale, failed."""

    name: str
    state: str
    age_seconds: float | None
    reason: str = ""
    remedy: str = ""


class ConfigState(Part, frozen=True):
    """The configuration in force; `problems` of a newer file that was refused."""

    path: str | None
    loaded_at: str | None
    problems: tuple[str, ...] = ()
    bell: bool = False
    """Whether an alert that begins rings the terminal's bell."""


class Status(Part, frozen=True):
    """The whole picture."""

    schema: str
    at: str
    agent: Agent
    host: Host
    burn: Burn
    today: Span
    month: Span
    unknown: tuple[str, ...]
    gpus: tuple[Gpu, ...]
    engines: tuple[Engine, ...]
    routes: tuple[Route, ...]
    budgets: tuple[BudgetStanding, ...]
    warnings: tuple[Warn, ...]
    sources: tuple[Source, ...]
    config: ConfigState
    api: Api | None = None
    gateway: Gateway | None = None
    cache: Cache | None = None
    decisions: tuple[Decision, ...] = ()
    """The newest attempts, newest first."""
    balancers: tuple[Balancer, ...] = ()


_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(Status)


def to_json(status: Status) -> bytes:
    """One line of JSON."""
    return _encoder.encode(status)


def from_json(body: bytes) -> Status:
    """The picture back, amounts exact."""
    return _decoder.decode(body)

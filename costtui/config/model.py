"""What a configuration says, as frozen values. The defaults are those of an absent file."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from costtui.config.tco import Tco
from costtui.domain.ability import ABLE, Abilities
from costtui.domain.balancer import Balancer
from costtui.domain.budget import Budget
from costtui.domain.cascade import CascadeTerms
from costtui.domain.finance import Finance
from costtui.domain.price import TokenPrice
from costtui.domain.rule import Rule
from costtui.domain.secret import SecretRef
from costtui.domain.terms import PowerTerms, Rate, RentRule


@dataclass(frozen=True, slots=True)
class Host:
    """`[host]`. `name` None: the host's own; `timezone` decides what a day and a month are."""

    name: str | None = None
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    pays: str = "all"
    """`all`, or `mine`: only GPUs that processes of this user hold"""
    state_dir: Path | None = None
    control: str = "ask"
    """`ask`: routes can be changed by hand, after a preview; `off`: not from this host"""


@dataclass(frozen=True, slots=True)
class Ownership:
    """A GPU bought instead of rented: straight-line over its life, down to the residual value."""

    usd_each: Decimal
    life_years: Decimal
    residual_percent: Decimal
    bought_ms: int | None = None
    """None: from the first time costtui saw it."""


@dataclass(frozen=True, slots=True)
class GpuRule:
    """One `[[gpus]]`: the first whose `match` fits a GPU decides."""

    match: str | tuple[int, ...]
    """part of the name, `GPU-uuid`, `*`, or indexes"""
    rates: tuple[Rate, ...] = ()
    owned: Ownership | None = None
    rent: RentRule = "always"
    power: PowerTerms | None = None
    """None: in the rent where rented, unknown where owned."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request can go. With `engine` it is self-hosted, with `provider` it is an API."""

    name: str
    engine: str | None = None
    url: str | None = None
    model: str | None = None
    gpus: tuple[int | str, ...] | None = None
    """Indexes or UUIDs; None: found by process id, else unknown."""
    metrics_url: str | None = None
    """Where counters are, if not at the engine's usual path."""
    capacity_output_tokens_per_second: float | None = None
    provider: str | None = None
    endpoint: str | None = None
    key: SecretRef | None = None
    compare: str | None = None
    """Model name in the price catalogue, where it differs from `model`."""
    dialect: str = "openai"
    """What it speaks: `openai` (chat, completions, embeddings, responses), `anthropic` (messages), or `both`."""
    local: bool = True
    """Whether requests to it stay on the user's own premises; an API's is False unless the configuration says so."""
    ca: Path | None = None
    """Certificates to trust instead of the usual ones."""
    proxy: str | None = None
    """An http proxy on the way; the environment's proxies are never used."""
    connect_seconds: float = 5.0
    first_byte_seconds: float = 600.0
    idle_seconds: float = 60.0
    """Longest silence inside an answer."""
    on_disconnect: str = "abort"
    """When the client leaves: `abort` the upstream, or `drain` its answer, where it charges for it all the same."""
    prefill_tokens_per_second: float | None = None
    """Of prompts, by a server with nothing else to do; None: learnt from what it does."""
    streams: int | None = None
    """Answers that an engine writes at a time."""
    abilities: Abilities = ABLE
    quality: Decimal | None = None
    """0 to 100, by whatever test the user trusts."""
    while_on: "WhileOn | None" = None
    """Of a dedicated endpoint that is paid by the hour and scales to zero."""


@dataclass(frozen=True, slots=True)
class WhileOn:
    """`while_on` of a target: capacity that costs only while it is up."""

    usd_per_hour: Decimal
    cold_start_seconds: int
    """Paid, from waking up to the first answer."""
    scale_down_seconds: int
    """How long it stays up, and is paid, after its last answer."""
    output_tokens_per_second: Decimal | None = None
    """What it writes at full load; None: not said."""


@dataclass(frozen=True, slots=True)
class Route:
    """`[routes.NAME]`."""

    name: str
    strategy: str
    targets: tuple[str, ...]
    boundary: tuple[str, ...] | None = None
    ttft_seconds: float | None = None
    weights: tuple[tuple[str, int], ...] = ()
    """With `weighted`: target and its share; the shares need not sum to 100."""
    cache: "PromptCache | None" = None
    serves: tuple[str, ...] = ()
    """What clients use it for, of `chat`, `messages`, `completions`, `embeddings`, `responses`: each of its targets was
    found able to serve it when the configuration was read. Empty: not said."""
    tpot_ms: float | None = None
    """Objective: time per output token."""
    cascade: CascadeTerms | None = None
    rules: tuple[Rule, ...] = ()
    """The first that matches a request counts; one that none matches may go to all `targets`."""


@dataclass(frozen=True, slots=True)
class PromptCache:
    """`cache` of a route: whole answers kept in memory for the very same request of the same key."""

    ttl_seconds: int = 600
    max_bytes: int = 8 * 2**20
    """With it the gateway stays under 40 MB; some 5,000 answers of a page."""
    max_answer_bytes: int = 1 * 2**20


@dataclass(frozen=True, slots=True)
class Alerts:
    """`[alerts]`; durations in seconds, None: off."""

    webhook: SecretRef | None = None
    gpu_idle_seconds: int | None = None
    burn_jump: float | None = None
    source_silent_seconds: int = 900
    bell: bool = False
    """Rings the terminal's bell where a screen is open, once for each alert that begins."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """`[agent]`; seconds between two readings of a kind."""

    gpu_seconds: float = 1.0
    processes_seconds: float = 5.0
    engines_seconds: float = 1.0
    host_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Billing:
    """One provider under `[billing]`: an organisation-wide key, on one machine only."""

    provider: str
    key: SecretRef
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """projects, workspaces, keys, namespace"""
    control_key: SecretRef | None = None
    """May also pause and resume; None: this host only reads."""
    url: str | None = None
    """Instead of the provider's own address."""
    exchange: tuple[tuple[str, int, Decimal], ...] = ()
    """From `[currencies]`: code, from when (Unix milliseconds), dollars per unit; ascending by moment."""

    def usd_per_unit(self, now_ms: int) -> dict[str, str]:
        """Of each currency as it stands at `now_ms`, as decimal text."""
        return {name: f"{usd:f}" for name, from_ms, usd in self.exchange if from_ms <= now_ms}


@dataclass(frozen=True, slots=True)
class Gateway:
    """`[gateway]`."""

    listen: str = "127.0.0.1:4100"
    clients: str = "key"
    """`key`, or `same-uid`: any process of this user, on loopback only."""
    hosts: tuple[str, ...] = ()
    """Names beside the listening address that a Host header may have."""
    origins: tuple[str, ...] = ()
    """Web pages that may call; none by default."""
    max_body_bytes: int = 10 * 2**20
    max_connections: int = 1_024
    max_in_flight: int = 512
    """Requests at a time over all targets; one more is answered 503 at once."""
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    drain_seconds: float = 30.0
    """How long running answers may go on after SIGTERM."""
    keep_attempts_days: int = 35
    """After that single attempts go, and their sums and the chain stay."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration in force. `path` None: there is no file, these are the defaults."""

    path: Path | None = None
    loaded_ms: int | None = None
    """When it was read; None for a Config made in code."""
    host: Host = field(default_factory=Host)
    gpus: tuple[GpuRule, ...] = ()
    targets: tuple[Target, ...] = ()
    routes: tuple[Route, ...] = ()
    budgets: tuple[Budget, ...] = ()
    prices: tuple[TokenPrice, ...] = ()
    """The user's own, by target name in `provider`; they beat the catalogue from their day on."""
    billing: tuple[Billing, ...] = ()
    tco: Tco = field(default_factory=Tco)
    alerts: Alerts = field(default_factory=Alerts)
    sampling: Sampling = field(default_factory=Sampling)
    gateway: Gateway = field(default_factory=Gateway)
    balancers: tuple[Balancer, ...] = ()
    finance: Finance = field(default_factory=Finance)

    @property
    def engines(self) -> tuple[Target, ...]:
        """The self-hosted targets."""
        return tuple(target for target in self.targets if target.engine is not None)

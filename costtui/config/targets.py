"""`[targets]`: where requests can go."""

from pathlib import Path

from costtui.config.addresses import read_proxy, read_secret, read_url
from costtui.config.model import Target, WhileOn
from costtui.config.providers import PLACED, engine_base, usual_dialect
from costtui.config.table import Table
from costtui.domain.ability import NEEDS, Abilities

ENGINES = ("vllm", "sglang", "tgi", "triton", "trtllm", "llamacpp", "lmdeploy", "ollama")
PROVIDERS = (
    "anthropic", "azure", "bedrock", "cerebras", "cohere", "deepinfra", "deepseek", "fireworks", "gmi", "google",
    "groq", "huggingface", "hyperbolic", "mistral", "moonshot", "nebius", "novita", "openai", "openrouter",
    "perplexity", "sambanova", "siliconflow", "together", "xai",
)  # fmt: skip
DIALECTS = ("openai", "anthropic", "both")
ON_DISCONNECT = ("abort", "drain")
OF_ENGINES = (
    "gpus", "metrics_url", "capacity_output_tokens_per_second", "compare", "prefill_tokens_per_second", "streams"
)  # fmt: skip


def read_targets(table: Table) -> tuple[Target, ...]:
    """Every target; no GPU may be claimed by two of them."""
    targets = []
    holders: dict[int | str, str] = {}
    for name, inner in table.named_tables():
        target = _target(name, inner)
        targets.append(target)
        for gpu in target.gpus or ():
            holder = holders.setdefault(gpu.lower() if isinstance(gpu, str) else gpu, name)
            if holder != name:
                inner.wrong("gpus", f"GPU {gpu} already belongs to {holder}; one GPU serves one engine here")
    return tuple(targets)


def _target(name: str, table: Table) -> Target:
    engine = table.choice("engine", ENGINES, "") or None
    provider = table.choice("provider", PROVIDERS, "") or None
    if ("engine" in table) == ("provider" in table):
        table.wrong(None, "needs `engine` (self-hosted) or `provider` (an API), and not both")
    capacity = table.number("capacity_output_tokens_per_second", above=True)
    prefill = table.number("prefill_tokens_per_second", above=True)
    streams = table.number("streams", low=1, high=100_000)
    url = read_url(table, "url")
    usual = Target(name)
    target = Target(
        name=name,
        engine=engine,
        url=url if url is None or engine is None else engine_base(url),
        model=table.text("model"),
        gpus=_gpus(table),
        metrics_url=read_url(table, "metrics_url"),
        capacity_output_tokens_per_second=None if capacity is None else float(capacity),
        provider=provider,
        endpoint=table.text("endpoint"),
        key=read_secret(table, "key"),
        compare=table.text("compare"),
        dialect=table.choice("dialect", DIALECTS, usual_dialect(engine, provider)),
        local=_yes(table, "local", usual=provider is None),
        ca=_certificates(table),
        proxy=read_proxy(table, "proxy"),
        connect_seconds=_seconds(table, "connect_seconds", usual.connect_seconds, 60),
        first_byte_seconds=_seconds(table, "first_byte_seconds", usual.first_byte_seconds, 7200),
        idle_seconds=_seconds(table, "idle_seconds", usual.idle_seconds, 3600),
        on_disconnect=table.choice("on_disconnect", ON_DISCONNECT, usual.on_disconnect),
        prefill_tokens_per_second=None if prefill is None else float(prefill),
        streams=None if streams is None else int(streams),
        abilities=_abilities(table),
        quality=table.number("quality", high=100),
        while_on=_while_on(table),
    )
    _require(table)
    table.close()
    return target


def _require(table: Table) -> None:
    if "engine" in table:
        table.require("url")
        return
    for key in OF_ENGINES:
        if key in table:
            table.wrong(key, "belongs to a target with `engine`")
    if "provider" in table and not ("model" in table or "endpoint" in table):
        table.wrong(None, "needs `model`, or `endpoint` for a dedicated one")
    if table.take("provider") in PLACED:
        table.require("url")


def _while_on(table: Table) -> WhileOn | None:
    """Of a dedicated endpoint; none of its numbers has a usual value, and its speed need not be known."""
    if "while_on" not in table:
        return None
    if "endpoint" not in table:
        table.wrong("while_on", "belongs to a target with `endpoint`")
    inner = table.table("while_on")
    inner.require("usd_per_hour", "cold_start", "scale_down")
    usd = inner.number("usd_per_hour")
    cold, delay = inner.duration_seconds("cold_start"), inner.duration_seconds("scale_down")
    speed = inner.number("output_tokens_per_second", above=True)
    inner.close()
    return None if usd is None or cold is None or delay is None else WhileOn(usd, cold, delay, speed)


def _abilities(table: Table) -> Abilities:
    window = table.number("context_window", low=1)
    tools, vision, json = (table.flag(need) if need in table else None for need in NEEDS)
    return Abilities(None if window is None else int(window), tools, vision, json)


def _yes(table: Table, key: str, *, usual: bool) -> bool:
    value = table.take(key)
    if value is None or isinstance(value, bool):
        return usual if value is None else value
    table.wrong(key, "must be true or false, not %", value)
    return usual


def _certificates(table: Table) -> Path | None:
    """A file of certificates in PEM; whether it is there is seen when it is used, since a disk may come late."""
    text = table.text("ca")
    if text is None:
        return None
    if not text.startswith(("/", "~/")):
        table.wrong("ca", "must be an absolute path to certificates, not %", text)
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:
        table.wrong("ca", "has ~, but this user has no home directory")
        return None


def _seconds(table: Table, key: str, usual: float, high: int) -> float:
    value = table.number(key, high=high, above=True)
    return usual if value is None else float(value)


def _gpus(table: Table) -> tuple[int | str, ...] | None:
    value = table.take("gpus")
    if value is None:
        return None
    if not isinstance(value, list) or not all(_names_a_gpu(item) for item in value):
        table.wrong("gpus", 'must be a list of indexes or "GPU-uuid"s, not %', value)
        return None
    if len({str(item).lower() for item in value}) != len(value):
        table.wrong("gpus", "names a GPU twice")
    return tuple(value)


def _names_a_gpu(item: object) -> bool:
    if isinstance(item, str):
        return item.startswith(("GPU-", "MIG-")) and item.isascii() and item.isprintable() and len(item) < 100
    return type(item) is int and 0 <= item < 4096

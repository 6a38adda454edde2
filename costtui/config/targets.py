"""`[targets]` and `[routes]`: where requests can go."""

from collections.abc import Sequence

from costtui.config.addresses import read_secret, read_url
from costtui.config.model import Route, Target
from costtui.config.table import Table, nearest

ENGINES = ("vllm", "sglang", "tgi", "triton", "trtllm", "llamacpp", "lmdeploy", "ollama")
PROVIDERS = (
    "anthropic", "azure", "bedrock", "cerebras", "cohere", "deepinfra", "deepseek", "fireworks", "gmi", "google",
    "groq", "huggingface", "hyperbolic", "mistral", "moonshot", "nebius", "novita", "openai", "openrouter",
    "perplexity", "sambanova", "siliconflow", "together", "xai",
)  # fmt: skip
STRATEGIES = ("idle-first", "cheapest", "weighted", "pinned", "cascade")


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
    target = Target(
        name=name,
        engine=engine,
        url=read_url(table, "url"),
        model=table.text("model"),
        gpus=_gpus(table),
        metrics_url=read_url(table, "metrics_url"),
        capacity_output_tokens_per_second=None if capacity is None else float(capacity),
        provider=provider,
        endpoint=table.text("endpoint"),
        key=read_secret(table, "key"),
        compare=table.text("compare"),
    )
    _require(table)
    table.close()
    return target


def _require(table: Table) -> None:
    if "engine" in table:
        table.require("url")
        return
    for key in ("gpus", "metrics_url", "capacity_output_tokens_per_second", "compare"):
        if key in table:
            table.wrong(key, "belongs to a target with `engine`")
    if "provider" in table and not ("model" in table or "endpoint" in table):
        table.wrong(None, "needs `model`, or `endpoint` for a dedicated one")


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


def read_routes(table: Table, targets: Sequence[Target]) -> tuple[Route, ...]:
    """Every route; the targets that it names must exist."""
    return tuple(_route(name, inner, targets) for name, inner in table.named_tables())


def _route(name: str, table: Table, targets: Sequence[Target]) -> Route:
    table.require("strategy", "targets")
    strategy = table.choice("strategy", STRATEGIES, "idle-first")
    ways = known_targets(table, "targets", targets) or ()
    boundary = known_targets(table, "boundary", targets)
    for way in ways if boundary is not None else ():
        if way not in (boundary or ()):
            table.wrong("targets", "names a target outside the route's boundary: %", way)
    ttft = table.number("ttft_seconds", high=600, above=True)
    table.close()
    return Route(name, strategy, ways, boundary, None if ttft is None else float(ttft))


def known_targets(table: Table, key: str, targets: Sequence[Target]) -> tuple[str, ...] | None:
    """A list of target names, each of which must be configured."""
    names = table.names(key)
    known = [target.name for target in targets]
    for name in names or ():
        if name not in known:
            table.wrong(key, f"names an unknown target %{nearest(name, known)}", name)
    return names

"""`[routes]`: which targets serve what clients ask for, in which shares."""

from collections.abc import Sequence

from costtui.config.cascade import read_cascade
from costtui.config.model import PromptCache, Route, Target
from costtui.config.rules import read_rules
from costtui.config.table import Table, nearest

STRATEGIES = ("idle-first", "cheapest", "weighted", "pinned", "cascade")
LARGEST_SHARE = 1_000_000
QUALITY = 100
"""Of answers, by whatever test the user trusts; nothing is better."""
OPERATIONS = {
    "chat": ("openai", "anthropic"),
    "messages": ("openai", "anthropic"),
    "completions": ("openai",),
    "embeddings": ("openai",),
    "responses": ("openai",),
}
"""What a route can be said to serve, and the dialects of targets that can: chat and messages are translated into each
other, nothing else is."""
PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages"}


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
    _keep_quality(table, ways, targets)
    ttft = table.number("ttft_seconds", high=600, above=True)
    tpot = table.number("tpot_ms", high=60_000, above=True)
    rules = read_rules(table, ways)
    weights = _weights(table, strategy, ways)
    serves = _serves(table, ways, targets)
    cache = _cache(table)
    cascade = read_cascade(table, strategy, ways, targets)
    table.close()
    return Route(
        name=name,
        strategy=strategy,
        targets=ways,
        boundary=boundary,
        ttft_seconds=None if ttft is None else float(ttft),
        weights=weights,
        cache=cache,
        serves=serves,
        tpot_ms=None if tpot is None else float(tpot),
        cascade=cascade,
        rules=rules,
    )


def _keep_quality(table: Table, ways: Sequence[str], targets: Sequence[Target]) -> None:
    """No target whose quality is known may be below the route's floor."""
    floor = table.number("quality", high=QUALITY)
    known = {target.name: target.quality for target in targets}
    for way in ways:
        quality = known.get(way)
        if floor is not None and quality is not None and quality < floor:
            table.wrong("targets", f"names {way}, whose quality of {quality} is below the route's {floor}")


def _weights(table: Table, strategy: str, ways: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Whole shares of the route's own targets; one that is left out or has 0 is a fallback only."""
    inner = table.table("weights")
    given = [(name, _share(inner, name)) for name in inner.names_given()]
    for name, _ in given:
        if name not in ways:
            inner.wrong(name, f"is no target of this route{nearest(name, ways)}")
    if strategy != "weighted":
        if "weights" in table:
            table.wrong("weights", 'belongs to strategy = "weighted"')
        return ()
    if "weights" not in table:
        table.wrong(None, f"weighted needs `weights = {{ {', '.join(f'{way} = 50' for way in ways[:2])} }}`")
    elif all(share == 0 for _, share in given):
        table.wrong("weights", "gives no target a share above 0")
    return tuple((name, share or 0) for name, share in given)


def _share(table: Table, name: str) -> int | None:
    """None for what is no share, which is then noted."""
    value = table.number(name, high=LARGEST_SHARE)
    if value is not None and value != int(value):
        table.wrong(name, "must be a whole number, not %", value)
        return None
    return None if value is None else int(value)


def _serves(table: Table, ways: Sequence[str], targets: Sequence[Target]) -> tuple[str, ...]:
    serves = table.names("serves") or ()
    dialects = {target.name: target.dialect for target in targets}
    for operation in serves:
        if operation not in OPERATIONS:
            table.wrong("serves", f"must be one of the known words, not %{nearest(operation, OPERATIONS)}", operation)
            continue
        for way in ways:
            if dialects.get(way, "both") not in (*OPERATIONS[operation], "both"):
                path = PATHS.get(operation, f"/v1/{operation}")
                table.wrong("serves", f"target {way} does not speak {path}, and nothing translates it")
    return serves


def _cache(table: Table) -> PromptCache | None:
    inner = table.table("cache")
    usual = PromptCache()
    ttl_seconds = inner.duration_seconds("ttl") or usual.ttl_seconds
    most = inner.number("max_mib", low=1, high=65_536)
    answer = inner.number("max_answer_mib", high=1024, above=True)
    inner.close()
    if not isinstance(table.take("cache"), dict):
        return None
    return PromptCache(
        ttl_seconds,
        usual.max_bytes if most is None else int(most * 2**20),
        usual.max_answer_bytes if answer is None else int(answer * 2**20),
    )


def known_targets(table: Table, key: str, targets: Sequence[Target]) -> tuple[str, ...] | None:
    """A list of target names, each of which must be configured."""
    names = table.names(key)
    known = [target.name for target in targets]
    for name in names or ():
        if name not in known:
            table.wrong(key, f"names an unknown target %{nearest(name, known)}", name)
    return names

"""Configurations, edits and requests by chance, and what a request may reach: read off the configuration in the
plainest way, so that nothing of what is tested takes part in the verdict."""

from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import NamedTuple

from costtui.config.model import Config, PromptCache, Route, Target, WhileOn
from costtui.domain.ability import ABLE, Abilities
from costtui.domain.budget import AtLimit, Budget, Scope, ScopeKind
from costtui.domain.cascade import CascadeTerms
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.domain.rule import Rule
from costtui.domain.window import Window
from costtui.policy.steer import CASCADE
from costtui.rates.prices import PriceBook

NAMES = ("a", "b", "c", "d", "e", "f", "g")
TAGS = ("", "batch", "gold")
CLASSES = ("", "confidential", "public")
KEYS = ("team-a", "team-b")
STRATEGIES = ("idle-first", "cheapest", "weighted", "pinned", "cascade")
PRICES = PriceBook(
    models={},
    targets={
        name: (TokenPrice("openai", f"m-{name}", Decimal(place), Decimal(4 * place)),)
        for place, name in enumerate(NAMES[:5], 1)
    },
    unpriced={},
    hash="h",
    compiled_ms=0,
    catalogue="",
    reasons={},
    held=(),
    inputs="",
)
"""Two of the targets have none."""


class Asking(NamedTuple):
    """A request as its caller writes it."""

    model: str
    path: str
    key: str
    tag: str
    data_class: str
    stream: bool
    tools: bool


def allowed(config: Config, asking: Asking, hour: int) -> frozenset[str]:
    """Targets that the request may ever reach: its route's, within the boundary and the first rule that is about it.
    Whoever names a target, or its model, reaches that one, unless a route has its name."""
    known = {each.name for each in config.routes} | {each.name for each in config.targets}
    models = {each.model: each.name for each in config.targets}
    name = asking.model if asking.model in known else models.get(asking.model)
    route = next((each for each in config.routes if each.name == name), None)
    if route is None:
        return frozenset(each.name for each in config.targets if each.name == name)
    names = set(route.targets)
    if route.boundary is not None:
        names &= set(route.boundary)
    for rule in route.rules:
        if _is_about(rule, asking, hour):
            return frozenset(names & rule.targets)
    return frozenset(names)


def _is_about(rule: Rule, asking: Asking, hour: int) -> bool:
    if rule.hours is not None:
        begin, end = rule.hours
        if hour not in ([*range(begin, end)] if begin <= end else [*range(begin, 24), *range(end)]):
            return False
    stated = ((rule.key_id, asking.key), (rule.tag, asking.tag), (rule.data_class, asking.data_class))
    return all(not wanted or wanted == given for wanted, given in stated)


def random_asking(dice: Random, config: Config) -> Asking:
    """By one of the configuration's routes four times of five."""
    routes = [route.name for route in config.routes]
    targets = [target.name for target in config.targets]
    model = dice.choice(routes if dice.random() < 0.8 else [*targets, *(f"m-{name}" for name in targets)])
    path = dice.choice(("/v1/chat/completions", "/v1/chat/completions", "/v1/messages", "/v1/responses"))
    stream, tools = dice.random() < 0.4, dice.random() < 0.2
    return Asking(model, path, dice.choice(KEYS), dice.choice(TAGS), dice.choice(CLASSES), stream, tools)


def random_config(dice: Random) -> Config:
    """One to three routes over all targets, with boundaries, rules and budgets."""
    targets = tuple(_target(dice, name, place) for place, name in enumerate(NAMES))
    names = dice.sample(("legal", "chat", "c", "code"), dice.randint(1, 3))
    routes = tuple(_route(dice, name) for name in names)
    budgets = tuple(_budget(dice, f"budget-{number}", routes) for number in range(max(0, dice.randint(-1, 2))))
    return Config(targets=targets, routes=routes, budgets=budgets)


def _target(dice: Random, name: str, place: int) -> Target:
    target = Target(
        name,
        url=f"http://10.0.0.{place + 1}:80/v1",
        model=f"m-{name}",
        dialect=dice.choice(("openai", "both", "both", "anthropic")),
        local=dice.random() < 0.5,
        proxy=f"http://10.9.9.{place + 1}:3128" if dice.random() < 0.1 else None,
        abilities=Abilities(context_window=dice.choice((None, 50)), tools=False) if dice.random() < 0.2 else ABLE,
    )
    if dice.random() < 0.5:
        return replace(target, engine="vllm", streams=dice.choice((None, 1)))
    paid = WhileOn(Decimal(4), 60, 60) if dice.random() < 0.2 else None
    return replace(target, provider="openai", while_on=paid, endpoint="acme/x" if paid else None)


def _route(dice: Random, name: str) -> Route:
    strategy = dice.choice(STRATEGIES)
    targets = tuple(dice.sample(NAMES, dice.randint(1, 5)))
    boundary = tuple(dice.sample(NAMES, dice.choice((0, 1, 3, 4, 5, 6)))) if dice.random() < 0.7 else None
    return Route(
        name=name,
        strategy=strategy,
        targets=targets,
        boundary=boundary,
        ttft_seconds=dice.choice((None, 0.001, 2.0)),
        weights=tuple((each, dice.randint(0, 3)) for each in targets) if strategy == "weighted" else (),
        cache=PromptCache() if dice.random() < 0.1 else None,
        cascade=CascadeTerms() if strategy == CASCADE else None,
        rules=tuple(_rule(dice, targets) for _ in range(max(0, dice.randint(-1, 2)))),
    )


def _rule(dice: Random, targets: tuple[str, ...]) -> Rule:
    return Rule(
        frozenset(dice.sample(targets, dice.randint(1, len(targets)))),
        key_id=dice.choice(("", "", dice.choice(KEYS))),
        tag=dice.choice(("", dice.choice(TAGS))),
        data_class=dice.choice(("", "confidential")),
        hours=dice.choice((None, None, (22, 6), (6, 22))),
    )


def _budget(dice: Random, name: str, routes: tuple[Route, ...]) -> Budget:
    at_limit = dice.choice((AtLimit.DOWNGRADE, AtLimit.SELF_HOSTED_ONLY, AtLimit.BLOCK))
    scope = dice.choice((Scope(), Scope(ScopeKind.ROUTE, dice.choice(routes).name)))
    return Budget(
        name,
        ("api",),
        dice.choice((Window("day"), Window("rolling", 3_600_000), Window("prepaid"))),
        NanoUsd(dice.choice((1, 4_000_000, 40_000_000))),
        at_limit,
        scope,
        downgrade=tuple(_other(dice, each) for each in NAMES) if at_limit is AtLimit.DOWNGRADE else (),
        unbounded="bound",
        unpriced="allow",
        shadow=dice.random() < 0.1,
    )


def _other(dice: Random, name: str) -> tuple[str, str]:
    return name, dice.choice([each for each in NAMES if each != name])


def edited(dice: Random, config: Config) -> Config:
    """As somebody edits it while it is in force: a boundary is tightened, a rule or a target goes, or all is new."""
    routes = list(config.routes)
    place = dice.randrange(len(routes))
    route = routes[place]
    match dice.randrange(5):
        case 0:
            kept = dice.sample(route.targets, dice.randint(0, len(route.targets)))
            routes[place] = replace(route, boundary=tuple(kept))
        case 1:
            routes[place] = replace(route, rules=tuple(_rule(dice, route.targets) for _ in range(2)))
        case 2 if len(routes) > 1:
            del routes[place]
        case 3:
            return _without(dice, config)
        case _:
            return random_config(dice)
    known = {each.name for each in routes}
    budgets = tuple(each for each in config.budgets if each.scope.kind is ScopeKind.ALL or each.scope.name in known)
    return replace(config, routes=tuple(routes), budgets=budgets)


def _without(dice: Random, config: Config) -> Config:
    """One target is configured no more; every route keeps at least one."""
    gone = dice.choice(config.targets).name
    routes = []
    for route in config.routes:
        left = tuple(name for name in route.targets if name != gone)
        if not left:
            return config
        rules = tuple(replace(rule, targets=rule.targets - {gone}) for rule in route.rules)
        weights = tuple(each for each in route.weights if each[0] != gone)
        routes.append(replace(route, targets=left, rules=rules, weights=weights))
    targets = tuple(target for target in config.targets if target.name != gone)
    return replace(config, targets=targets, routes=tuple(routes))

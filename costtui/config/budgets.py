"""`[budgets]`: limits, whose spending they count, over what time, and what happens when they are reached."""

import re
from collections.abc import Sequence

from costtui.config.model import Route, Target
from costtui.config.table import Table, nearest
from costtui.domain.budget import EVERYTHING, STAGES, AtLimit, Budget, Scope, ScopeKind
from costtui.domain.money import NanoUsd, nano_from_usd
from costtui.domain.window import CALENDAR, DAYS, Window

COVERS = ("gpu", "power", "api")
AT_LIMIT = tuple(each.value for each in AtLimit)
SCOPES = (ScopeKind.ROUTE, ScopeKind.KEY, ScopeKind.PROVIDER, ScopeKind.MODEL, ScopeKind.TAG)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ROLLING = re.compile(r"rolling ([1-9][0-9]{0,3})([mhd])")
_TAG = re.compile(r"(?=.{1,64}$)[A-Za-z0-9._-]+(=[A-Za-z0-9._@-]+)?")
"""A word, or one pair as callers send it: the gateway compares the whole header."""
TAG_RULE = (
    'must be one word such as "batch" or one pair such as "team=search", up to 64 letters, digits, dots, dashes and'
    " underscores, not %"
)
_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
ROLLING_MS = 366 * 86_400_000
"""No rolling window is longer."""


def read_budgets(table: Table, targets: Sequence[Target], routes: Sequence[Route]) -> tuple[Budget, ...]:
    """Every budget."""
    return tuple(_budget(name, inner, targets, routes) for name, inner in table.named_tables())


def _budget(name: str, table: Table, targets: Sequence[Target], routes: Sequence[Route]) -> Budget:
    table.require("covers", "window", "limit_usd")
    covers = table.names("covers") or ()
    for part in covers:
        if part not in COVERS:
            table.wrong("covers", f"cannot cover %{nearest(part, COVERS)}", part)
    scope = _scope(table, covers, targets, routes)
    at_limit = AtLimit(table.choice("at_limit", AT_LIMIT, "warn"))
    limit = table.number("limit_usd", above=True)
    downgrade = _downgrade(table.table("downgrade"), targets)
    if bool(downgrade) != (at_limit is AtLimit.DOWNGRADE) and "at_limit" in table:
        table.wrong("at_limit", '"downgrade" and a table `downgrade = { from = "to" }` belong together')
    if at_limit is not AtLimit.WARN and "api" not in covers:
        table.wrong("at_limit", 'must be "warn" for what cannot be refused: rent and power are owed')
    budget = Budget(
        name=name,
        covers=covers,
        window=_window(table),
        limit=NanoUsd(0) if limit is None else nano_from_usd(limit),
        at_limit=at_limit,
        scope=scope,
        downgrade=downgrade,
        stages=_stages(table),
        shadow=table.flag("shadow"),
        unbounded=table.choice("unbounded", ("refuse", "bound"), "refuse"),
        unpriced=table.choice("unpriced", ("refuse", "allow"), "refuse"),
    )
    table.close()
    return budget


def _scope(table: Table, covers: Sequence[str], targets: Sequence[Target], routes: Sequence[Route]) -> Scope:
    """At most one of `route`, `key`, `provider`, `model`, `tag`. Keys are named elsewhere and not checked here."""
    named = [(kind, name) for kind in SCOPES if (name := table.text(kind.value)) is not None]
    known: dict[ScopeKind, list[str]] = {
        ScopeKind.ROUTE: [route.name for route in routes],
        ScopeKind.PROVIDER: [target.provider for target in targets if target.provider],
        ScopeKind.MODEL: [target.model for target in targets if target.model],
    }
    for kind, name in named:
        if kind in known and name not in known[kind]:
            table.wrong(kind.value, f"is not configured: %{nearest(name, known[kind])}", name)
        if kind is ScopeKind.TAG and not _TAG.fullmatch(name):
            table.wrong("tag", TAG_RULE, name)
    if len(named) > 1:
        table.wrong(named[1][0].value, f"cannot stand beside `{named[0][0].value}`: a budget has one scope")
    if named and tuple(covers) != ("api",):
        table.wrong(
            "covers", f'must be ["api"] for a budget of one {named[0][0].value}: rent and power belong to no one'
        )
    return Scope(*named[0]) if named else EVERYTHING


def _window(table: Table) -> Window:
    text = table.text("window") or "month"
    rolling = _ROLLING.fullmatch(text)
    kind = "rolling" if rolling else text
    if kind not in (*CALENDAR, "prepaid", "rolling"):
        table.wrong("window", f'must be one of {", ".join(CALENDAR)}, "rolling 24h" or "prepaid", not %', text)
        kind = "month"
    length_ms = int(rolling[1]) * _UNIT_MS[rolling[2]] if rolling else 0
    if length_ms > ROLLING_MS:
        table.wrong("window", "cannot be longer than a year: %", text)
    from_ms = table.moment_ms("from")
    if (from_ms is not None) != (kind == "prepaid"):
        table.wrong("from", 'and window = "prepaid" belong together: the day from which the sum counts')
    hour = _reset_hour(table, kind)
    start = table.choice("week_start", WEEKDAYS, "monday")
    if "week_start" in table and kind != "week":
        table.wrong("week_start", "is for a window of a week")
    return Window(kind, length_ms, from_ms or 0, table.timezone("timezone"), hour, WEEKDAYS.index(start))


def _reset_hour(table: Table, kind: str) -> int:
    hour = table.number("reset_hour", low=0, high=23)
    if hour is None:
        return 0
    if hour != int(hour) or kind not in DAYS:
        table.wrong("reset_hour", "is a whole hour, for windows of a day or longer")
    return int(hour)


def _stages(table: Table) -> tuple[int, ...]:
    given = table.take("stages")
    if given is None:
        return STAGES
    numbers = [each for each in given if type(each) is int and 1 <= each <= 100] if isinstance(given, list) else []
    if not numbers or numbers != given or numbers != sorted(set(numbers)):
        table.wrong("stages", "must be ascending whole percentages from 1 to 100, such as [50, 80, 100]")
        return STAGES
    return tuple(numbers)


def _downgrade(table: Table, targets: Sequence[Target]) -> tuple[tuple[str, str], ...]:
    known = [target.name for target in targets]
    pairs = []
    for source in table.names_given():
        to = table.text(source)
        if source not in known:
            table.wrong(source, f"is not a target{nearest(source, known)}")
        if to is not None and to not in known:
            table.wrong(source, f"leads to an unknown target %{nearest(to, known)}", to)
        pairs.append((source, to or ""))
    return tuple(pairs)

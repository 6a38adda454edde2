"""When each budget is gone by the shape of the week, beside what the agent says of the present burn.

Two questions and two answers: a burn of the last hour warns of a loop that runs now, the week's shape plans ahead.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from costtui.analysis.forecast import Exhaustion, Leg, exhaustion, shape_of
from costtui.domain.budget import Budget, ScopeKind
from costtui.domain.calendar import day_of, local
from costtui.domain.clean import clean
from costtui.domain.money import NANO_PER_USD, nano_from_usd
from costtui.domain.window import DAYS
from costtui.report.budgets import BudgetStanding
from costtui.report.forecast import History, Mine
from costtui.report.schema import Status

AHEAD_MS = 367 * 86_400_000
"""A prepaid sum has no end: how far ahead its end is looked for."""
NO_AGENT = "no agent says what was used of it"
NOT_KNOWN = "nothing of what it covers is known"
NO_WEEK = "its window is shorter than a day or moves on: only the present burn tells"
NO_API = "rent and power alone go on as they are: see the present burn"
NOT_BY_WEEK = (NO_WEEK, NO_API)
NO_SHAPE = "less than two weeks of its spend were metered"
NO_RATE = "what GPUs cost an hour is not known"


class BudgetOutlook(NamedTuple):
    """One budget."""

    budget: Budget
    standing: BudgetStanding | None
    """With what the agent says of the present burn; None where no agent runs."""
    by_week: Exhaustion | None
    """None: `reason` says why."""
    reason: str
    sooner: bool
    """Part of its spend is not known or not in the week's shape: it is gone at the latest then."""

    @property
    def over(self) -> bool:
        """Gone already."""
        return self.standing is not None and self.standing.state == "over"


def kinds_of(budgets: Sequence[Budget]) -> tuple[ScopeKind, ...]:
    """What the history has to be asked by."""
    return tuple(dict.fromkeys(each.scope.kind for each in budgets if each.scope.kind is not ScopeKind.ALL))


def budget_outlooks(
    budgets: Sequence[Budget], picture: Status | None, past: History, keys: Mapping[str, str], zone: ZoneInfo
) -> tuple[BudgetOutlook, ...]:
    """Each budget of the configuration. `picture` is the running agent's; `keys` are gateway keys' names by id."""
    return tuple(_outlook(each, picture, past, _whose(each, past, keys), zone) for each in budgets)


def _outlook(budget: Budget, picture: Status | None, past: History, mine: Mine, zone: ZoneInfo) -> BudgetOutlook:
    found = next((each for each in picture.budgets if each.name == clean(budget.name)), None) if picture else None
    if picture is None or found is None:
        return BudgetOutlook(budget, None, None, NO_AGENT, False)
    sooner = bool(found.unknown or past.unpriced(mine) or _billed(picture))
    ahead, reason = (None, "") if found.state == "over" else _ahead(budget, found, picture, past, mine, zone)
    return BudgetOutlook(budget, found, ahead, reason, sooner)


def _ahead(
    budget: Budget, found: BudgetStanding, picture: Status, past: History, mine: Mine, zone: ZoneInfo
) -> tuple[Exhaustion | None, str]:
    """When what is left is gone, or why nobody knows."""
    if found.used_usd is None:
        return None, NOT_KNOWN
    if budget.window.kind not in DAYS and budget.window.kind != "prepaid":
        return None, NO_WEEK
    if "api" not in budget.covers:
        return None, NO_API
    steady = _steady(budget.covers, picture)
    if steady is None:
        return None, NO_RATE
    shape = shape_of(past.daily(mine))
    if shape is None:
        return None, NO_SHAPE
    now_ms = int(datetime.fromisoformat(picture.at).timestamp() * 1_000)
    ends_ms = budget.window.span(now_ms, zone)[1] or now_ms + AHEAD_MS
    left = nano_from_usd(found.limit_usd - found.used_usd)
    return exhaustion(left, shape, tuple(legs(now_ms, ends_ms, zone)), steady), ""


def legs(now_ms: int, ends_ms: int, zone: ZoneInfo) -> Iterator[Leg]:
    """Local days from now until `ends_ms`."""
    while now_ms < ends_ms:
        begins_ms, following_ms = day_of(now_ms, zone)
        weekday = local(now_ms, zone).weekday()
        yield Leg(now_ms, min(following_ms, ends_ms), weekday, following_ms - begins_ms)
        now_ms = following_ms


def _steady(covers: Sequence[str], picture: Status) -> Decimal | None:
    """Nano-USD an hour of rent and power, as now."""
    burns = {"gpu": picture.burn.gpu_usd_per_hour, "power": picture.burn.power_usd_per_hour}
    known = [burns[part] for part in covers if part in burns]
    if None in known:
        return None
    return sum((burn for burn in known if burn is not None), Decimal(0)) * NANO_PER_USD


def _billed(picture: Status) -> bool:
    return picture.api is not None and any(each.provenance == "billed" for each in picture.api.providers)


def _whose(budget: Budget, past: History, keys: Mapping[str, str]) -> Mine:
    kind, name = budget.scope
    if kind is ScopeKind.ALL:
        return lambda _: True
    if kind is not ScopeKind.KEY:
        return past.whose(kind, name)
    owned = [past.whose(kind, key_id) for key_id, known in keys.items() if known == name]
    return lambda row: any(own(row) for own in owned)

"""What each route saved today against sending all of it to one of its APIs, at that API's list price."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from costtui.config.model import Config
from costtui.domain.calendar import day_of
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.report.metered import Ledger, apis
from costtui.report.sized import cost_of, load_of
from costtui.store.ledger.rows import SpendRow


class Saving(NamedTuple):
    """Of one route against one of its API targets. Both are None where a price or what was spent is not known."""

    all_there_nano: NanoUsd | None
    """What today's tokens would have cost there, cached input at the cached rate; an estimate: tiers by the size of a
    request and other models' token counts are not in it."""
    saved_nano: NanoUsd | None
    """Less what the route's APIs did cost. Rent is owed anyway, and the extra power of own GPUs is not in it."""


Savings = Mapping[tuple[str, str], Saving]
"""By route and API target."""


def savings(
    ledger: Ledger, config: Config, price_of: Callable[[str], TokenPrice | None], now_ms: int, zone: ZoneInfo
) -> Savings:
    """Of today so far, for each configured route that carried anything."""
    rows = ledger.spend(day_of(now_ms, zone)[0], now_ms + 1, ("route", "target"))
    hosted = {target.name for target in config.engines}
    found = {}
    for route in config.routes:
        mine = [row for row in rows if row.labels[0] == route.name]
        for target in route.targets if mine else ():
            if target not in hosted:
                found[route.name, target] = saving(mine, price_of(target))
    return found


def saving(rows: Sequence[SpendRow], price: TokenPrice | None) -> Saving:
    """Of one route's sums against one price."""
    load = load_of(rows)
    there = None if price is None else cost_of(load._replace(requests=max(load.requests, 1)), price)
    if there is None:
        return Saving(None, None)
    paid = apis(rows)
    if any(row.unpriced or row.nano is None for row in paid):
        return Saving(there, None)
    return Saving(there, NanoUsd(there - sum(row.nano or 0 for row in paid)))

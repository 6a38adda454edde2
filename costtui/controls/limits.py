"""What another limit does to a budget: how full it is then, and when it runs out at the present pace."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from costtui.controls.outlook import Standing


class LimitEffect(NamedTuple):
    """One budget before and after a change of its limit. None: it cannot be said."""

    name: str
    limit_usd: Decimal
    new_limit_usd: Decimal
    used_usd: Decimal | None
    runs_out_ms: int | None
    """None: not within its window."""
    new_runs_out_ms: int | None
    known: bool
    """Whether there is a pace to tell by."""

    def percent(self, limit_usd: Decimal) -> Decimal | None:
        """How full it is."""
        return None if self.used_usd is None or limit_usd <= 0 else self.used_usd * 100 / limit_usd


def limit_effect(
    standings: Sequence[Standing], name: str, limit_usd: Decimal, new_limit_usd: Decimal, now_ms: int
) -> LimitEffect:
    """From the agent's picture; without one only the limits are known. `limit_usd` is the limit in force."""
    found = next((each for each in standings if each.name == name), None)
    if found is None or found.used_usd is None:
        return LimitEffect(name, limit_usd, new_limit_usd, None, None, None, known=False)
    used, ends_ms = found.used_usd, _ms(found.resets_at)
    if ends_ms is None or ends_ms <= now_ms or found.projected_usd is None:
        return LimitEffect(name, limit_usd, new_limit_usd, used, None, None, known=False)
    per_ms = (found.projected_usd - used) / (ends_ms - now_ms)
    before, after = (_runs_out(used, each, per_ms, now_ms, ends_ms) for each in (limit_usd, new_limit_usd))
    return LimitEffect(name, limit_usd, new_limit_usd, used, before, after, known=True)


def _runs_out(used: Decimal, limit: Decimal, per_ms: Decimal, now_ms: int, ends_ms: int) -> int | None:
    if used >= limit:
        return now_ms
    if per_ms <= 0:
        return None
    at_ms = now_ms + int((limit - used) / per_ms)
    return at_ms if at_ms < ends_ms else None


def _ms(text: str) -> int | None:
    try:
        return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
    except ValueError:
        return None

"""Routes as the picture shows them: what is in force, and what the last minutes carried."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.config.model import Config, Route
from costtui.domain.clean import clean
from costtui.domain.control import Revision
from costtui.domain.money import MS_PER_HOUR
from costtui.policy.plan import RoutePlan, plans
from costtui.report import schema
from costtui.report.metered import apis, known_usd, per_million
from costtui.report.money import iso, nine
from costtui.store.ledger.rows import LatencyRow, SpendRow


@dataclass(frozen=True, slots=True)
class Pace:
    """The last minutes: sums by route, target and provider, and the time to the first byte by route."""

    rows: tuple[SpendRow, ...]
    latencies: tuple[LatencyRow, ...]
    span_ms: int

    def usd_per_hour(self, rows: Sequence[SpendRow]) -> Decimal | None:
        """What `rows` cost an hour at this pace."""
        known = known_usd(rows)
        return None if known is None else nine(known * MS_PER_HOUR / self.span_ms)


def routes(config: Config, made: Sequence[Revision], now_ms: int, pace: Pace) -> tuple[schema.Route, ...]:
    """Configured routes in their order, then targets that clients asked for by their own names."""
    planned = plans(config, made, now_ms).plans
    names = {route.name for route in config.routes}
    asked = [name for name in dict.fromkeys(row.labels[0] for row in pace.rows) if name not in names]
    direct = [Route(name, "direct", (name,)) for name in asked if name in planned]
    hosted = {target.name for target in config.engines}
    return tuple(_route(route, planned[route.name], hosted, pace) for route in (*config.routes, *direct))


def _route(route: Route, plan: RoutePlan, hosted: set[str], pace: Pace) -> schema.Route:
    rows = [row for row in pace.rows if row.labels[0] == route.name]
    latency = next((row for row in pace.latencies if row.labels[0] == route.name), None)
    by_hand, paid = plan.overridden_by, apis(rows)
    return schema.Route(
        name=clean(route.name),
        strategy=clean(route.strategy),
        targets=tuple(clean(target) for target in route.targets),
        in_force=clean(plan.strategy),
        shares=tuple(_share(name, plan, rows, name in hosted) for name in _reached(route, rows)),
        drained=tuple(clean(name) for name in plan.drained),
        boundary=None if route.boundary is None else tuple(clean(name) for name in route.boundary),
        overridden_by=None if by_hand is None else clean(by_hand.actor),
        overridden_until=iso(plan.overridden_until_ms),
        override_reason="" if by_hand is None else clean(by_hand.reason),
        requests=sum(row.requests for row in rows),
        api_usd_per_hour=pace.usd_per_hour(paid),
        api_usd_per_million_tokens=per_million(paid),
        ttft_p50_seconds=None if latency is None else latency.p50_ms / 1000,
        ttft_p95_seconds=None if latency is None else latency.p95_ms / 1000,
    )


def _reached(route: Route, rows: Sequence[SpendRow]) -> tuple[str, ...]:
    """Its targets, and those that it had a moment ago."""
    return tuple(dict.fromkeys((*route.targets, *(row.labels[1] for row in rows))))


def _share(name: str, plan: RoutePlan, rows: Sequence[SpendRow], hosted: bool) -> schema.Share:
    mine = [row for row in rows if row.labels[1] == name]
    served = sum(row.attempts - row.failed for row in mine)
    whole = sum(row.attempts - row.failed for row in rows)
    weights = dict(zip(plan.targets, plan.shares, strict=True))
    return schema.Share(
        target=clean(name),
        self_hosted=hosted,
        planned_ratio=weights[name] / sum(weights.values()) if name in weights and any(weights.values()) else None,
        measured_ratio=served / whole if whole else None,
        requests=sum(row.requests for row in mine),
        failed=sum(row.failed for row in mine),
        usd_per_million_tokens=per_million(mine),
    )

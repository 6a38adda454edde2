"""Load balancers in the picture: what they do, what they were told, and how old that is."""

import msgspec

from costtui.domain.balancer import AckState, Order
from costtui.domain.clean import clean
from costtui.report.money import iso
from costtui.report.observation import BalancerNow


class BalancerServer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One server of a backend, in the balancer's own words."""

    target: str
    server: str
    weight: int | None
    """In force; null where the server was never read."""
    configured_weight: int | None
    """In the balancer's own configuration."""
    asked_weight: int | None
    """By hand; null: the configured one."""
    drained: bool | None
    maintenance: bool | None
    status: str
    sessions: int | None
    """Running now."""
    served: int | None
    """Since the balancer started."""


class Balancer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A backend that follows a route's changes by hand.

    `state`: `configured` (nothing by hand), `applied` (read back as asked), `asked` (about to be told), `refused`,
    `changed` (by somebody else; left until the next change by hand), `away`, `unknown` (not read yet).
    """

    name: str
    route: str
    backend: str
    state: str
    reason: str
    """Why it is refused, changed or away, or why a change by hand asks nothing of it."""
    asked_revision: int | None
    """The newest change by hand that concerns it; null without one."""
    live_revision: int | None
    """The newest that it acknowledged."""
    acked_at: str | None
    read_at: str | None
    age_seconds: float | None
    """Of what is shown of its servers."""
    away_since: str | None
    servers: tuple[BalancerServer, ...]


def balancer(now: BalancerNow, at_ms: int) -> Balancer:
    """One for the picture of `at_ms`."""
    ack = now.ack
    done = ack is not None and ack.state in (AckState.APPLIED, AckState.CHANGED)
    return Balancer(
        name=clean(now.balancer.name),
        route=clean(now.balancer.route),
        backend=clean(now.balancer.backend),
        state=_state(now),
        reason=clean(_reason(now), 400),
        asked_revision=now.asked.revision if now.asked else None,
        live_revision=ack.orders.revision if ack is not None and done else None,
        acked_at=iso(ack.at_ms) if ack is not None and done else None,
        read_at=iso(now.read_ms),
        age_seconds=None if now.read_ms is None else max(at_ms - now.read_ms, 0) / 1000,
        away_since=iso(now.away_since_ms),
        servers=_servers(now),
    )


def _state(now: BalancerNow) -> str:
    if now.away:
        return "away"
    if now.asked is None or now.read_ms is None:
        return "unknown"
    if now.ack is None:
        return "configured"
    if now.ack.orders != now.asked:
        return AckState.ASKED.value
    return "configured" if now.asked.plain and now.ack.state is AckState.APPLIED else now.ack.state.value


def _reason(now: BalancerNow) -> str:
    noted = now.asked.note if now.asked else ""
    return now.away or (now.ack.problem if now.ack else "") or noted


def _servers(now: BalancerNow) -> tuple[BalancerServer, ...]:
    read = {each.server: each for each in now.servers}
    asked = {each.server: each for each in now.asked.servers} if now.asked else {}
    found = []
    for target, server in now.balancer.servers:
        each, order = read.get(server), asked.get(server, Order(server))
        found.append(
            BalancerServer(
                target=clean(target),
                server=clean(server),
                weight=each.weight if each else None,
                configured_weight=each.configured_weight if each else None,
                asked_weight=order.weight,
                drained=each.drained if each else None,
                maintenance=each.maintenance if each else None,
                status=each.status if each else "",
                sessions=each.sessions if each else None,
                served=each.served if each else None,
            )
        )
    return tuple(found)

"""From shares to what each server is to do, from that to commands, and back: what is different from what was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from costtui.domain.balancer import Ack, AckState, Balancer, Order, Orders, Process, ServerNow

LARGEST_WEIGHT = 256
"""HAProxy's."""


def orders(
    balancer: Balancer, shares: Mapping[str, int] | None, drained: Collection[str], revision: int | None
) -> Orders:
    """What the servers are to do: `shares` by target as set by hand, None where nobody did.

    Shares of targets that the backend does not have go elsewhere and change nothing in here. Where none of its servers
    has a share its own weights stay: a backend of which all weights are 0 answers 503, which nobody asked for.
    """
    mine = None if shares is None else {target: shares.get(target, 0) for target, _ in balancer.servers}
    note = ""
    if mine is not None and not any(mine.values()):
        mine, note = None, f"revision {revision} gives none of its servers a share: their own weights hold"
    weights = {} if mine is None else weights_of(mine)
    return Orders(
        revision,
        tuple(Order(server, weights.get(target), target in drained) for target, server in balancer.servers),
        note,
    )


def weights_of(shares: Mapping[str, int]) -> dict[str, int]:
    """Shares as weights from 0 to 256 in the same proportion; a share above 0 never becomes 0."""
    most = max(shares.values(), default=0)
    if most <= LARGEST_WEIGHT:
        return dict(shares)
    return {name: max(round(share * LARGEST_WEIGHT / most), 1) if share else 0 for name, share in shares.items()}


def with_leftovers(asked: Orders, last: Ack | None, servers: Sequence[ServerNow]) -> Orders:
    """With servers that costtui once changed and that [haproxy] names no more: they are to be as configured."""
    named = {order.server for order in asked.servers}
    touched = frozenset() if last is None else last.touched
    left = [each.server for each in servers if each.server in touched and each.server not in named]
    return replace(asked, servers=(*asked.servers, *(Order(server) for server in left)))


def due(asked: Orders, last: Ack | None, process: Process, seen: Process | None) -> bool:
    """Whether the balancer must be told: a new change by hand, one that ended, a restart, or a refusal.

    Not where somebody else changed a server meanwhile. `seen` is the run that answered last.
    """
    if last is None:
        return not asked.plain
    if last.state in (AckState.ASKED, AckState.REFUSED) or last.orders != asked:
        return True
    return not asked.plain and process.restarted_since(seen or last.process)


def commands(balancer: Balancer, asked: Orders, last: Ack | None, servers: Sequence[ServerNow]) -> dict[str, list[str]]:
    """By server, what makes it do as asked; nothing for one that does already.

    Only what costtui set is set back. A server that somebody put into maintenance stays there: draining would end that.
    """
    now = {server.server: server for server in servers}
    weighted, drained = ((), ()) if last is None else (last.weighted, last.drained)
    return {
        order.server: _commands(
            f"{balancer.backend}/{order.server}",
            order,
            now[order.server],
            reset=order.server in weighted,
            ready=order.server in drained,
        )
        for order in asked.servers
        if order.server in now
    }


def _commands(path: str, order: Order, now: ServerNow, *, reset: bool, ready: bool) -> list[str]:
    found = []
    weight = now.configured_weight if order.weight is None and reset else order.weight
    if weight is not None and weight != now.weight:
        found.append(f"set server {path} weight {weight}")
    if order.drained and not (now.drained or now.maintenance):
        found.append(f"set server {path} state drain")
    elif ready and not order.drained and now.drained:
        found.append(f"set server {path} state ready")
    return found


def differences(asked: Orders, servers: Sequence[ServerNow]) -> dict[str, str]:
    """By server, what it does otherwise than asked; where nothing is asked the balancer's configuration counts."""
    now = {server.server: server for server in servers}
    found = {order.server: _difference(order, now.get(order.server)) for order in asked.servers}
    return {server: text for server, text in found.items() if text}


def _difference(order: Order, now: ServerNow | None) -> str:
    if now is None:
        return f"{order.server} is not in the backend"
    weight = now.configured_weight if order.weight is None else order.weight
    found = [] if now.weight == weight else [f"{order.server} has weight {now.weight} instead of {weight}"]
    if now.maintenance:
        found.append(f"{order.server} is in maintenance")
    elif now.drained != order.drained:
        found.append(f"{order.server} is {'drained' if now.drained else 'not drained'}")
    return ", ".join(found)


def asking(balancer: Balancer, asked: Orders, last: Ack | None, process: Process, at_ms: int) -> Ack:
    """What is written down before the balancer is told: what an agent that starts anew may have to set back."""
    before = ((), ()) if last is None else (last.weighted, last.drained)
    weighted, drained = _touched(asked)
    return Ack(
        balancer.name,
        AckState.ASKED,
        at_ms,
        asked,
        process,
        weighted=tuple(dict.fromkeys((*before[0], *weighted))),
        drained=tuple(dict.fromkeys((*before[1], *drained))),
        place=balancer.place,
    )


def acknowledged(asking: Ack, refusal: str, told: Collection[str], servers: Sequence[ServerNow], at_ms: int) -> Ack:
    """What became of it; `told` are the servers that got commands."""
    different = differences(asking.orders, servers)
    missing = [order.server for order in asking.orders.servers if order.server not in {each.server for each in servers}]
    if refusal or any(server in different for server in (*told, *missing)):
        problem = refusal or ", ".join(different.values())
        return replace(asking, state=AckState.REFUSED, at_ms=at_ms, servers=tuple(servers), problem=problem)
    weighted, drained = _touched(asking.orders)
    return replace(
        asking,
        state=AckState.CHANGED if different else AckState.APPLIED,
        at_ms=at_ms,
        servers=tuple(servers),
        problem=", ".join(different.values()),
        weighted=weighted,
        drained=drained,
    )


def compared(last: Ack, servers: Sequence[ServerNow], at_ms: int) -> Ack:
    """`last` itself while what it says still holds, else how it is now."""
    problem = ", ".join(differences(last.orders, servers).values())
    if problem == last.problem:
        return last
    state = AckState.CHANGED if problem else AckState.APPLIED
    return replace(last, state=state, at_ms=at_ms, servers=tuple(servers), problem=problem)


def _touched(asked: Orders) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Servers with a weight of costtui's, and those that it drained."""
    weighted = tuple(order.server for order in asked.servers if order.weight is not None)
    return weighted, tuple(order.server for order in asked.servers if order.drained)

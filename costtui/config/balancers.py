"""`[haproxy]`: load balancers in front of the user's own engines that follow changes by hand, too."""

import re
from collections.abc import Sequence
from pathlib import Path

from costtui.config.model import Route
from costtui.config.table import Table, nearest
from costtui.domain.balancer import Balancer

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
"""What HAProxy allows in the name of a backend or server; a name is sent as part of a command."""
SOCKET_BYTES = 107
"""Longest address of a Unix socket on Linux."""


def read_balancers(table: Table, routes: Sequence[Route]) -> tuple[Balancer, ...]:
    """One per `[haproxy.NAME]`; no server may be driven twice."""
    found = tuple(_balancer(name, inner, routes) for name, inner in table.named_tables())
    seen: set[tuple[Path, str, str]] = set()
    for balancer in found:
        for _, server in balancer.servers:
            driven = (balancer.socket, balancer.backend, server)
            if driven in seen:
                table.wrong(balancer.name, f"drives {balancer.backend}/{server}, which is driven already")
            seen.add(driven)
    return found


def _balancer(name: str, table: Table, routes: Sequence[Route]) -> Balancer:
    table.require("socket", "backend", "route", "servers")
    socket = _socket(table)
    backend = _haproxy_name(table, "backend")
    route = _route(table, routes)
    servers = _servers(table.table("servers"), route)
    table.close()
    return Balancer(name, socket, backend, "" if route is None else route.name, servers)


def _socket(table: Table) -> Path:
    text = table.text("socket") or ""
    if text and not text.startswith("/"):
        table.wrong("socket", "must be the absolute path of a Unix socket, not %", text)
    if len(text.encode()) > SOCKET_BYTES:
        table.wrong("socket", f"is longer than the {SOCKET_BYTES} bytes that a socket's path may have")
    return Path(text)


def _haproxy_name(table: Table, key: str) -> str:
    name = table.text(key) or ""
    if name and not _NAME.fullmatch(name):
        table.wrong(key, "is no name that HAProxy allows (letters, digits and - _ . :): %", name)
    return name


def _route(table: Table, routes: Sequence[Route]) -> Route | None:
    name = table.text("route")
    known = {route.name: route for route in routes}
    if name is not None and name not in known:
        table.wrong("route", f"names an unknown route %{nearest(name, known)}", name)
    return known.get(name or "")


def _servers(table: Table, route: Route | None) -> tuple[tuple[str, str], ...]:
    pairs = tuple((target, _haproxy_name(table, target)) for target in table.names_given())
    for target, _ in pairs:
        if route is not None and target not in route.targets:
            table.wrong(target, f"is no target of route {route.name}{nearest(target, route.targets)}")
    if not pairs:
        table.wrong(None, 'names no server; write { TARGET = "SERVER" }')
    if len({server for _, server in pairs}) != len(pairs):
        table.wrong(None, "gives one server to two targets")
    return pairs

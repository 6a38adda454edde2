"""Local by its address, not by its name: a target that a route must not leave is called where it really is.

A name in the configuration can come to mean another machine: by an edit of DNS, a search domain, a rebinding.
"""

import asyncio
import errno
import socket
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from costtui.config.model import Config

_NETWORKS = tuple(
    map(
        ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
"""Loopback, RFC 1918, RFC 6598 (overlay networks use it) and RFC 4193."""


def confined(config: "Config") -> frozenset[str]:
    """Local targets to which some requests are held: a boundary names them, or a rule about a class of data."""
    bounds = {name for route in config.routes for name in route.boundary or ()}
    rules = {name for route in config.routes for rule in route.rules if rule.data_class for name in rule.targets}
    return frozenset(target.name for target in config.targets if target.local and target.name in bounds | rules)


def is_name(host: str) -> bool:
    """Whether it says where to look, and not where it is."""
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def on_premises(address: str) -> bool:
    """Whether it is an address that is not reached over the Internet."""
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped in network for network in _NETWORKS)


async def look_up(host: str, port: int) -> Sequence[str]:
    """Addresses of the host that are on the premises, in the resolver's order. Raises OSError where it has none: one
    that has both kinds is asked at the inner one."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    inside = [address for address in addresses if on_premises(address)]
    if not inside:
        seen = ", ".join(addresses[:3])
        what = f"{host} leads to {seen}, off the premises; if that is right say `local = false` or name the address"
        raise PermissionError(errno.EACCES, what)
    return inside

"""`[gateway]`: where it listens, for whom, and how much it takes."""

import ipaddress
from collections.abc import Sequence
from decimal import Decimal
from urllib.parse import urlsplit

from costtui.config.model import Gateway, Target
from costtui.config.table import Table

MIB = 2**20


def read_gateway(table: Table) -> Gateway:
    """The whole section, with the usual limits where it says nothing."""
    usual = Gateway()
    listen = table.text("listen") or usual.listen
    clients = table.choice("clients", ("key", "same-uid"), usual.clients)
    _check_listen(table, listen, clients)
    body_mib = _whole(table, "max_body_mib", usual.max_body_bytes // MIB, 1024)
    gateway = Gateway(
        listen=listen,
        clients=clients,
        hosts=_host_names(table),
        origins=_origins(table),
        max_body_bytes=body_mib * MIB,
        max_connections=_whole(table, "max_connections", usual.max_connections, 100_000),
        max_in_flight=_whole(table, "max_in_flight", usual.max_in_flight, 100_000),
        header_seconds=_seconds(table, "header_seconds", usual.header_seconds, 300),
        body_seconds=_seconds(table, "body_seconds", usual.body_seconds, 3600),
        idle_seconds=_seconds(table, "idle_seconds", usual.idle_seconds, 3600),
        drain_seconds=_seconds(table, "drain_seconds", usual.drain_seconds, 3600),
        keep_attempts_days=_whole(table, "keep_attempts_days", usual.keep_attempts_days, 3660),
    )
    table.close()
    return gateway


def refuse_loops(table: Table, targets: Sequence[Target], gateway: Gateway) -> None:
    """Note every target whose address is the gateway's own: a request would go round until nothing is left.

    `table` is that of the targets.
    """
    own_host, _, own_port = gateway.listen.rpartition(":")
    if not own_port.isdecimal():
        return
    for target in targets:
        parts = urlsplit(target.url or "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if target.url is not None and port == int(own_port) and _same_host(parts.hostname or "", own_host, gateway):
            what = f"is the gateway's own address (gateway.listen = {gateway.listen}): %"
            table.table(target.name).wrong("url", what, target.url)


def is_loopback(host: str) -> bool:
    """Whether only this host can connect to an address; False for names other than localhost."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def _same_host(host: str, own: str, gateway: Gateway) -> bool:
    own = own.strip("[]")
    if is_loopback(own):
        return is_loopback(host)
    everywhere = own in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
    return host == own or host in gateway.hosts or (everywhere and is_loopback(host))


def _check_listen(table: Table, listen: str, clients: str) -> None:
    host, colon, port = listen.rpartition(":")
    if not (host and colon and port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536 and _address(host)):
        table.wrong("listen", 'must be an IP address and port such as "127.0.0.1:4100", not %', listen)
    elif clients == "same-uid" and not is_loopback(host):
        table.wrong("clients", '"same-uid" works on loopback alone: who calls from elsewhere needs a key; use "key"')


def _address(host: str) -> bool:
    """An IPv6 address stands in brackets."""
    inside = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return host == "localhost" or (ipaddress.ip_address(inside).version == 6) == (inside != host)
    except ValueError:
        return False


def _host_names(table: Table) -> tuple[str, ...]:
    """Names that a Host header may have beside the listening address, without ports."""
    names = table.names("hosts") or ()
    for name in names:
        if not name.isascii() or not name.strip() or any(sign in name for sign in "/:@* \t\r\n"):
            table.wrong("hosts", 'must be names without port or path, such as "gpu-07", not %', name)
    return names


def _origins(table: Table) -> tuple[str, ...]:
    """Web pages that may call, exactly as a browser names them."""
    origins = table.names("origins") or ()
    for origin in origins:
        scheme, separator, rest = origin.partition("://")
        plain = rest.isascii() and rest.isprintable() and rest and not any(sign in rest for sign in "/@*? ")
        if scheme not in ("http", "https") or not separator or not plain:
            table.wrong("origins", 'must be origins such as "https://chat.example", not %', origin)
    return origins


def _whole(table: Table, key: str, usual: int, high: int) -> int:
    """A whole number of at least 1."""
    value = table.number(key, low=1, high=high)
    if value is not None and value != int(value):
        table.wrong(key, "must be a whole number, not %", value)
    return usual if value is None else int(value)


def _seconds(table: Table, key: str, usual: float, high: int) -> float:
    value = table.number(key, low=Decimal("0.1"), high=high)
    return usual if value is None else float(value)

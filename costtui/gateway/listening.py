"""The socket that clients connect to."""

import ipaddress
import socket

from costtui.errors import ConfigError, CosttuiError

BACKLOG = 1024


def listen(where: str) -> socket.socket:
    """A listening socket on `HOST:PORT`. Raises CosttuiError where the port is taken or the address is not ours."""
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    except ValueError:
        if host != "localhost":
            raise ConfigError((f"gateway.listen: {where!r} must be an IP address and a port",)) from None
        host, family = "127.0.0.1", socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, int(port)))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        why = (error.strerror or "cannot be opened").lower()
        raise CosttuiError(
            f"gateway.listen {where}: {why}; is another gateway running? `costtui gateway status`"
        ) from None
    return listener

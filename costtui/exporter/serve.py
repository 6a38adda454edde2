"""/metrics over HTTP: on loopback, for callers that name it by its own address."""

import ipaddress
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from costtui.errors import CosttuiError, UsageError

SILENT_SECONDS = 5.0
"""A caller that says nothing for so long is left."""
PATHS = ("/metrics", "/metrics/")


def address_of(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`. Raises UsageError."""
    host, colon, port = listen.rpartition(":")
    host = host.strip("[]")
    try:
        family_of(host)
    except ValueError:
        colon = ""
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"exporter: --listen needs an IP address and a port such as 127.0.0.1:9464, not {listen!r}")
    return host, int(port)


def family_of(host: str) -> socket.AddressFamily:
    """Raises ValueError for what is no IP address."""
    return socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET


def is_loopback(host: str) -> bool:
    """Whether only this host can connect."""
    return ipaddress.ip_address(host).is_loopback


def server_for(address: tuple[str, int], facts: Collector) -> ThreadingHTTPServer:
    """A server that listens; `serve_forever` serves. Raises CosttuiError where the port is taken or not ours."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(facts)
    family = family_of(address[0])

    class Server(ThreadingHTTPServer):
        address_family = family
        daemon_threads = True

    try:
        return Server(address, _handler(registry, address[0]))
    except OSError as error:
        why = (error.strerror or "cannot be opened").lower()
        raise CosttuiError(f"exporter: {address[0]}:{address[1]}: {why}; choose another one with --listen") from None


def _handler(registry: CollectorRegistry, host: str) -> type[BaseHTTPRequestHandler]:
    known = _host_check(host)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "costtui"
        sys_version = ""
        timeout = SILENT_SECONDS

        def do_GET(self) -> None:
            names = self.headers.get_all("host") or []
            if len(names) != 1 or not known(names[0]):
                self._say(403, b"the Host header names another host\n")
            elif self.path.partition("?")[0] not in PATHS:
                self._say(404, b"see /metrics\n")
            else:
                encode, kind = choose_encoder(self.headers.get("accept") or "")
                self._say(200, encode(registry), kind)

        def _say(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a scrape every few seconds is no event."""

    return Handler


def _host_check(host: str) -> Callable[[str], bool]:
    """Addresses and this host's own names pass; a name that somebody else's DNS leads here does not."""
    own = {"localhost"} if is_loopback(host) else {"localhost", socket.gethostname().lower()}

    def known(header: str) -> bool:
        try:
            name = (urlsplit(f"//{header}").hostname or "").lower()
            return name in own or bool(ipaddress.ip_address(name))
        except ValueError:
            return False

    return known

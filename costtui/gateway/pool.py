"""Connections to one target, kept alive and used last in, first out; as many as there are requests, no hidden limit."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from costtui.gateway.address import Address
from costtui.gateway.premises import is_name, look_up
from costtui.gateway.upstream import UpstreamConnection

IDLE_SECONDS = 50.0
"""Most servers close after 60 s or more; closing first avoids the race of a request with the server's close."""
PROXY_HEAD_BYTES = 16 * 1024
P = TypeVar("P", bound=asyncio.Protocol)


class Pool:
    """Idle connections of one target."""

    def __init__(self, address: Address, clock: Callable[[], float]) -> None:
        self.address = address
        self._clock = clock
        self._idle: list[UpstreamConnection] = []
        self._closed = False

    def take(self) -> UpstreamConnection | None:
        """The connection that was used last, None where one must be dialled."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.transport.is_closing():
                return connection
        return None

    def give_back(self, connection: UpstreamConnection) -> None:
        """For the next request."""
        if self._closed:
            connection.transport.close()
            return
        connection.idle_since = self._clock()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """It is gone."""
        if connection in self._idle:
            self._idle.remove(connection)

    def sweep(self, now: float) -> None:
        """Close what nobody used for a while; the oldest lie first."""
        while self._idle and now - self._idle[0].idle_since > IDLE_SECONDS:
            self._idle.pop(0).transport.close()

    def close(self) -> None:
        """Close what is idle, and later what comes back."""
        self._closed = True
        while self._idle:
            self._idle.pop().transport.close()

    async def dial(self) -> UpstreamConnection:
        """A new connection, through the target's proxy if it has one, TLS verified. Raises OSError and TimeoutError."""
        address = self.address
        async with asyncio.timeout(address.target.connect_seconds):
            if address.proxy is not None and address.secure:
                return await self._tunnel(address.proxy)
            where = address.proxy or (address.host, address.port)
            return await self._reach(where, lambda: UpstreamConnection(self), secure=address.secure)

    async def _reach(self, where: tuple[str, int], made: Callable[[], P], *, secure: bool) -> P:
        """A connection to a host, at one address after the other where it may not be just anywhere."""
        address, loop, (host, port) = self.address, asyncio.get_running_loop(), where
        options: dict[str, Any] = {"ssl": address.context, "server_hostname": address.host} if secure else {}
        hosts = await look_up(host, port) if address.confined and is_name(host) else (host,)
        for each in hosts[:-1]:
            with contextlib.suppress(OSError):
                return (await loop.create_connection(made, each, port, **options))[1]
        return (await loop.create_connection(made, hosts[-1], port, **options))[1]

    async def _tunnel(self, proxy: tuple[str, int]) -> UpstreamConnection:
        address, loop = self.address, asyncio.get_running_loop()
        where = address.host_header if ":" in address.host_header else f"{address.host_header}:{address.port}"
        opening = await self._reach(proxy, lambda: _Opening(where), secure=False)
        transport = opening.transport
        try:
            await opening.opened
            connection = UpstreamConnection(self)
            secured = await loop.start_tls(transport, connection, address.context, server_hostname=address.host)
        except BaseException:
            transport.abort()
            raise
        if secured is None:
            raise ConnectionResetError("the proxy closed the tunnel")
        connection.connection_made(secured)
        return connection


class _Opening(asyncio.Protocol):
    """CONNECT to a proxy, up to its answer."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.transport: asyncio.Transport
        self._said = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
        self.transport.write(f"CONNECT {self._where} HTTP/1.1\r\nhost: {self._where}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._said += data
        if self.opened.done() or (b"\r\n\r\n" not in self._said and len(self._said) < PROXY_HEAD_BYTES):
            return
        if re.match(rb"HTTP/1\.[01] 200\b", self._said) and self._said.endswith(b"\r\n\r\n"):
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionRefusedError("the proxy refused the tunnel"))

    def connection_lost(self, _: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionResetError("the proxy closed the connection"))

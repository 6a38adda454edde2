"""A whole answer that is too large to be kept: passed on as it comes, its usage read from its end."""

from typing import TYPE_CHECKING

from costtui.domain.attempt import Outcome
from costtui.gateway import answers
from costtui.gateway.upstream import UpstreamConnection

if TYPE_CHECKING:
    from costtui.gateway.exchange import Exchange

TAIL_BYTES = 64 * 1024
"""Kept of it: its usage stands at its end."""


class LargeAnswer:
    """Of one attempt; its head is sent before its cost is known."""

    __slots__ = ("_exchange", "_tail")
    scan = None
    whole = False

    def __init__(self, exchange: "Exchange", connection: UpstreamConnection) -> None:
        self._exchange = exchange
        self._tail = b""
        client = exchange.client
        if client is None:
            return
        length = b"content-length: %d\r\n" % connection.length if connection.length >= 0 else b""
        if not length:
            client.close_after = True  # its end is the end of the connection
        closing = b"connection: close\r\n" if client.close_after else b""
        head = (answers.status_line(connection.status), *connection.headers, exchange.marks(), length, closing, b"\r\n")
        client.transport.write(b"".join(head))

    def arrived(self, connection: UpstreamConnection) -> None:
        """A piece; the last one waits for the ledger."""
        exchange = self._exchange
        data = b"".join(connection.parts)
        connection.parts.clear()
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        exchange.moved()
        if connection.ended:
            found = self._tail.rfind(b'"usage"')
            exchange.read_usage(b"{" + self._tail[found:] if found >= 0 else b"")
            exchange.settle(Outcome.OK if connection.status < 400 else Outcome.REFUSED)
        if exchange.client is not None and data:
            exchange.client.transport.write(data)
        if connection.ended:
            client = exchange.leave()
            if client is not None:
                client.over()
            exchange.release(connection)

    def end_well(self) -> None:
        """Never asked for: only its framing tells that it is whole."""

    def cut(self, _: str) -> None:
        """The client sees that bytes are missing."""
        exchange = self._exchange
        exchange.settle(Outcome.CUT if exchange.client is not None else Outcome.CANCELLED)
        client = exchange.leave()
        if client is not None:
            client.transport.close()

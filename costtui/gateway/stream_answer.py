"""A stream on its way from an upstream to a client: metered as it passes, its last byte after the ledger's."""

from typing import TYPE_CHECKING

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import sse_error
from costtui.dialects.request import Asked
from costtui.dialects.stream import StreamMeter
from costtui.domain.attempt import Outcome
from costtui.gateway import answers
from costtui.gateway.upstream import UpstreamConnection

if TYPE_CHECKING:
    from costtui.dialects.translate import StreamTranslator
    from costtui.gateway.exchange import Exchange

# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us.
OK, CUT, CANCELLED = Outcome.OK, Outcome.CUT, Outcome.CANCELLED
USAGE_ON_DEMAND = frozenset({Operation.CHAT, Operation.COMPLETIONS})
"""Whose streams say what they used only when asked."""


def _translator(asked: Asked, operation: Operation) -> "StreamTranslator":
    from costtui.dialects.translate import StreamTranslator  # the request's translation has loaded it

    return StreamTranslator(asked.operation, operation, asked.model, include_usage=asked.wants_usage)


class StreamAnswer:
    """Of one attempt; from its head on nothing is tried again."""

    __slots__ = ("_exchange", "_translator", "scan")

    def __init__(self, exchange: "Exchange", connection: UpstreamConnection) -> None:
        asked, operation = exchange.asked, exchange.operation
        same = operation is asked.operation
        hide = same and not asked.wants_usage and operation in USAGE_ON_DEMAND
        self._exchange = exchange
        self.scan = StreamMeter(operation, exchange.address.provider, hide_usage=hide)
        self._translator = None if same else _translator(asked, operation)
        self._send_head(connection)

    def _send_head(self, connection: UpstreamConnection) -> None:
        exchange, client = self._exchange, self._exchange.client
        if exchange.recording is not None:
            exchange.kept_headers, exchange.streamed = list(connection.headers), True
        if client is None:
            return
        framing = b"" if exchange.head.old else b"transfer-encoding: chunked\r\n"
        trailer = b"trailer: x-costtui-cost\r\n" if exchange.head.trailers else b""
        closing = b"connection: close\r\n" if client.close_after else b""
        head = (answers.status_line(200), *connection.headers, exchange.marks(), framing, trailer, closing, b"\r\n")
        client.transport.write(b"".join(head))

    def arrived(self, connection: UpstreamConnection) -> None:
        """Pieces of it, on their way at once."""
        parts = connection.parts
        if parts:
            data = parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
            self._exchange.moved()
            out = self.scan.feed(data)
            if self._translator is not None:
                out = self._translator.feed(data)
            if out:
                self._write(out)
        if connection.ended:
            self._end(connection)
        elif self.scan.too_long:
            self._exchange.broke(connection, "a line of its stream is longer than 1 MiB")

    def _end(self, connection: UpstreamConnection) -> None:
        if self.whole:
            self.end_well()
        else:
            self.cut("the stream ended without its end")
        self._exchange.release(connection)

    @property
    def whole(self) -> bool:
        """Whether its own last event has passed: how its connection ends then does not matter."""
        return self.scan.ended and not self.scan.failed

    def end_well(self) -> None:
        """Settle, then the last byte."""
        exchange = self._exchange
        self._write_rest()
        exchange.settle(OK if exchange.client is not None else CANCELLED, self.scan)
        client = exchange.leave()
        if client is None:
            return
        if exchange.head.trailers and not exchange.head.old:
            client.transport.write(b"0\r\nx-costtui-cost: %b\r\n\r\n" % exchange.meter.cost)
        elif not exchange.head.old:
            client.transport.write(answers.LAST_CHUNK)
        client.over()

    def cut(self, reason: str) -> None:
        """The client has seen a part: it is told in the stream, and the connection ends without the answer's end."""
        exchange = self._exchange
        self._write_rest()
        exchange.recording = None
        exchange.settle(CUT if exchange.client is not None else CANCELLED, self.scan)
        client = exchange.leave()
        if client is None:
            return
        data = sse_error(exchange.asked.operation, f"{exchange.address.name}: {reason}", "upstream_cut")
        client.transport.write(data if exchange.head.old else b"%x\r\n%b\r\n" % (len(data), data))
        client.transport.close()

    def _write_rest(self) -> None:
        """What the meter or the translator still holds back at the end."""
        rest = self.scan.end()
        if self._translator is not None:
            rest = self._translator.end()
        if rest:
            self._write(rest)

    def _write(self, data: bytes) -> None:
        exchange = self._exchange
        if exchange.recording is not None:
            exchange.recording.append(data)
        client = exchange.client
        if client is not None:
            client.transport.write(data if exchange.head.old else b"%x\r\n%b\r\n" % (len(data), data))

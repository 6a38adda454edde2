"""The near side: one connection of a client. Requests are taken one at a time and judged before anything of them is
sent on."""

import asyncio
from enum import IntEnum
from typing import TYPE_CHECKING, cast

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal, error_body
from costtui.gateway import answers
from costtui.gateway.framing import HEAD_BYTES
from costtui.gateway.head import Head, HeadReader

if TYPE_CHECKING:
    from costtui.gateway.exchange import Exchange
    from costtui.gateway.relay import Relay

WRITE_BUFFER_BYTES = 128 * 1024
"""Of an answer, held for a client that reads slowly, before its upstream is paused."""
STALL_SECONDS = 300.0
"""A client that takes nothing of its answer for so long is gone."""
REST_SECONDS = 1.0
LINGER_SECONDS = 2.0
"""How long a refused client's unread bytes are still taken, so that it reads the answer instead of a reset."""


class Phase(IntEnum):
    """Where a connection is."""

    IDLE = 0
    HEAD = 1
    BODY = 2
    BUSY = 3
    CLOSING = 4


# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us, ten times a request.
IDLE, HEAD, BODY, BUSY, CLOSING = Phase


class ClientConnection(asyncio.Protocol):
    """Reads one request, waits until its exchange is over, reads the next."""

    transport: asyncio.Transport
    exchange: "Exchange | None" = None
    phase = Phase.IDLE
    paused = False
    uid_allowed = False
    close_after = False
    """Whether the running answer is the last one on this connection."""
    operation: Operation | None = None
    _reader: HeadReader | None = None
    _head: Head
    _head_bytes = 0
    _waits_for = Phase.IDLE
    _wanted = 0
    """Bytes of the body that are still to come, of a request whose head was known."""
    _first = b""
    """The first bytes of a request whose head was not known, to know it the next time."""

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self._parts: list[bytes] = []
        self.deadline = relay.now() + relay.limits.idle_seconds

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accepted."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class
        self.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._relay.joined(self)

    def connection_lost(self, _: Exception | None) -> None:
        """The client left."""
        self.phase = CLOSING
        self._relay.left(self)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.client_left()

    def data_received(self, data: bytes) -> None:
        """More of a request. One whose head was read before is cut out by its length; httptools reads the others."""
        if self.phase is IDLE:
            end = data.find(b"\r\n\r\n") + 4
            head = self._relay.heads.get(data[:end])
            if head is None:
                self._first = data if end > 3 else b""
                self._read(data)
                return
            self._head = head
            self._take_body(data[end:], head.length)
        elif self.phase is BODY and self._wanted:
            self._take_body(data, self._wanted)
        elif self.phase >= BUSY:
            self.close_after = True  # pipelined: what came too early is for a new connection
        else:
            self._read(data)

    def _take_body(self, data: bytes, wanted: int) -> None:
        """The body of a request whose head was known."""
        missing = wanted - len(data)
        if missing > 0:
            self._parts.append(data)
            self._wanted = missing
            self.phase = BODY
            self._wait()
            return
        if missing < 0:
            self.close_after = True
            data = data[:wanted]
        self._wanted = 0
        if self._parts:
            data = b"".join((*self._parts, data))
            self._parts.clear()
        self._begin(self._head, data)

    def _read(self, data: bytes) -> None:
        reader = self._reader
        if reader is None:
            reader = self._reader = HeadReader(self._relay.judging)
        if self.phase is IDLE:
            self.phase = HEAD
        if self.phase is HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and data.find(b"\r\n\r\n", 0, HEAD_BYTES) < 0:
                self.operation = None
                self.refuse(Refusal(431, "the request's head is larger than 32 KiB", "headers_too_large"))
                return
        reader.feed(data)
        if reader.in_body:
            self.phase = BODY
            self.operation = reader.head.operation
        if reader.fault is not None:
            self.refuse(reader.fault)
        elif reader.complete:
            self._have_read(reader)
        else:
            self._wait()
            if reader.head.expects:
                reader.head.expects = False
                self.transport.write(answers.CONTINUE)

    def _have_read(self, reader: HeadReader) -> None:
        head, body = reader.head, reader.body
        if reader.pipelined:
            self.close_after = True
        if self._first and head.lasting:
            self._relay.remember_head(self._first[: self._first.find(b"\r\n\r\n") + 4], head)
        self._first, self._head_bytes = b"", 0
        reader.begin()
        self._begin(head, body[0] if len(body) == 1 else b"".join(body))

    def _wait(self) -> None:
        """More of the request is to come: deadlines are set only now, most requests come in one piece."""
        if self._waits_for is not self.phase:
            self._waits_for, limits = self.phase, self._relay.limits
            seconds = limits.header_seconds if self.phase is HEAD else limits.body_seconds
            self.deadline = self._relay.now() + seconds

    def pause_writing(self) -> None:
        """The client reads more slowly than the upstream writes."""
        self.paused = True
        self.deadline = self._relay.now() + STALL_SECONDS
        if self.exchange is not None:
            self.exchange.client_full(full=True)

    def resume_writing(self) -> None:
        """It has caught up."""
        self.paused = False
        if self.exchange is not None:
            self.exchange.client_full(full=False)

    # the request

    def _begin(self, head: Head, body: bytes) -> None:
        self.phase = BUSY
        self.operation = head.operation
        if head.close or self._relay.draining:
            self.close_after = True
        try:
            self._relay.handle(self, head, body)
        except Refusal as refusal:
            self.answer_refusal(refusal)

    def refuse(self, refusal: Refusal) -> None:
        """Answer before the request is whole, and close."""
        if self.phase < CLOSING:
            self.close_after = True
            self.answer_refusal(refusal)

    def answer_refusal(self, refusal: Refusal, *, request_id: str = "") -> None:
        """An error in the client's own dialect."""
        body = error_body(self.operation, refusal, request_id)
        headers = [answers.JSON]
        if refusal.headers:
            headers.append(refusal.headers)
        elif refusal.status in RETRY_LATER:
            headers.append(RETRY_LATER[refusal.status])
        if request_id:
            headers.append(f"x-costtui-request-id: {request_id}\r\n".encode())
        self._relay.count_refusal(refusal)
        self.answer(refusal.status, headers, body)

    def answer(self, status: int, headers: list[bytes], body: bytes) -> None:
        """A whole answer; the connection is free for the next request."""
        self.transport.write(answers.whole(status, headers, body, close=self.close_after))
        self.over()

    def over(self) -> None:
        """The exchange has written its last byte."""
        self.exchange = None
        if self.phase is BUSY and not self.close_after:
            self.phase = self._waits_for = IDLE
            self.deadline = self._relay.now() + self._relay.limits.idle_seconds
        else:
            self._close_softly()

    def _close_softly(self) -> None:
        """After a whole request close; after a part of one say the end, and take what still comes for a while."""
        whole, self.phase = self.phase is BUSY, CLOSING
        if whole:
            self.transport.close()
            return
        self.deadline = self._relay.now() + LINGER_SECONDS
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def resting_since(self, now: float) -> bool:
        """Whether nothing was asked for a while: a connection that may be closed when the process is on its way out."""
        return self.phase is IDLE and self.deadline - self._relay.limits.idle_seconds + REST_SECONDS < now

    def expired(self) -> None:
        """The deadline of its phase has passed."""
        if self.phase in (HEAD, BODY):
            self.refuse(Refusal(408, "the request did not come in time", "request_timeout"))
        elif self.phase is BUSY and self.paused:
            self.transport.abort()
        elif self.phase in (IDLE, CLOSING):
            self.transport.close()


RETRY_LATER = {503: b"retry-after: 1\r\n"}

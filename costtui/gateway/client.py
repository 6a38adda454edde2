"""The near side: one connection of a client. Requests are framed strictly, one at a time, and judged before anything
of them is sent on."""

import asyncio
from enum import IntEnum
from typing import TYPE_CHECKING

import httptools

from costtui.dialects.operation import PATHS, Operation
from costtui.dialects.refusals import Refusal, error_body
from costtui.gateway import answers
from costtui.gateway.framing import HEAD_BYTES, HEADER_COUNT, ChunkLines
from costtui.gateway.headers import REQUEST_ROLES, Role

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


class ClientConnection(asyncio.Protocol):
    """Reads one request, waits until its exchange is over, reads the next."""

    __slots__ = (
        "_body",
        "_body_bytes",
        "_chunks",
        "_complete",
        "_expects",
        "_head_bytes",
        "_hosts",
        "_length",
        "_parser",
        "_relay",
        "_typed",
        "_url",
        "close_after",
        "credential",
        "deadline",
        "exchange",
        "fault",
        "forwarded",
        "old",
        "operation",
        "paused",
        "phase",
        "trailers",
        "transport",
        "uid_allowed",
    )

    def __init__(self, relay: "Relay") -> None:
        self._relay = relay
        self.transport: asyncio.Transport
        self.exchange: Exchange | None = None
        self.paused = False
        self.uid_allowed = False
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []
        self.forwarded: list[bytes] = []
        self._await_request()

    def _await_request(self) -> None:
        self.phase = Phase.IDLE
        self.deadline = self._relay.now() + self._relay.limits.idle_seconds
        self._url = b""
        self.forwarded.clear()
        self._body.clear()
        self._body_bytes = 0
        self._head_bytes = 0
        self._hosts = 0
        self._length = -1
        self._chunks: ChunkLines | None = None
        self._complete = False
        self._expects = False
        self._typed = False
        self.fault: Refusal | None = None
        self.credential = b""
        self.operation: Operation | None = None
        self.close_after = False
        self.old = False
        self.trailers = False

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accepted."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._relay.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self.phase = Phase.CLOSING
        self._relay.left(self)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.client_left()

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        if self.phase >= Phase.BUSY:
            self.close_after = True  # pipelined: the running answer is the last one, the rest is for a new connection
            return
        if self.phase is Phase.IDLE:
            self.phase = Phase.HEAD
            self.deadline = self._relay.now() + self._relay.limits.header_seconds
        if self.phase is Phase.HEAD:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and data.find(b"\r\n\r\n", 0, HEAD_BYTES) < 0:
                self.refuse(Refusal(431, "the request's head is larger than 32 KiB", "headers_too_large"))
                return
        in_body = self._chunks
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.refuse(Refusal(400, "the request is not sound HTTP/1.1", "bad_framing"))
            return
        if self._chunks is not None and self.fault is None:
            self._look_at_chunks(data if in_body is not None else data[data.find(b"\r\n\r\n") + 4 :])
        if self.fault is not None:
            self.refuse(self.fault)
        elif self._complete:
            self._begin()
        elif self._expects:
            self._expects = False
            self.transport.write(answers.CONTINUE)

    def _look_at_chunks(self, data: bytes) -> None:
        assert self._chunks is not None
        problem = self._chunks.fault(data) if not self._complete or data else ""
        if problem:
            self.fault = Refusal(400, problem, "bad_framing")

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

    # httptools' side

    def on_url(self, url: bytes) -> None:
        """A piece of the path."""
        if not self._complete:
            self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; what comes after a whole request belongs to a pipelined one."""
        if self._complete or self.phase is Phase.BODY:
            return
        role = REQUEST_ROLES[name]
        if role is Role.FORWARD:
            self.forwarded.append(b"%b: %b\r\n" % (name, value))
            if len(self.forwarded) > HEADER_COUNT:
                self.fault = Refusal(431, f"the request has more than {HEADER_COUNT} headers", "headers_too_large")
        elif role is not Role.DROP:
            self._take(role, value)

    def _take(self, role: Role, value: bytes) -> None:
        """A header that is for the gateway itself."""
        if role is Role.HOST:
            self._hosts += 1
            if not self._relay.host_allowed(value):
                self._misdirected()
        elif role is Role.LENGTH:
            self._length = int(value) if value.isdigit() and len(value) < 16 else 1 << 62
        elif role is Role.AUTHORIZATION:
            kind, _, credential = value.partition(b" ")
            self.credential = credential.strip() if kind.lower() == b"bearer" else b"?"
        elif role is Role.API_KEY:
            self.credential = self.credential or value
        elif role is Role.CONTENT_TYPE:
            self._typed = value.lower().startswith(b"application/json")
        elif role is Role.CONNECTION:
            self.close_after = b"close" in value.lower()
        elif role is Role.TE:
            self.trailers = b"trailers" in value.lower()
        else:
            self._take_rare(role, value)

    def _take_rare(self, role: Role, value: bytes) -> None:
        if role is Role.TRANSFER:
            if value.lower() != b"chunked" or self._chunks is not None:
                self.fault = Refusal(400, "the only transfer encoding taken is `chunked`", "bad_framing")
            self._chunks = ChunkLines()
        elif role is Role.CONTENT_ENCODING and value.lower() != b"identity":
            self.fault = Refusal(415, "send the body without a content encoding", "unsupported_encoding")
        elif role is Role.EXPECT:
            self._expects = value.lower() == b"100-continue"
        elif role is Role.ORIGIN and not self._relay.origin_allowed(value):
            self.fault = Refusal(
                403, "requests from web pages are refused; list it in gateway.origins", "origin_refused"
            )
        elif role is Role.FETCH_SITE and value not in (b"none", b"same-origin") and not self._relay.limits.origins:
            self.fault = Refusal(403, "requests from web pages are refused", "origin_refused")

    def _misdirected(self) -> None:
        message = "this Host is not one of the gateway's; list it in gateway.hosts if it should be"
        self.fault = self.fault or Refusal(421, message, "host_refused")

    def on_headers_complete(self) -> None:
        """All that can be refused before the body is read."""
        if self._complete:
            return
        self.phase = Phase.BODY
        self.deadline = self._relay.now() + self._relay.limits.body_seconds
        version = self._parser.get_http_version()
        self.operation = PATHS.get(self._url)
        if self.fault is None:
            self.fault = self._head_fault(version)
        if version == "1.0":
            self.old = self.close_after = True

    def _head_fault(self, version: str) -> Refusal | None:
        if version not in ("1.1", "1.0") or not self._url.startswith(b"/"):
            return Refusal(400, "only HTTP/1.1 with a path is spoken here", "bad_framing")
        if self._hosts != 1:
            return Refusal(400, "a request needs exactly one Host header", "bad_framing")
        if self._chunks is not None and version == "1.0":
            return Refusal(400, "HTTP/1.0 has no transfer encodings", "bad_framing")
        if self._length > self._relay.limits.max_body_bytes:
            return self._too_large()
        if self.operation is not None and not self._typed and self._parser.get_method() == b"POST":
            return Refusal(415, "send JSON with content-type: application/json", "unsupported_media_type")
        return None

    def _too_large(self) -> Refusal:
        limit = self._relay.limits.max_body_bytes
        return Refusal(413, f"the body is larger than {limit} bytes (gateway.max_body_mib)", "body_too_large")

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._complete or self.fault is not None:
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._relay.limits.max_body_bytes:
            self.fault = self._too_large()
            self._body.clear()
        else:
            self._body.append(data)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._complete:
            self.close_after = True
        self._complete = True

    # the request

    def _begin(self) -> None:
        self.phase = Phase.BUSY
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._body.clear()
        try:
            self._relay.handle(self, self._parser.get_method(), self._url, body)
        except Refusal as refusal:
            self.answer_refusal(refusal)

    def refuse(self, refusal: Refusal) -> None:
        """Answer before the request is whole, and close."""
        if self.phase < Phase.CLOSING:
            self.close_after = True
            self.answer_refusal(refusal)

    def answer_refusal(self, refusal: Refusal, *, request_id: str = "") -> None:
        """An error in the client's own dialect."""
        body = error_body(self.operation, refusal, request_id)
        headers = [answers.JSON]
        if refusal.retry_after_seconds is not None:
            headers.append(b"retry-after: %d\r\n" % refusal.retry_after_seconds)
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
        if self.close_after or self._relay.draining:
            self.close_softly()
        elif self.phase is Phase.BUSY:
            self._await_request()

    def close_softly(self) -> None:
        """Say the end, take what the client still sends for a while, and close."""
        if self.phase is Phase.BUSY and self._complete:
            self.phase = Phase.CLOSING
            self.transport.close()
            return
        self.phase = Phase.CLOSING
        self.deadline = self._relay.now() + LINGER_SECONDS
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    def resting_since(self, now: float) -> bool:
        """Whether nothing was asked for a while: a connection that may be closed when the process is on its way out."""
        return self.phase is Phase.IDLE and self.deadline - self._relay.limits.idle_seconds + REST_SECONDS < now

    def expired(self) -> None:
        """The deadline of its phase has passed."""
        if self.phase in (Phase.HEAD, Phase.BODY):
            self.refuse(Refusal(408, "the request did not come in time", "request_timeout"))
        elif self.phase is Phase.BUSY and self.paused:
            self.transport.abort()
        elif self.phase in (Phase.IDLE, Phase.CLOSING):
            self.transport.close()

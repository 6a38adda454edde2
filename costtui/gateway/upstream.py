"""The far side: one connection to an upstream; httptools frames its answers, an exchange takes them."""

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

import httptools

from costtui.gateway.headers import DROP, FORWARD, RESPONSE_ROLES, Role

if TYPE_CHECKING:
    from costtui.gateway.pool import Pool

HEAD_BYTES = 64 * 1024
LENGTH, CONTENT_TYPE = Role.LENGTH, Role.CONTENT_TYPE


class Listener(Protocol):
    """What an upstream connection tells the exchange that it serves."""

    def arrived(self, connection: "UpstreamConnection") -> None:
        """Something of the answer is there: `head_complete`, `parts`, `ended` say what."""

    def broke(self, connection: "UpstreamConnection", reason: str) -> None:
        """The answer will not be completed."""


class UpstreamConnection(asyncio.Protocol):
    """Serves one exchange at a time; between two it lies in its pool."""

    __slots__ = (
        "_coding",
        "_parser",
        "content_type",
        "encoded",
        "ended",
        "fresh",
        "head_bytes",
        "head_complete",
        "headers",
        "idle_since",
        "keep_alive",
        "length",
        "listener",
        "litellm_cost",
        "parts",
        "pool",
        "retry_after",
        "status",
        "transport",
    )

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.listener: Listener | None = None
        self.fresh = True
        """Whether it has never carried an answer."""
        self.idle_since = 0.0
        self.parts: list[bytes] = []
        self.headers: list[bytes] = []
        self.transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._reset()

    def _reset(self) -> None:
        self.headers.clear()
        self.parts.clear()
        self.head_complete = False
        self.head_bytes = 0
        self.ended = False
        self.keep_alive = True
        self.status = 0
        self.length = -1
        self._coding = False
        self.content_type = b""
        self.encoded = False
        self.retry_after = b""
        self.litellm_cost = b""

    def begin(self, listener: Listener, request: bytes) -> None:
        """Send one request; its answer goes to `listener`."""
        self._reset()
        self.listener = listener
        self.transport.write(request)

    def let_go(self) -> None:
        """The exchange is over: back into the pool, or closed where the answer's end closes it."""
        self.listener = None
        self.fresh = False
        if self.ended and self.keep_alive:
            self.transport.resume_reading()
            self.pool.give_back(self)
        else:
            self.transport.close()

    def abort(self) -> None:
        """The exchange does not want the rest: the upstream sees a reset at once."""
        self.listener = None
        self.transport.abort()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Dialled."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by class

    def data_received(self, data: bytes) -> None:
        """Frame it, and let the exchange take what there is."""
        listener = self.listener
        if listener is None:
            self.transport.abort()  # nobody asked: the next answer on it could be a stranger's
            return
        if not self.head_complete:
            self.head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._break("its answer is not sound HTTP")
            return
        if not self.head_complete and self.head_bytes > HEAD_BYTES:
            self._break("its answer's head is too large")
        elif self.head_complete:
            listener.arrived(self)

    def eof_received(self) -> bool:
        """The upstream closed; an answer without a length ends so."""
        if self.listener is not None and self.head_complete and self.length < 0 and not self._coding:
            self.ended, self.keep_alive = True, False
            self.listener.arrived(self)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone, in the middle of an answer or in the pool."""
        self.pool.forget(self)
        if self.listener is not None:
            self._break("it closed the connection" if exc is None else "the connection was reset")

    def _break(self, reason: str) -> None:
        listener, self.listener = self.listener, None
        self.transport.abort()
        if listener is not None:
            listener.broke(self, reason)

    # httptools' side

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of the answer; trailers come here too and are dropped."""
        if self.head_complete:
            return
        role = RESPONSE_ROLES[name]
        if role is FORWARD:
            self.headers.append(b"%b: %b\r\n" % (name, value))
        elif role is LENGTH:
            self.length = int(value)
        elif role is not DROP:
            self._take(role, name, value)

    def _take(self, role: Role, name: bytes, value: bytes) -> None:
        """A header that says something to the gateway itself."""
        if role is CONTENT_TYPE:
            self.content_type = value
        elif role is Role.TRANSFER:
            self._coding = True
            return
        elif role is Role.CONNECTION:
            self.keep_alive = b"close" not in value.lower()
            return
        elif role is Role.CONTENT_ENCODING:
            self.encoded = value.lower() != b"identity"
        elif role is Role.RETRY_AFTER:
            self.retry_after = value
        else:
            self.litellm_cost = value
            return
        self.headers.append(b"%b: %b\r\n" % (name, value))

    def on_headers_complete(self) -> None:
        """The head of an answer; one of 1xx is only a sign of life."""
        status = self._parser.get_status_code()
        if status < 200:
            self._reset()
            return
        self.status = status
        self.head_complete = True
        if self._parser.get_http_version() == "1.0":
            self.keep_alive = False

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.parts.append(data)

    def on_message_complete(self) -> None:
        """The answer's end by its framing."""
        self.ended = self.head_complete

"""Just enough HTTP/1.1 for the demo's own server: keep-alive, bodies with a length, chunked answers."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

BODY_BYTES = 4 * 1024 * 1024
IDLE_SECONDS = 300.0
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    body: bytes
    fields: dict[str, str] = field(default_factory=dict)
    """Header fields, names in lower case."""


class Answer:
    """How a handler answers: once with `send`, or piece by piece with `start`, `piece` and `end`."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def send(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
        """A whole answer."""
        self._head(status, kind, f"content-length: {len(body)}")
        self._writer.write(body)
        await self._writer.drain()

    async def send_json(self, value: object, status: int = 200) -> None:
        """A whole answer in JSON."""
        await self.send(json.dumps(value).encode(), status=status)

    def start(self) -> None:
        """The head of a stream of events."""
        self._head(200, "text/event-stream", "transfer-encoding: chunked")

    async def piece(self, data: bytes) -> None:
        """One chunk of it."""
        self._writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        await self._writer.drain()

    async def end(self) -> None:
        """The end of it."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def _head(self, status: int, kind: str, length: str) -> None:
        reason = _REASONS[status]
        self._writer.write(f"HTTP/1.1 {status} {reason}\r\ncontent-type: {kind}\r\n{length}\r\n\r\n".encode())


Handler = Callable[[Asked, Answer], Awaitable[None]]


async def listen(handler: Handler, port: int = 0) -> tuple[asyncio.Server, int]:
    """A server on 127.0.0.1 and its port; port 0: a free one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio prints a traceback for a connection that is cancelled, which happens only when the process ends
        faults = (ConnectionError, TimeoutError, EOFError, asyncio.LimitOverrunError, ValueError)
        with contextlib.suppress(*faults, asyncio.CancelledError):
            while (asked := await _read(reader)) is not None:
                await handler(asked, Answer(writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    return server, server.sockets[0].getsockname()[1]


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    """The next request; None at the end of the connection, or when it is not to be trusted."""
    async with asyncio.timeout(IDLE_SECONDS):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        method, path, _ = first.split(" ")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields.get("content-length", "0"))
        if not 0 <= length <= BODY_BYTES or "transfer-encoding" in fields:
            return None
        return Asked(method, path, await reader.readexactly(length), fields)

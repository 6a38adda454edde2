"""A scripted API on 127.0.0.1 that misbehaves on demand, byte by byte, and remembers all that it saw."""

import asyncio
import gzip
import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import pytest

from tests.parts.provider_answers import USUAL_USE, Api, Used, error, event, events, usage_block, whole

End = Literal["fin", "rst", "stall"]
OPERATIONS = {
    "/chat/completions": "chat",
    "/completions": "completions",
    "/embeddings": "embeddings",
    "/responses": "responses",
    "/messages": "messages",
    "/messages/count_tokens": "count_tokens",
}


@dataclass(frozen=True, slots=True)
class Script:
    """What becomes of one request. The defaults are a good answer."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    used: Used = USUAL_USE
    usage: object = None
    """None: as the API writes `used`; `...`: none at all; anything else is put in as it is, e.g. {} or "null"."""
    words: int = 11
    model: str = ""
    """What the answer says that it comes from; empty: the model that was asked for."""
    body: bytes | None = None
    """Instead of an answer that is made up; for a stream the bytes of its events."""
    delay_seconds: float = 0.0
    """Before the head."""
    slow_head: bool = False
    """The head comes in pieces of one byte."""
    chunk_bytes: int = 0
    """The body comes in pieces of so many bytes; 0: an event, or the whole body, at a time."""
    pause_seconds: float = 0.0
    """Between two pieces."""
    cut_after: int | None = None
    """Bytes of the body after which it ends by `cut`."""
    cut: End = "fin"
    error_event_after: int | None = None
    """Events of a stream after which an error event comes instead of the rest."""
    length: bool = True
    """A whole answer says its length; else it comes in chunks."""
    gzipped: bool = False
    close: bool = False
    """The connection ends with this answer."""
    drop_request: End | None = None
    """No answer at all."""
    endless: bool = False
    """The stream's words never end."""


GOOD = Script()


@dataclass(slots=True)
class Seen:
    """One request as it came."""

    raw: bytes
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    """Number of the connection that it came on, from 0."""
    at: float
    operation: str
    script: Script = GOOD
    sent: int = 0
    """Bytes of the body that were written."""
    answered_at: float | None = None
    cancelled_at: float | None = None
    """When the caller closed before the answer's end."""

    @property
    def asked(self) -> Any:
        """The body's JSON; an empty object where it is none that Python reads."""
        try:
            asked = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return asked if isinstance(asked, dict) else {}

    def header(self, name: str) -> str | None:
        """A header's value; None where it was not sent."""
        return next((value for each, value in self.headers if each.lower() == name), None)


class Provider:
    """The server, in a thread of its own. A script is found by the model, else the next in turn, else `usual`."""

    def __init__(self, api: Api = "openai", tls: ssl.SSLContext | None = None) -> None:
        self.api: Api = api
        self.seen: list[Seen] = []
        self.connections = 0
        self.usual = GOOD
        self.by_model: dict[str, Script] = {}
        self.choose: Callable[[Seen], Script] | None = None
        self.close_reused: End | None = None
        """What happens to a request that comes on a connection which has answered one before."""
        self._turns: deque[Script] = deque()
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self.open: set[asyncio.Transport] = set()
        """Connections that callers hold now."""
        self._closed = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self.port = 0

    def __enter__(self) -> "Provider":
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """As a configuration names it."""
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}/v1"

    def play(self, *scripts: Script) -> None:
        """What becomes of the next requests, one after the other."""
        self._turns.extend(scripts)

    def script_for(self, seen: Seen) -> Script:
        """What becomes of this one."""
        if self.choose is not None:
            return self.choose(seen)
        if (script := self.by_model.get(str(seen.asked.get("model")))) is not None:
            return script
        return self._turns.popleft() if self._turns else self.usual

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = listener.getsockname()[1]
        server = loop.run_until_complete(
            loop.create_server(lambda: _Connection(self), sock=listener, ssl=self._tls, backlog=1024)
        )
        self._ready.set()
        loop.run_forever()
        server.close()
        for transport in list(self.open):
            transport.abort()
        loop.run_until_complete(self._ended())
        loop.close()

    async def _ended(self) -> None:
        while self.open:
            await self._closed.wait()
            self._closed.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def closed(self, transport: asyncio.Transport) -> None:
        """A connection is gone."""
        self.open.discard(transport)
        self._closed.set()

    def adopt(self, task: "asyncio.Task[None]") -> None:
        """Ended with the server."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Connection(asyncio.Protocol):
    """One connection of a caller, one request after the other."""

    transport: asyncio.Transport
    current: Seen | None = None

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._number = provider.connections
        provider.connections += 1
        self._data = b""
        self._more = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._task = self._provider._loop.create_task(self._serve())
        self._provider.adopt(self._task)
        self._provider.open.add(self.transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._more.set()

    def eof_received(self) -> bool:
        self._gone()
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self._gone()
        self._provider.closed(self.transport)
        self._task.cancel()

    def _gone(self) -> None:
        if self.current is not None and self.current.cancelled_at is None:
            self.current.cancelled_at = time.monotonic()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def _serve(self) -> None:
        answered = 0
        while True:
            seen = await self._request()
            self._provider.seen.append(seen)
            self.current = seen
            if answered and self._provider.close_reused is not None:
                seen.script = Script(drop_request=self._provider.close_reused)
            else:
                seen.script = self._provider.script_for(seen)
            if not await self._answer(seen):
                return
            self.current, answered = None, answered + 1
            seen.answered_at = time.monotonic()
            if seen.script.close:
                self.transport.close()
                return

    async def _request(self) -> Seen:
        while (end := self._data.find(b"\r\n\r\n")) < 0:
            await self._await_more()
        head = self._data[:end].decode("latin-1").split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:])]
        length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        while len(self._data) < end + 4 + length:
            await self._await_more()
        raw, self._data = self._data[: end + 4 + length], self._data[end + 4 + length :]
        path = head[0].split(" ")[1]
        operation = OPERATIONS.get(path.partition("/v1")[2], "")
        return Seen(raw, path, headers, raw[end + 4 :], self._number, time.monotonic(), operation)

    async def _await_more(self) -> None:
        self._more.clear()
        await self._more.wait()

    async def _answer(self, seen: Seen) -> bool:
        """False where the connection ends by it."""
        script = seen.script
        await asyncio.sleep(script.delay_seconds)
        if script.drop_request is not None:
            await self._end(script.drop_request)
            return False
        streams = script.status == 200 and seen.operation in ("chat", "completions", "responses", "messages")
        if streams and seen.asked.get("stream") is True:
            await self._write_head(script, [("content-type", "text/event-stream"), ("transfer-encoding", "chunked")])
            return await self._stream(seen)
        body = _body(self._provider.api, seen)
        sized = ("content-length", str(len(body))) if script.length else ("transfer-encoding", "chunked")
        await self._write_head(script, [("content-type", "application/json"), sized])
        if not await self._pieces(seen, _split(body, script.chunk_bytes), chunked=not script.length):
            return False
        if not script.length:
            self.transport.write(b"0\r\n\r\n")
        return True

    async def _write_head(self, script: Script, headers: list[tuple[str, str]]) -> None:
        if script.gzipped:
            headers.append(("content-encoding", "gzip"))
        lines = [f"HTTP/1.1 {script.status} Scripted", *(f"{n}: {v}" for n, v in (*headers, *script.headers))]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        for piece in _split(head, 1) if script.slow_head else [head]:
            self.transport.write(piece)
            await asyncio.sleep(0.001 if script.slow_head else 0)

    async def _stream(self, seen: Seen) -> bool:
        parts = _events(self._provider.api, seen)
        if seen.script.chunk_bytes:
            parts = _split(b"".join(parts), seen.script.chunk_bytes)
        if not await self._pieces(seen, parts, chunked=True):
            return False
        while seen.script.endless:
            if not await self._pieces(seen, parts, chunked=True):
                return False
        self.transport.write(b"0\r\n\r\n")
        return True

    async def _pieces(self, seen: Seen, pieces: list[bytes], *, chunked: bool) -> bool:
        script = seen.script
        for piece in pieces:
            left = None if script.cut_after is None else script.cut_after - seen.sent
            data = piece if left is None else piece[:left]
            if data:
                await self._writable.wait()
                self.transport.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
                seen.sent += len(data)
                await asyncio.sleep(script.pause_seconds)
            if left is not None and left <= len(piece):
                await self._end(script.cut)
                return False
        return True

    async def _end(self, how: End) -> None:
        if how == "stall":
            await asyncio.Event().wait()
        elif how == "rst":
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.current = None
            self.transport.abort()
        else:
            self.current = None
            self.transport.close()


def _usage(api: Api, seen: Seen) -> object:
    script = seen.script
    if script.usage is None:
        return usage_block(api, seen.operation, script.used)
    return None if script.usage == "null" else script.usage


def _body(api: Api, seen: Seen) -> bytes:
    script = seen.script
    if script.body is not None:
        body = script.body
    elif script.status == 200 and seen.operation:
        body = whole(seen.operation, script.model or str(seen.asked.get("model", "")), _usage(api, seen), script.words)
    else:
        body = error(seen.operation, f"scripted {script.status}")
    return gzip.compress(body) if script.gzipped else body


def _events(api: Api, seen: Seen) -> list[bytes]:
    script, asked = seen.script, seen.asked
    if script.body is not None:
        return [script.body]
    options = asked.get("stream_options")
    said = events(
        seen.operation,
        script.model or str(asked.get("model", "")),
        _usage(api, seen),
        script.words,
        says_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )
    if script.error_event_after is not None:
        about = {"type": "server_error", "message": "scripted"}
        named = event({"type": "error", "error": about}, "error")
        return [*said[: script.error_event_after], named if seen.operation == "messages" else event({"error": about})]
    return said[:-1] if script.endless else said


def _split(data: bytes, size: int) -> list[bytes]:
    return [data] if not size else [data[start : start + size] for start in range(0, len(data), size)]


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An API that speaks like OpenAI's, and Anthropic's messages."""
    with Provider() as server:
        yield server

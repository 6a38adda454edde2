"""Requests on a raw socket: exactly these bytes out, and every byte that comes back."""

import asyncio
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wire:
    """An answer as it came: `whole` says whether its framing had its end."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool
    raw: bytes

    @property
    def request_id(self) -> int:
        """The first attempt's number in the ledger; 0 where none was made."""
        return int(self.headers.get("x-costtui-request-id", "0"), 16)


def post(path: str, body: object, key: str, *lines: str) -> bytes:
    """A request's bytes; the connection ends with it."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", "connection: close"]
    head += [f"authorization: Bearer {key}", f"content-length: {len(data)}", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + data


async def exchange(port: int, data: bytes, *, seconds: float = 60.0) -> Wire:
    """Send it and read to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    raw = b""
    try:
        async with asyncio.timeout(seconds):
            try:
                writer.write(data)
                await writer.drain()
                while piece := await reader.read(1 << 16):
                    raw += piece
            except ConnectionError:
                pass
    finally:
        writer.transport.abort()
    return parse(raw)


def parse(raw: bytes) -> Wire:
    """The last answer in what came on a connection; status 0 where nothing did."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    while head.startswith(b"HTTP/1.1 100"):
        head, _, rest = rest.partition(b"\r\n\r\n")
    if not head:
        return Wire(0, {}, b"", False, raw)
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "transfer-encoding" in headers:
        body, whole = unchunk(rest)
    else:
        body, whole = rest, len(rest) == int(headers.get("content-length", "-1"))
    return Wire(int(lines[0].split(" ")[1]), headers, body, whole, raw)


def unchunk(data: bytes) -> tuple[bytes, bool]:
    """A chunked body, and whether its last chunk is there."""
    body = b""
    while True:
        line, found, rest = data.partition(b"\r\n")
        if not found:
            return body, False
        size = int(line, 16)
        if size == 0:
            return body, rest == b"\r\n" or rest.endswith(b"\r\n\r\n")
        body += rest[:size]
        data = rest[size + 2 :]


async def many(port: int, requests: list[bytes], at_a_time: int = 32) -> list[Wire]:
    """Several at once; answers in the order of the requests."""
    turn = asyncio.Semaphore(at_a_time)

    async def one(data: bytes) -> Wire:
        async with turn:
            return await exchange(port, data)

    return list(await asyncio.gather(*(one(data) for data in requests)))

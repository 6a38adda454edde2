"""Canned faults of a provider: what may come instead of its answer, most of it seen in the wild."""

import asyncio
import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from costtui.errors import SourceBusy, SourceError, SourceGone, SourceRefused
from tests.egress.server import Answer, response
from tests.providers.harness import KEY

LOGIN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>" + KEY.encode() + b"</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    name: str
    answer: Callable[[bytes], Answer]
    """From the right body to what is sent."""
    raises: type[SourceError] | None = SourceError
    """None: it may be read, and then nothing that it tells may be wrong in silence."""
    harmless: bool = False
    """It is read as if nothing was wrong."""
    seconds: float = 20.0


def _status(status: str, *headers: str, raises: type[SourceError] = SourceError, body: bytes = LOGIN) -> Fault:
    name = " ".join((status, *headers))
    return Fault(name, lambda _: response(body, status, *headers), raises)


def _body(name: str, change: Callable[[bytes], bytes], *headers: str, may_tell: bool = False) -> Fault:
    return Fault(name, lambda body: response(change(body), "200 OK", *headers), None if may_tell else SourceError)


def _same(name: str, change: Callable[[bytes], bytes], *headers: str) -> Fault:
    return Fault(name, lambda body: response(change(body), "200 OK", *headers), None, harmless=True)


def _says(value: object) -> Fault:
    return _body(f"says {json.dumps(value)[:60]}", lambda _: json.dumps(value).encode())


def _numbers(name: str, instead: str, *, may_tell: bool = True) -> Fault:
    """Every number, and every text that holds one, becomes this."""

    def change(body: bytes) -> bytes:
        number = r'(?:(?<=: )|(?<=\[)|(?<=, ))("-?[0-9.]+"|-?[0-9.]+(e-?[0-9]+)?)'
        return re.sub(number, instead, json.dumps(json.loads(body))).encode()

    return _body(f"all numbers are {name}", change, may_tell=may_tell)


def _raw(name: str, sent: Callable[[bytes], bytes]) -> Fault:
    """These bytes as they are, and then the end of the connection."""

    def answer(body: bytes) -> Answer:
        async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(sent(body))
            await writer.drain()
            writer.close()

        return send

    return Fault(name, answer)


def _stalling(name: str, head: bytes, drip: bytes) -> Fault:
    """A head, and then a byte now and again, for ever."""

    async def send(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(drip)
            await writer.drain()
            await asyncio.sleep(0.005)

    return Fault(name, lambda _: send, seconds=0.05)


async def _flood(_: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        await writer.drain()


def _wrapped(body: bytes) -> bytes:
    return json.dumps(body.decode()).encode()


def _beside(extra: dict[str, object]) -> Callable[[bytes], bytes]:
    """The right answer, which says besides that it is an error."""

    def change(body: bytes) -> bytes:
        value = json.loads(body)
        return json.dumps(value | extra if isinstance(value, dict) else extra).encode()

    return change


def _empty_containers(value: Any, top: bool = True) -> Any:
    """Every list below the top becomes an object, and every object a list."""
    if isinstance(value, dict):
        return {key: _empty_containers(member, top=False) for key, member in value.items()} if top else []
    return {} if isinstance(value, list) else value


_GZIP = ("content-encoding: gzip",)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n"

FAULTS = (
    _status("400 Bad Request"),
    _status("401 Unauthorized", raises=SourceRefused),
    _status("402 Payment Required"),
    _status("403 Forbidden", raises=SourceRefused),
    _status("404 Not Found", raises=SourceGone),
    _status("405 Method Not Allowed"),
    _status("409 Conflict"),
    _status("410 Gone", raises=SourceGone),
    _status("418 Teapot"),
    _status("422 Unprocessable"),
    _status("429 Too Many Requests", raises=SourceBusy),
    _status("429 Too Many Requests", "retry-after: 30", raises=SourceBusy),
    _status("429 Too Many Requests", "retry-after: Tue, 24 Nov 2026 04:00:00 GMT", raises=SourceBusy),
    _status("429 Too Many Requests", "retry-after: 1000000000", raises=SourceBusy),
    _status("429 Too Many Requests", "retry-after: soon", raises=SourceBusy),
    _status("429 Too Many Requests", "retry-after: -5", raises=SourceBusy),
    _status("500 Oops"),
    _status("501 Not Implemented"),
    _status("502 Bad Gateway"),
    _status("503 Unavailable", raises=SourceBusy),
    _status("503 Unavailable", "retry-after: 120", raises=SourceBusy),
    _status("504 Gateway Timeout"),
    _status("520 Unknown"),
    _status("301 Moved", "location: http://127.0.0.1:1/"),
    _status("302 Found", "location: https://login.example/"),
    _status("307 Redirect", "location: //login.example/"),
    _status("204 No Content", body=b""),
    _body("login page", lambda _: LOGIN),
    _body("login page as JSON", lambda _: LOGIN, "content-type: application/json"),
    _body("empty", lambda _: b""),
    _body("blank", lambda _: b" \r\n\t"),
    _body("half of it", lambda body: body[: len(body) // 2]),
    _body("all but its last character", lambda body: body.rstrip()[:-1]),
    _body("UTF-16", lambda body: body.decode().encode("utf-16")),
    _body("UTF-16 without a mark", lambda body: body.decode().encode("utf-16-le")),
    _body("bytes that are no UTF-8", lambda body: b'{"a": "\xff\xfe", ' + body[1:]),
    _body("gzip", gzip.compress, *_GZIP),
    _body("gzip unsaid", gzip.compress),
    _body("garbage said to be gzip", lambda _: b"\x1f\x8b\x08garbage", *_GZIP),
    _body("plain said to be brotli", lambda body: body, "content-encoding: br"),
    _body("itself as a text", _wrapped),
    _body("itself twice", lambda body: body + b"\n" + body),
    _same("a byte order mark", lambda body: b"\xef\xbb\xbf" + body),
    _same("as text/plain", lambda body: body, "content-type: text/plain; charset=latin-1"),
    _same("encoded as identity", lambda body: body, "content-encoding: identity"),
    _says(
        {"error": {"message": f"Incorrect API key {KEY}", "type": "invalid_request_error", "code": "invalid_api_key"}}
    ),
    _says({"error": f"bad key {KEY}"}),
    _says({"type": "error", "error": {"type": "authentication_error", "message": KEY}}),
    _says({"object": "error", "message": KEY}),
    _says({"status": "error", "message": KEY}),
    _says({"success": False, "message": KEY}),
    _says({"errors": [{"message": KEY}], "data": None}),
    _says({"code": 403, "reason": "FORBIDDEN", "message": KEY, "metadata": {}}),
    _says({"detail": "Not authenticated"}),
    _body("right but for its error", _beside({"error": {"message": KEY}})),
    _body("right but for its status", _beside({"status": "error"})),
    _body("right but for its success", _beside({"success": False})),
    _body("right but for its errors", _beside({"errors": [{"message": KEY}]})),
    _says({}),
    _says({"data": None}),
    _says(None),
    _says(True),
    _says(42),
    _says("ok"),
    _says([None]),
    _says([42]),
    _numbers("NaN", "NaN", may_tell=False),
    _numbers("Infinity", "-Infinity", may_tell=False),
    _numbers("a text that says NaN", '"NaN"'),
    _numbers("a text that says Infinity", '"Infinity"'),
    _numbers("1e309", "1e309"),
    _numbers("a text that says 1e309", '"1e309"'),
    _numbers("of a billion digits", "1e999999999"),
    _numbers("of 400 digits", "9" * 400),
    _numbers("of 5,000 digits", "9" * 5000),
    _numbers("null", "null"),
    _numbers("true", "true"),
    _numbers("objects", '{"value": 3}'),
    _body(
        "lists and objects swapped",
        lambda body: json.dumps(_empty_containers(json.loads(body))).encode(),
        may_tell=True,
    ),
    _body("nested 100,000 deep", lambda _: b"[" * 100_000 + b"]" * 100_000),
    _body("nested in objects", lambda _: b'{"data":' * 50_000 + b"1" + b"}" * 50_000),
    _raw("cut off", lambda body: _HEAD + body),
    _raw("nothing at all", lambda _: b""),
    _raw("not HTTP", lambda _: b"SSH-2.0-OpenSSH_9.6\r\n"),
    _raw("a status that is none", lambda _: b"HTTP/1.1 two hundred OK\r\n\r\n"),
    _raw("broken chunks", lambda _: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    _raw("an endless header", lambda _: b"HTTP/1.1 200 OK\r\nx: " + b"a" * 300_000 + b"\r\n\r\n{}"),
    _raw("a length of 1 TB", lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\n{"),
    Fault("more than fits", lambda _: _flood),
    _stalling("a slow drip", _HEAD, b" "),
    _stalling("silence", b"", b""),
)

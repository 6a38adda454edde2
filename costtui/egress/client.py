"""The one HTTP client: it reads engines and bills and posts alerts, and trusts nothing that it is answered."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import certifi
import httpx

from costtui.domain.secret import Secret
from costtui.egress.faults import explain, refuse_status, too_large
from costtui.errors import SourceError

Address = str | Secret
Headers = Mapping[str, str | Secret]

ANSWER_BYTES = 64 * 1024
"""Most that an answer to a post may hold; nobody reads it."""
CONNECT_SECONDS = 3.0
KNOWN_URLS = 256
"""Parsed addresses kept: engines are asked the same each second, while a bill's address changes with every page."""
_PLAIN = {"accept-encoding": "identity", "user-agent": "costtui"}
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=30.0)


class Egress:
    """One pool of connections: no redirects, no cookies, no proxies or keys from the environment, no compression.

    It speaks to the transport below httpx's client, which would follow all four and costs more than the request
    itself. Every error is a SourceError in which no secret, query or user part of a URL appears.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._authorities = False
        self._transport = transport or httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, limits=_LIMITS)
        self._urls: dict[str, httpx.URL] = {}

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.__aexit__(kind, error, trace)

    async def get(
        self, url: Address, *, headers: Headers | None = None, max_bytes: int, timeout_seconds: float
    ) -> bytes:
        """The body of a 200 answer of at most `max_bytes`, all of it within `timeout_seconds`."""
        _, body = await self._ask("GET", url, headers, None, max_bytes, timeout_seconds)
        return body

    async def ask(
        self,
        method: str,
        url: Address,
        *,
        payload: object = None,
        headers: Headers | None = None,
        max_bytes: int,
        timeout_seconds: float,
    ) -> bytes:
        """The body of an answer of the 200s; `payload` goes as JSON, None is an empty body."""
        content = None if payload is None else json.dumps(payload).encode()
        _, body = await self._ask(method, url, headers, content, max_bytes, timeout_seconds)
        return body

    async def post_json(
        self, url: Address, payload: object, *, headers: Headers | None = None, timeout_seconds: float = 10.0
    ) -> int:
        """Send `payload` as JSON; the status, always of the 200s."""
        content = json.dumps(payload).encode()
        status, _ = await self._ask("POST", url, headers, content, ANSWER_BYTES, timeout_seconds)
        return status

    async def _ask(
        self, method: str, url: Address, headers: Headers | None, content: bytes | None, cap: int, seconds: float
    ) -> tuple[int, bytes]:
        try:
            request = self._request(method, url, headers, content, seconds)
            async with asyncio.timeout(seconds):
                return await self._exchange(request, url, cap)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError, ValueError) as error:
            raise explain(error, url, seconds) from None

    def _request(
        self, method: str, url: Address, headers: Headers | None, content: bytes | None, seconds: float
    ) -> httpx.Request:
        parsed = self._parsed(url)
        if parsed.scheme == "https":
            self._trust_authorities()
        sent = dict(_PLAIN)
        for name, value in (headers or {}).items():
            sent[name.lower()] = value.reveal() if isinstance(value, Secret) else value
        if content is not None:
            sent.setdefault("content-type", "application/json")
        connect = min(CONNECT_SECONDS, seconds)
        timeout = {"connect": connect, "read": seconds, "write": seconds, "pool": connect}
        return httpx.Request(method, parsed, headers=sent, content=content, extensions={"timeout": timeout})

    def _parsed(self, url: Address) -> httpx.URL:
        if isinstance(url, Secret):
            return _checked(url.reveal())
        known = self._urls.get(url)
        if known is None:
            if len(self._urls) >= KNOWN_URLS:
                self._urls.clear()
            known = self._urls[url] = _checked(url)
        return known

    def _trust_authorities(self) -> None:
        """Load the certificate authorities at the first https address: 1 MB that a host of its own GPUs never needs."""
        if not self._authorities:
            self._tls.load_default_certs()
            self._tls.load_verify_locations(certifi.where())
            self._authorities = True

    async def _exchange(self, request: httpx.Request, url: Address, cap: int) -> tuple[int, bytes]:
        response = await self._transport.handle_async_request(request)
        try:
            told = response.headers
            refuse_status(
                response.status_code, url, told.get("content-encoding", "identity"), told.get("retry-after", "")
            )
            return response.status_code, await _body(response, url, cap)
        finally:
            await response.aclose()


async def _body(response: httpx.Response, url: Address, cap: int) -> bytes:
    """All bytes as they came; what a length promises is refused before it is read."""
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > cap:
        raise too_large(url, cap)
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        body += chunk
        if len(body) > cap:
            raise too_large(url, cap)
    return bytes(body)


def _checked(url: str) -> httpx.URL:
    parsed = httpx.URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SourceError("the address is not an http or https URL", "correct it in the configuration")
    if parsed.userinfo:
        raise SourceError("the address holds a user or password", "name a key by reference instead")
    return parsed

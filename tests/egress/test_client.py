"""The HTTP client against a real server; a mocked transport only where a fault cannot be had otherwise."""

import asyncio
import gzip
import socket
import ssl
from collections.abc import Callable, Coroutine

import httpx
import pytest

from costtui.domain.secret import Secret
from costtui.egress.client import KNOWN_URLS, Egress
from costtui.errors import SourceError
from tests.egress.server import Answer, response, serving

CANARY = "sk-canary-4f9a77c1d2e3"


def ask(answer: Answer, path: str = "/metrics", *, cap: int = 1000, seconds: float = 20.0) -> tuple[bytes, list[bytes]]:
    """One GET of a server that answers so."""

    async def run() -> tuple[bytes, list[bytes]]:
        async with serving(answer) as (base, requests), Egress() as egress:
            return await egress.get(base + path, max_bytes=cap, timeout_seconds=seconds), requests

    return asyncio.run(run())


def refused(answer: Answer, path: str = "/metrics", *, cap: int = 1000, seconds: float = 20.0) -> SourceError:
    with pytest.raises(SourceError) as caught:
        ask(answer, path, cap=cap, seconds=seconds)
    assert caught.value.remedy
    return caught.value


def test_a_get_returns_the_body_and_asks_for_no_compression() -> None:
    body, requests = ask(response(b"vllm:num_requests_running 3\n"))
    assert body == b"vllm:num_requests_running 3\n"
    assert b"accept-encoding: identity" in requests[0].lower()
    assert requests[0].lower().count(b"\r\nhost: 127.0.0.1") == 1


def test_connections_are_reused_over_many_gets() -> None:
    peers = set()

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername"))
        await response(b"ok")(request, writer)

    async def run() -> None:
        async with serving(answer) as (base, _), Egress() as egress:
            for _ in range(5):
                assert await egress.get(base, max_bytes=10, timeout_seconds=20) == b"ok"

    asyncio.run(run())
    assert len(peers) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 Unauthorized", "refused the key (401)"),
        ("403 Forbidden", "refused the key (403)"),
        ("404 Not Found", "does not exist (404)"),
        ("418 Teapot", "answered 418"),
        ("429 Too Many Requests", "asks to wait (429)"),
        ("503 Service Unavailable", "asks to wait (503)"),
    ],
)
def test_every_other_status_says_what_happened(status: str, words: str) -> None:
    assert words in refused(response(b"<html>", status)).reason


def test_a_redirect_is_refused_and_its_aim_never_asked() -> None:
    async def run() -> None:
        async with serving(response(b"stolen")) as (other, stolen):
            redirect = response(b"", "307 Temporary Redirect", f"location: {other}/keys")
            async with serving(redirect) as (base, _), Egress() as egress:
                with pytest.raises(SourceError, match=r"redirects \(307\), which is refused"):
                    await egress.get(base, headers={"x-api-key": CANARY}, max_bytes=10, timeout_seconds=20)
            assert stolen == []

    asyncio.run(run())


def test_a_compressed_answer_is_refused_unread() -> None:
    bomb = gzip.compress(b"0" * 1_000_000)
    assert "compressed" in refused(response(bomb, "200 OK", "content-encoding: gzip"), cap=10**7).reason


def test_a_promised_length_over_the_cap_is_refused() -> None:
    assert "more than 1000 bytes" in refused(response(b"x" * 1001)).reason


def test_an_endless_answer_is_cut_at_the_cap() -> None:
    sent = 0

    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()
            sent += 4096

    assert "more than 1000 bytes" in refused(answer).reason
    assert sent < 50_000_000


def test_an_exact_cap_is_allowed() -> None:
    assert ask(response(b"x" * 1000))[0] == b"x" * 1000


def test_a_silent_server_ends_at_the_deadline() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    assert "did not answer within 0.2 s" in refused(answer, seconds=0.2).reason


def test_a_server_that_drips_ends_at_the_deadline_too() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert "did not answer within 0.3 s" in refused(answer, seconds=0.3).reason


def test_a_cut_answer_is_no_answer() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    assert "broke off" in refused(answer).reason


def test_an_answer_that_is_not_http_is_no_answer() -> None:
    async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()

    assert "broke off" in refused(answer).reason


def test_a_closed_port_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    async def run() -> None:
        async with Egress() as egress:
            await egress.get(f"http://127.0.0.1:{port}/metrics", max_bytes=10, timeout_seconds=20)

    with pytest.raises(SourceError, match=f"nothing listens on 127.0.0.1:{port}"):
        asyncio.run(run())


def test_proxies_and_keys_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(response(b"direct"))[0] == b"direct"


def test_no_cookie_is_ever_sent_back() -> None:
    async def run() -> list[bytes]:
        async with serving(response(b"ok", "200 OK", "set-cookie: track=1; path=/")) as (base, requests), Egress() as e:
            await e.get(base, max_bytes=10, timeout_seconds=20)
            await e.get(base, max_bytes=10, timeout_seconds=20)
            return requests

    assert all(b"cookie" not in request.lower() for request in asyncio.run(run()))


def test_a_post_sends_json_and_a_secret_header() -> None:
    async def run() -> tuple[int, bytes]:
        async with serving(response(b"", "204 No Content")) as (base, requests), Egress() as egress:
            status = await egress.post_json(
                Secret(base + "/hook"), {"text": "idle"}, headers={"Authorization": Secret(f"Bearer {CANARY}")}
            )
            return status, requests[0]

    status, request = asyncio.run(run())
    assert status == 204
    assert request.startswith(b"POST /hook HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"text": "idle"}')
    assert f"Bearer {CANARY}".encode() in request


def raising(error: Exception) -> Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]:
    async def handler(request: httpx.Request) -> httpx.Response:
        raise error

    return handler


def answering(status: int) -> Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]:
    async def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers={"location": f"https://{CANARY}/"}, text=CANARY)

    return handler


@pytest.mark.parametrize(
    "handler",
    [answering(status) for status in (301, 400, 401, 404, 429, 500)]
    + [
        raising(error(f"failed at https://hooks.example/{CANARY}?key={CANARY}"))
        for error in (
            httpx.ConnectError,
            httpx.ReadTimeout,
            httpx.RemoteProtocolError,
            httpx.LocalProtocolError,
            httpx.InvalidURL,
            ssl.SSLCertVerificationError,
            OSError,
            ValueError,
        )
    ],
)
@pytest.mark.parametrize(
    "url",
    [
        Secret(f"https://hooks.example/{CANARY}"),
        f"https://api.example/v1?key={CANARY}",
        f"https://user:{CANARY}@api.example/v1",
    ],
)
def test_no_error_shows_a_secret(
    handler: Callable[[httpx.Request], Coroutine[None, None, httpx.Response]], url: str | Secret
) -> None:
    async def run() -> None:
        async with Egress(httpx.MockTransport(handler)) as egress:
            await egress.post_json(url, {}, headers={"x-api-key": Secret(CANARY)})

    with pytest.raises(SourceError) as caught:
        asyncio.run(run())
    assert CANARY not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/x", "http://", "file:///etc/passwd", "nonsense", "http://[::1", "http://a:b:c/"]
)
def test_what_is_not_an_http_address_is_refused_before_anything_is_sent(url: str) -> None:
    async def run() -> None:
        async with Egress() as egress:
            await egress.get(url, max_bytes=10, timeout_seconds=5)

    with pytest.raises(SourceError):
        asyncio.run(run())


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    context = Egress()._tls
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_addresses_that_change_with_every_question_are_not_kept_for_ever() -> None:
    async def run() -> int:
        async with serving(response(b"ok")) as (base, _), Egress() as egress:
            for page in range(KNOWN_URLS + 2):
                await egress.get(f"{base}/?page={page}", max_bytes=10, timeout_seconds=20)
            return len(egress._urls)

    assert asyncio.run(run()) == 2

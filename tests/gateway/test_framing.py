"""What a request's frame may be, and which of its headers pass."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.gateway.framing import ChunkLines
from costtui.gateway.headers import REMEMBERED, Role, RoleTable, request_role, response_role
from costtui.gateway.identity import peer_uid

CREDENTIALS = [
    "Cookie", "cookie", "X-Auth-Token", "X-API-Key2", "api-key", "Api_Key", "x_api_key", "X-Goog-Api-Key",
    "Proxy-Authorization", "proxy_authorization", "AUTHORIZATION_", "X-Authorization", "X-Amz-Security-Token",
    "X-Litellm-Key", "x-litellm-api-key", "X-Portkey-Config", "x-session-id", "X-JWT-Assertion", "Set-Cookie",
    "X-Secret", "X-Password", "x-user-credential", "X-Signature", "Forwarded", "X-Forwarded-For", "X-Real-IP",
    "helicone-auth", "Authorization-", "x-access-token", "X_Auth",
]  # fmt: skip


@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_spelling_of_a_credential_or_a_routing_hint_passes(name: str) -> None:
    assert request_role(name.encode()) is Role.DROP


@pytest.mark.parametrize(
    "name", ["User-Agent", "anthropic-version", "anthropic-beta", "OpenAI-Organization", "X-Stainless-Lang",
             "Idempotency-Key", "traceparent", "HTTP-Referer", "X-Title"],
)  # fmt: skip
def test_what_clients_say_of_themselves_passes(name: str) -> None:
    assert request_role(name.encode()) is Role.FORWARD


@pytest.mark.parametrize("name", ["Authorization", "authorization", "X-Api-Key", "x-api-key"])
def test_the_two_ways_to_give_a_key_are_read_and_go_no_further(name: str) -> None:
    assert request_role(name.encode()) in (Role.AUTHORIZATION, Role.API_KEY)


@pytest.mark.parametrize("name", ["Set-Cookie", "WWW-Authenticate", "Keep-Alive", "x-costtui-cost", "Trailer"])
def test_an_upstream_cannot_set_cookies_or_speak_for_the_gateway(name: str) -> None:
    assert response_role(name.encode()) is Role.DROP


def test_any_number_of_header_names_is_judged_and_few_are_remembered() -> None:
    table = RoleTable(request_role)
    assert {table[f"x-name-{number}".encode()] for number in range(10_000)} == {Role.FORWARD}
    assert len(table) == REMEMBERED


def _chunked(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 9))
def test_a_plain_chunked_body_is_followed_wherever_it_is_cut(parts: list[bytes], step: int) -> None:
    lines, body = ChunkLines(), _chunked(parts)
    assert not any(lines.fault(body[at : at + step]) for at in range(0, len(body), step))


@pytest.mark.parametrize(
    "body",
    [
        b"3;a=b\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        b"3\r\nabc\r\n0;x\r\n\r\n",
        b"00000000000000000003\r\nabc\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("step", [1, 2, 1000])
def test_extensions_trailers_and_odd_sizes_are_found_wherever_the_body_is_cut(body: bytes, step: int) -> None:
    lines = ChunkLines()
    faults = [lines.fault(body[at : at + step]) for at in range(0, len(body), step)]
    assert any(faults)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_kernel_tells_whose_process_is_at_the_other_end(family: socket.AddressFamily) -> None:
    import os

    with socket.socket(family) as listener:
        try:
            listener.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        except OSError:
            pytest.skip("this host has no IPv6 loopback")
        listener.listen()
        with socket.create_connection(listener.getsockname()[:2]):
            accepted, _ = listener.accept()
            with accepted:
                assert peer_uid(accepted) == os.getuid()

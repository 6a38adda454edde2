"""How the gateway reaches its upstreams: verified TLS, no proxy but its own, and none of a caller's credentials."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.domain.attempt import Outcome
from tests.parts.provider import Provider, Script
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_tls import make_authority
from tests.parts.provider_wire import Wire, exchange, post

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-upstreams")]
PATH = "/v1/chat/completions"
CONFIG = """
[targets]
verified  = {{ provider = "openai", url = "{secure}", model = "gpt-5", ca = "{ca}", key = "file:{key}" }}
stranger  = {{ provider = "novita", url = "{secure}", model = "gpt-5" }}
plain     = {{ provider = "groq", url = "{plain}", model = "gpt-5", key = "file:{key}", dialect = "both" }}
"""
KEY = "sk-upstream-5d1c0a9e77"
SPELLINGS = [
    "Authorization", "AUTHORIZATION", "authorization", "aUtHoRiZaTiOn", "X-Api-Key", "x-api-key", "X-API-KEY",
    "x_api_key", "X_Api_Key", "api-key", "Api-Key", "apikey", "x-goog-api-key", "Cookie", "COOKIE", "Cookie2",
    "Proxy-Authorization", "proxy_authorization", "x-litellm-api-key", "X-LiteLLM-Key", "X-Auth-Token",
    "x-access-token", "x-amz-security-token", "OpenAI-Session", "x-session-id", "X-Forwarded-Authorization",
    "x-secret", "x-password", "anthropic-api-key", "x-portkey-virtual-key", "helicone-auth", "x-jwt-assertion",
]  # fmt: skip


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, Provider, Path]]:
    ca, context = make_authority(tmp_path_factory.mktemp("ca"))
    with Provider(tls=context) as secure, Provider() as plain:
        yield secure, plain, ca


@pytest.fixture(scope="module")
def gateway(
    apis: tuple[Provider, Provider, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    secure, plain, ca = apis
    folder = tmp_path_factory.mktemp("gateway")
    key = folder / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    config = CONFIG.format(secure=secure.url, plain=plain.url, ca=ca, key=key)
    dead = "http://127.0.0.1:9"
    proxies = {"HTTP_PROXY": dead, "HTTPS_PROXY": dead, "ALL_PROXY": dead, "http_proxy": dead, "https_proxy": dead}
    process = GatewayProcess(folder, config)
    process.environment |= proxies | {"NO_PROXY": "", "no_proxy": ""}
    with process:
        yield process


def ask(gateway: GatewayProcess, model: str, *, stream: bool = False) -> Wire:
    asked = {"model": model, "messages": [], "stream": stream}
    return asyncio.run(exchange(gateway.port, post(PATH, asked, gateway.key)))


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_is_reached_over_verified_tls_past_the_environments_proxies(
    apis: tuple[Provider, Provider, Path], gateway: GatewayProcess, *, stream: bool
) -> None:
    before = len(apis[0].seen)
    answer = ask(gateway, "verified", stream=stream)
    assert answer.status == 200, answer.raw
    assert answer.whole
    assert apis[0].seen[before].header("authorization") == f"Bearer {KEY}"


def test_a_certificate_that_nobody_vouches_for_ends_the_attempt_before_anything_is_sent(
    apis: tuple[Provider, Provider, Path], gateway: GatewayProcess
) -> None:
    before = len(apis[0].seen)
    answer = ask(gateway, "stranger")
    assert answer.status == 502
    assert b"certificate" in answer.body
    assert len(apis[0].seen) == before
    row = next(row for row in reversed(gateway.rows(1)) if row.lane.target == "stranger")
    assert row.attempt.outcome is Outcome.UNREACHABLE


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_spelling_of_a_callers_credential_is_passed_on(
    apis: tuple[Provider, Provider, Path], gateway: GatewayProcess, name: str
) -> None:
    asked, canary = {"model": "plain", "messages": []}, "canary-credential-0f9e8d"
    data = post(PATH, asked, gateway.key, f"{name}: {canary}")
    if name.lower() == "authorization":
        canary = gateway.key
        data = post(PATH, asked, canary).replace(b"authorization:", f"{name}:".encode())
    answer = asyncio.run(exchange(gateway.port, data))
    assert answer.status == 200, answer.raw
    seen = apis[1].seen[-1]
    assert canary.encode() not in seen.raw
    assert [value for each, value in seen.headers if each.lower() == "authorization"] == [f"Bearer {KEY}"]


def test_an_upstream_that_repeats_its_key_does_not_tell_it_to_the_caller(
    apis: tuple[Provider, Provider, Path], gateway: GatewayProcess
) -> None:
    said = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}", "type": "x"}}).encode()
    apis[1].play(Script(status=401, body=said, headers=(("x-echo", KEY),)))
    answer = ask(gateway, "plain")
    assert answer.status == 401
    assert KEY.encode() not in answer.raw


def test_a_head_that_comes_byte_by_byte_and_an_answer_in_pieces_arrive_whole(
    apis: tuple[Provider, Provider, Path], gateway: GatewayProcess
) -> None:
    apis[1].play(Script(slow_head=True, chunk_bytes=1), Script(length=False, chunk_bytes=7), Script(gzipped=True))
    answers = [ask(gateway, "plain") for _ in range(3)]
    assert [answer.status for answer in answers] == [200] * 3
    assert all(answer.whole for answer in answers)
    assert json.loads(answers[0].body) == json.loads(answers[1].body)


def test_a_large_answer_passes_whole(apis: tuple[Provider, Provider, Path], gateway: GatewayProcess) -> None:
    choices = [{"index": 0, "message": {"role": "assistant", "content": "x" * 5 * 2**20}, "finish_reason": "stop"}]
    usage = {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}
    body = json.dumps({"choices": choices, "usage": usage}).encode()
    apis[1].play(Script(body=body), Script(body=body, length=False, chunk_bytes=50_000))
    for _ in range(2):
        answer = ask(gateway, "plain")
        assert answer.body == body
        found: list[tuple[int, int]] = []
        while not found:
            rows = [row.attempt for row in gateway.rows(1) if row.attempt.attempt_id == answer.request_id]
            found = [(row.usage.input_tokens, row.usage.output_tokens) for row in rows]
        assert found == [(7, 9)]

"""Keys and prompts that go through the gateway stay out of everything that it writes, at its most talkative."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.provider import Provider, Script
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import Wire, exchange, post

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-secrets")]
PATH = "/v1/chat/completions"
KEYS = {name: f"sk-canary-{name}-7f3a9b2c4d5e6f70" for name in (
    "file", "env", "bearer", "x-api-key", "cookie", "query", "field", "proxy", "odd-name", "upstream-cookie", "error",
    "userinfo",
)}  # fmt: skip
PROMPTS = [
    f"canary-{name}-b81cd02f6e" for name in ("user", "system", "tool", "input", "stream", "broken", "answer", "person")
]
USER, SYSTEM, TOOL, INPUT, STREAM, BROKEN, ANSWER, PERSON = PROMPTS
CONFIG = """
[targets]
one = {{ provider = "openai", url = "{one}", model = "gpt-5", key = "file:{key}", dialect = "both" }}
two = {{ provider = "together", url = "{two}", model = "gpt-5", key = "env:SECOND_KEY" }}
[routes.both]
strategy = "weighted"
targets = ["one", "two"]
weights = {{ one = 1 }}
cache = {{ ttl = "10m" }}
"""


@dataclass
class Told:
    """All that could be seen from outside after the traffic."""

    gateway: GatewayProcess
    answers: list[Wire]
    seen: list[bytes]
    """Requests as the upstreams got them."""
    files: dict[str, bytes]


def requests(key: str) -> list[bytes]:
    """Good, bad and hostile ones, each with canaries in it."""
    message = {"role": "user", "content": USER}
    system = {"role": "system", "content": SYSTEM}
    tool = {"type": "function", "function": {"name": "f", "description": TOOL, "parameters": {}}}
    good = {"model": "both", "messages": [system, message], "tools": [tool], "user": PERSON, "api_key": KEYS["field"]}
    strange = [
        f"cookie: s={KEYS['cookie']}",
        f"proxy-authorization: Basic {KEYS['proxy']}",
        f"x_my_token: {KEYS['odd-name']}",
    ]
    return [
        post(PATH, good, key, *strange),
        post(PATH, good, key),
        post(PATH, good | {"stream": True, "messages": [{"role": "user", "content": STREAM}]}, key),
        post("/v1/responses", {"model": "one", "input": INPUT}, key),
        post("/v1/messages", {"model": "one", "max_tokens": 9, "messages": [message], "system": SYSTEM}, key),
        post(PATH, good, KEYS["bearer"]),
        post(PATH, good, "", f"x-api-key: {KEYS['x-api-key']}"),
        post(f"{PATH}?api_key={KEYS['query']}", good, key),
        post(f"/v1/x/{KEYS['query']}", good, key),
        post(PATH, b'{"model":"both","messages":[{"content":"' + BROKEN.encode(), key),
        post(PATH, json.dumps(good).encode(), key, "transfer-encoding: chunked"),
        post(PATH, good, key, f"host: user:{KEYS['userinfo']}@127.0.0.1"),
        post(PATH, good | {"model": "one", "messages": [message, message]}, key),
        post(PATH, good | {"model": "one", "messages": [message, system]}, key),
        post(PATH, good | {"model": "one", "stream": True}, key),
    ]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("gateway")
    key = folder / "upstream.key"
    key.write_text(KEYS["file"])
    key.chmod(0o600)
    cookie = (("set-cookie", f"s={KEYS['upstream-cookie']}"),)
    with Provider() as one, Provider() as two:
        one.usual = Script(headers=cookie)
        process = GatewayProcess(
            folder / "gateway",
            CONFIG.format(one=one.url, two=two.url, key=key),
            environment={
                "SECOND_KEY": KEYS["env"],
                "PYTHONASYNCIODEBUG": "1",
                "PYTHONDEVMODE": "1",
                "COSTTUI_DEBUG": "1",
            },
        )
        with process:
            answers = [asyncio.run(exchange(process.port, data)) for data in requests(process.key)[:12]]
            said = json.dumps({"error": {"message": f"Incorrect API key provided: {KEYS['error']} {ANSWER}"}}).encode()
            one.play(
                Script(status=401, body=said),
                Script(status=500, body=said, close=True),
                Script(cut_after=200, cut="rst"),
            )
            two.play(Script(status=500, body=said))
            answers += [asyncio.run(exchange(process.port, data)) for data in requests(process.key)[12:]]
            process.rows(8)
            files = written(folder / "gateway")  # as they are while it runs, spool and all
            files |= {
                f"{name} at the end": data for name, data in (process.end(), written(folder / "gateway"))[1].items()
            }
        seen = [each.raw for api in (one, two) for each in api.seen]
        yield Told(process, answers, seen, files)


def written(folder: Path) -> dict[str, bytes]:
    """Every file of the gateway's, but for the configuration that the user wrote."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "config.toml"
    }


@pytest.mark.parametrize("canary", [*KEYS.values(), *PROMPTS])
def test_nothing_that_the_gateway_writes_holds_a_key_or_a_prompt(told: Told, canary: str) -> None:
    assert "state/ledger.db" in told.files
    assert [name for name, data in told.files.items() if canary.encode() in data] == []


def test_the_gateways_own_key_is_kept_as_its_hash_alone(told: Told) -> None:
    assert [name for name, data in told.files.items() if told.gateway.key.encode() in data] == []


@pytest.mark.parametrize("name", ["bearer", "x-api-key", "cookie", "query", "proxy", "odd-name", "userinfo"])
def test_no_credential_of_a_caller_reaches_an_upstream(told: Told, name: str) -> None:
    assert told.seen
    assert not any(KEYS[name].encode() in raw for raw in told.seen)
    assert not any(told.gateway.key.encode() in raw for raw in told.seen)


@pytest.mark.parametrize("name", ["file", "env", "upstream-cookie"])
def test_no_key_or_cookie_of_an_upstream_reaches_a_caller(told: Told, name: str) -> None:
    assert not any(KEYS[name].encode() in answer.raw for answer in told.answers)
    assert name != "file" or any(KEYS[name].encode() in raw for raw in told.seen)


def test_refusals_say_nothing_of_what_was_sent(told: Told) -> None:
    refused = [
        answer for answer in told.answers if b"costtui" not in answer.raw and answer.status in (400, 401, 404, 421)
    ]
    assert len(refused) >= 4
    for answer in refused:
        assert not any(
            canary.encode() in answer.raw
            for canary in (*KEYS.values(), *PROMPTS)
            if canary not in (ANSWER, KEYS["error"])
        ), answer.raw

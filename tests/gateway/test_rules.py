"""Who may call, what is answered without an upstream, and what one edit changes: on the real process."""

import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Outcome
from tests.parts.provider import Provider, Script
from tests.parts.provider_gateway import GatewayProcess

pytestmark = pytest.mark.xdist_group("gateway-rules")
CHAT = {"model": "chat", "messages": [{"role": "user", "content": "hello"}]}
CONFIG = """
[targets]
api = {{ provider = "openai", url = "{url}", model = "gpt-5" }}
spare = {{ provider = "openai", url = "{url}", model = "gpt-5-mini" }}
claude = {{ provider = "anthropic", url = "{url}", model = "claude-opus-4-5" }}
[routes.chat]
strategy = "weighted"
targets = ["api", "spare"]
weights = {{ api = 1 }}
[routes.kept]
strategy = "pinned"
targets = ["api"]
cache = {{ ttl = "10m" }}
[prices]
api = [{{ from = 2026-01-01, input = 1, output = 1 }}]
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Provider]:
    with Provider() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(api: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"), CONFIG.format(url=api.url))
    process.command("prices", "compile")
    with process:
        yield process


def ask(
    gateway: GatewayProcess, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], Any]:
    """One request with exactly these headers beside Host and Content-Length."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    try:
        connection.request(method, path, body or None, {name.replace("_", "-"): text for name, text in headers.items()})
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, {name.lower(): text for name, text in answer.headers.items()}, json.loads(said or b"null")
    finally:
        connection.close()


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not there():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


BODY = json.dumps(CHAT).encode()


def test_without_a_key_nothing_is_carried_and_nothing_is_listed(gateway: GatewayProcess, api: Provider) -> None:
    before = len(api.seen)
    assert ask(gateway, "POST", "/v1/chat/completions", BODY, content_type="application/json")[0] == 401
    assert ask(gateway, "GET", "/v1/models")[0] == 401
    assert ask(gateway, "GET", "/anything")[0] == 401
    wrong = ask(
        gateway, "POST", "/v1/chat/completions", BODY, content_type="application/json", authorization="Bearer ctk-wrong"
    )
    assert (wrong[0], wrong[2]["error"]["code"]) == (401, "invalid_api_key")
    assert len(api.seen) == before


def test_a_refusal_of_messages_has_the_shape_that_anthropics_clients_read(gateway: GatewayProcess) -> None:
    status, _, said = ask(gateway, "POST", "/v1/messages", b"{}", content_type="application/json")
    assert (status, said["type"], said["error"]["type"]) == (401, "error", "authentication_error")


def test_health_is_told_to_anybody_and_says_nothing_else(gateway: GatewayProcess) -> None:
    assert ask(gateway, "GET", "/health")[2] == {"status": "ok"}
    assert ask(gateway, "GET", "/ready")[0] == 200


@pytest.mark.parametrize("header", ["authorization", "x_api_key"])
def test_models_are_the_routes_the_targets_and_their_models(gateway: GatewayProcess, header: str) -> None:
    value = gateway.key if header == "x_api_key" else f"Bearer {gateway.key}"
    status, _, said = ask(gateway, "GET", "/v1/models", b"", **{header: value})
    assert status == 200
    assert {"chat", "kept", "api", "spare", "claude", "gpt-5"} <= {each["id"] for each in said["data"]}
    assert ask(gateway, "GET", "/v1/models/chat", b"", **{header: value})[2]["id"] == "chat"
    assert ask(gateway, "GET", "/v1/models/nobody", b"", **{header: value})[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.test"}, 421),
        ({"host": "evil.test:4100"}, 421),
        ({"host": "localhost:9"}, 200),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_encoding": "gzip"}, 415),
    ],
)
def test_a_web_page_cannot_spend_a_cent(
    gateway: GatewayProcess, api: Provider, headers: dict[str, str], status: int
) -> None:
    before = len(api.seen)
    sent = {"content_type": "application/json", "authorization": f"Bearer {gateway.key}"} | headers
    assert ask(gateway, "POST", "/v1/chat/completions", BODY, **sent)[0] == status
    assert len(api.seen) - before == (status == 200)


def test_an_unknown_model_is_refused_by_name(gateway: GatewayProcess) -> None:
    status, _, said = gateway.post("/chat/completions", CHAT | {"model": "gpt-17"})
    assert status == 404
    assert "gpt-17" in json.loads(said)["error"]["message"]


def test_a_target_that_does_not_speak_what_is_asked_is_named(gateway: GatewayProcess) -> None:
    status, _, said = gateway.post("/responses", {"model": "claude", "input": "hello"})
    assert status == 400
    assert "target claude does not speak /v1/responses" in json.loads(said)["error"]["message"]


def test_the_client_s_credentials_end_here_and_the_target_s_own_model_is_asked(
    gateway: GatewayProcess, api: Provider
) -> None:
    assert (
        gateway.post("/chat/completions", CHAT, x_goog_api_key="sk-mine", cookie="session=1", x_title="app")[0] == 200
    )
    seen = api.seen[-1]
    sent = b"\n".join(f"{name}: {value}".encode() for name, value in seen.headers)
    assert gateway.key.encode() not in seen.raw
    assert b"sk-mine" not in sent
    assert b"session=1" not in sent
    assert seen.header("x-title") == "app"
    assert seen.asked == CHAT | {"model": "gpt-5"}


def test_an_answer_says_what_it_cost_and_where_it_came_from(gateway: GatewayProcess) -> None:
    _, headers, said = gateway.post("/chat/completions", CHAT)
    usage = json.loads(said)["usage"]
    nano = 1_000 * (usage["prompt_tokens"] + usage["completion_tokens"])
    told = {name.lower(): text for name, text in headers.items()}
    assert told["x-costtui-cost"] == f"{nano // 10**9}.{nano % 10**9:09d}"
    assert told["x-costtui-target"] == "api"
    until(lambda: any(f"{each.attempt.request_id:016x}" == told["x-costtui-request-id"] for each in gateway.rows(1)))
    row = next(
        each.attempt for each in gateway.rows(1) if f"{each.attempt.request_id:016x}" == told["x-costtui-request-id"]
    )
    assert row.charge is not None
    assert (row.charge.nano, row.outcome, row.provenance) == (nano, Outcome.OK, Provenance.METERED)


def test_the_same_request_of_the_same_key_is_answered_from_memory_at_no_cost(
    gateway: GatewayProcess, api: Provider
) -> None:
    asked = CHAT | {"model": "kept", "messages": [{"role": "user", "content": "once"}]}
    first = gateway.post("/chat/completions", asked)
    before, marks = len(api.seen), []
    for body in (asked, dict(reversed(asked.items())), asked | {"temperature": 1}):
        status, headers, said = gateway.post("/chat/completions", body)
        marks.append({name.lower(): text for name, text in headers.items()}["x-costtui-cache"])
        assert (status, said) == (200, first[2])
    assert marks == ["hit", "hit", "miss"]
    assert len(api.seen) == before + 1
    until(lambda: sum(each.lane.route == "kept" for each in gateway.rows(1)) == 4)
    hits = [each.attempt for each in gateway.rows(1) if each.attempt.outcome is Outcome.CACHED]
    whole = next(each.attempt.charge for each in gateway.rows(1) if each.lane.route == "kept")
    assert whole is not None
    assert {hit.saved_nano for hit in hits} == {whole.nano}
    assert all(hit.charge is not None and hit.charge.nano == 0 for hit in hits)
    other = gateway.command("key", "add", "other").strip()
    until(lambda: gateway.post("/chat/completions", CHAT, authorization=f"Bearer {other}")[0] == 200)
    _, headers, _ = gateway.post("/chat/completions", asked, authorization=f"Bearer {other}")
    assert {name.lower(): text for name, text in headers.items()}["x-costtui-cache"] == "miss"


def test_a_revoked_key_is_refused_at_once(gateway: GatewayProcess) -> None:
    key = gateway.command("key", "add", "leaver").strip()
    until(lambda: gateway.post("/chat/completions", CHAT, authorization=f"Bearer {key}")[0] == 200)
    gateway.command("key", "revoke", "leaver")
    until(lambda: gateway.post("/chat/completions", CHAT, authorization=f"Bearer {key}")[0] == 401)


def test_a_failed_target_is_replaced_before_the_first_byte_and_both_attempts_are_kept(
    gateway: GatewayProcess, api: Provider
) -> None:
    api.by_model["gpt-5"] = Script(status=503)
    before = len(gateway.rows(1))
    try:
        status, headers, _ = gateway.post("/chat/completions", CHAT)
    finally:
        del api.by_model["gpt-5"]
    assert status == 200
    assert {name.lower(): text for name, text in headers.items()}["x-costtui-target"] == "spare"
    rows = gateway.rows(before + 2)[-2:]
    assert [each.lane.target for each in rows] == ["api", "spare"]
    assert [each.attempt.outcome for each in rows] == [Outcome.REFUSED, Outcome.OK]
    assert len({each.attempt.request_id for each in rows}) == 1
    assert rows[1].attempt.reason == "api answered 503"


def test_a_shift_moves_the_next_requests_and_its_undo_moves_them_back(gateway: GatewayProcess) -> None:
    def target() -> str:
        _, headers, _ = gateway.post("/chat/completions", CHAT)
        return {name.lower(): text for name, text in headers.items()}["x-costtui-target"]

    until(lambda: target() == "api")
    gateway.command("route", "shift", "chat", "spare=100", "api=0", "--yes", "--for", "1h")
    assert target() == "spare"
    gateway.command("route", "undo", "--yes")
    assert target() == "api"


def test_an_edit_applies_without_a_restart_and_a_bad_one_changes_nothing(api: Provider, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, CONFIG.format(url=api.url)) as gateway:
        pid = gateway.pid
        gateway.write(CONFIG.format(url=api.url) + '\n[routes.late]\nstrategy = "pinned"\ntargets = ["api"]\n')
        until(lambda: gateway.post("/chat/completions", CHAT | {"model": "late"})[0] == 200)
        gateway.write('[targets]\napi = { provider = "nobody" }\n')
        until(lambda: bool(gateway.picture()["trouble"]))
        assert gateway.post("/chat/completions", CHAT | {"model": "late"})[0] == 200
        assert gateway.pid == pid
        assert gateway.end() == 0


def test_any_process_of_the_same_user_may_call_where_the_configuration_says_so(api: Provider, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path, CONFIG.format(url=api.url), 'clients = "same-uid"') as gateway:
        assert gateway.post("/chat/completions", CHAT, authorization="")[0] == 200
        assert {each.lane.key_id for each in gateway.rows(1)} == {""}

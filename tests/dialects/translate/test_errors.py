"""An upstream's error reaches the client in the client's own dialect, with the words of the upstream."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.operation import Operation
from costtui.dialects.translate.errors import translate_error

ANTHROPIC = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "req_1"}
OPENAI = {"error": {"message": "too long", "type": "invalid_request_error", "param": None, "code": "context_length"}}


def told(client: Operation, status: int, body: object) -> dict[str, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    said: dict[str, Any] = json.loads(translate_error(client, status, raw))
    return said


def test_an_anthropic_error_is_told_to_an_openai_client() -> None:
    assert told(Operation.CHAT, 529, ANTHROPIC) == {
        "error": {"message": "Overloaded", "type": "server_error", "param": None, "code": "overloaded_error"}
    }


def test_an_openai_error_is_told_to_an_anthropic_client() -> None:
    assert told(Operation.MESSAGES, 400, OPENAI) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "too long"},
        "request_id": None,
    }


def test_the_upstream_s_request_id_is_kept_for_those_who_ask_it_for_help() -> None:
    assert told(Operation.MESSAGES, 529, ANTHROPIC)["request_id"] == "req_1"


@pytest.mark.parametrize(
    ("status", "openai", "anthropic"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (404, "invalid_request_error", "not_found_error"),
        (429, "rate_limit_error", "rate_limit_error"),
        (500, "server_error", "api_error"),
        (529, "server_error", "overloaded_error"),
    ],
)
def test_the_type_is_what_each_client_knows_for_the_status(status: int, openai: str, anthropic: str) -> None:
    assert told(Operation.CHAT, status, OPENAI)["error"]["type"] == openai
    assert told(Operation.MESSAGES, status, OPENAI)["error"]["type"] == anthropic


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"code": 400, "message": "no slot", "type": "unavailable_error"}}, "no slot", "unavailable_error"),
        ({"error": "model not found"}, "model not found", "upstream_error"),
        ({"detail": "Not Found"}, "Not Found", "upstream_error"),
        ({"object": "error", "message": "bad", "type": "BadRequestError"}, "bad", "BadRequestError"),
        ({"error": {"message": "\u001b[31mred\n"}}, "[31mred", "upstream_error"),
        ({"error": {"message": 5}}, "the upstream answered 503 without a message", "upstream_error"),
        (b"<html>key sk-1</html>", "the upstream answered 503 without a message", "upstream_error"),
        (b"", "the upstream answered 503 without a message", "upstream_error"),
        (b"[" * 100_000, "the upstream answered 503 without a message", "upstream_error"),
    ],
)
def test_every_server_s_own_form_is_read_and_no_other_is_quoted(body: object, message: str, code: str) -> None:
    error = told(Operation.CHAT, 503, body)["error"]
    assert (error["message"], error["code"]) == (message, code)


@given(st.binary(max_size=60), st.sampled_from([Operation.CHAT, Operation.MESSAGES]))
def test_no_body_makes_it_fail(body: bytes, client: Operation) -> None:
    assert told(client, 500, body)["error"]["message"]

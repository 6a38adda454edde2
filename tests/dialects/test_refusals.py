"""The official clients raise what a refusal means, from a body and from inside a stream."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import anthropic
import openai
import pytest

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal, error_body, sse_error


@contextmanager
def serving(status: int, kind: str, body: bytes) -> Iterator[str]:
    """A server that answers everything with `body`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", openai.BadRequestError),
        (401, "authentication_error", openai.AuthenticationError),
        (403, "permission_error", openai.PermissionDeniedError),
        (404, "invalid_request_error", openai.NotFoundError),
        (429, "rate_limit_error", openai.RateLimitError),
        (502, "server_error", openai.InternalServerError),
    ],
)
def test_the_openai_client_raises_its_own_error(status: int, kind: str, error: type[openai.APIStatusError]) -> None:
    body = error_body(Operation.CHAT, Refusal(status, "the route is unknown", "why"), "7")
    with (
        serving(status, "application/json", body) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client,
        pytest.raises(error) as caught,
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
    assert (caught.value.type, caught.value.code, caught.value.param) == (kind, "why", None)
    assert "the route is unknown" in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, "invalid_request_error", anthropic.BadRequestError),
        (401, "authentication_error", anthropic.AuthenticationError),
        (404, "not_found_error", anthropic.NotFoundError),
        (413, "request_too_large", anthropic.APIStatusError),
        (429, "rate_limit_error", anthropic.RateLimitError),
        (529, "overloaded_error", anthropic.APIStatusError),
    ],
)
def test_the_anthropic_client_raises_its_own_error(
    status: int, kind: str, error: type[anthropic.APIStatusError]
) -> None:
    body = error_body(Operation.MESSAGES, Refusal(status, "the route is unknown", "why"), "7")
    with (
        serving(status, "application/json", body) as url,
        anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client,
        pytest.raises(error) as caught,
    ):
        client.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "hi"}])
    expected = {"type": "error", "error": {"type": kind, "message": "the route is unknown"}, "request_id": "7"}
    assert caught.value.body == expected


def test_a_stream_that_breaks_off_raises_in_the_openai_client_for_chat_and_responses() -> None:
    chunk = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'
    body = chunk + sse_error(Operation.CHAT, "gpu: the answer broke off", "upstream_cut")
    with (
        serving(200, "text/event-stream", body) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client,
    ):
        stream = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}], stream=True)
        assert next(stream).id == "1"
        with pytest.raises(openai.APIError, match="the answer broke off"):
            next(stream)
    body = sse_error(Operation.RESPONSES, "gpu: the answer broke off", "upstream_cut")
    with (
        serving(200, "text/event-stream", body) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client,
        pytest.raises(openai.APIError, match="the answer broke off"),
    ):
        next(client.responses.create(model="m", input="hi", stream=True))


def test_a_stream_that_breaks_off_raises_in_the_anthropic_client() -> None:
    body = b'event: ping\ndata: {"type":"ping"}\n\n' + sse_error(Operation.MESSAGES, "the answer broke off", "cut")
    with (
        serving(200, "text/event-stream", body) as url,
        anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client,
    ):
        stream = client.messages.create(
            model="m", max_tokens=5, messages=[{"role": "user", "content": "hi"}], stream=True
        )
        with pytest.raises(anthropic.APIStatusError, match="the answer broke off"):
            next(stream)


@pytest.mark.parametrize("operation", [*Operation, None])
def test_nothing_from_outside_steers_a_terminal_or_forges_an_event(operation: Operation | None) -> None:
    hostile = 'no model "\x1b]52;c;x\x07\n\ndata: [DONE]\n\n' + "x" * 5000
    body = error_body(operation, Refusal(404, hostile, "model_not_found"), "")
    assert b"\\u001b" not in body
    assert len(body) < 1000
    assert "\x1b" not in json.loads(body)["error"]["message"]
    if operation is not None:
        assert sse_error(operation, hostile, "x").count(b"data: {") == 1

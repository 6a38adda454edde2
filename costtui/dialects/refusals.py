"""What a client is told when its request cannot be served, in the words of the API that it speaks.

Shapes as the official clients read them: `openai` takes `message`, `type`, `param` and `code` of the body's `error`;
`anthropic` takes the body's `type`, `error` and `request_id`. Inside a stream `openai` raises for an event whose data
has an `error`, `anthropic` for an event that is named `error`.
"""

import msgspec

from costtui.dialects.operation import ANTHROPIC_OPERATIONS, Operation
from costtui.domain.clean import clean
from costtui.errors import CosttuiError

MESSAGE_LIMIT = 600

_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Refusal(CosttuiError):  # noqa: N818 - reads as the fact it states
    """A request that is answered with an HTTP error: `status`, a `message` for people and a `code` for programs."""

    details: dict[str, object] | None = None
    """More for programs, in the error's own object."""
    headers = b""
    """Header lines that go with it."""

    def __init__(self, status: int, message: str, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


def error_body(operation: Operation | None, refusal: Refusal, request_id: str) -> bytes:
    """The refusal as JSON in the caller's dialect; OpenAI's where the operation is not known."""
    message = clean(refusal.message, MESSAGE_LIMIT)
    if operation in ANTHROPIC_OPERATIONS:
        error: dict[str, object] = {"type": _anthropic_type(refusal.status), "message": message} | _details(refusal)
        return msgspec.json.encode({"type": "error", "error": error, "request_id": request_id or None})
    return msgspec.json.encode({"error": _openai_error(refusal.status, message, refusal.code) | _details(refusal)})


def _details(refusal: Refusal) -> dict[str, object]:
    return {} if refusal.details is None else {"details": refusal.details}


def sse_error(operation: Operation, message: str, code: str) -> bytes:
    """A last event that tells of a stream that broke off.

    It begins with an empty line, so that half an event before it cannot swallow it.
    """
    message = clean(message, MESSAGE_LIMIT)
    if operation in ANTHROPIC_OPERATIONS:
        body = {"type": "error", "error": {"type": "api_error", "message": message}}
        return b"\n\nevent: error\ndata: " + msgspec.json.encode(body) + b"\n\n"
    error = _openai_error(502, message, code)
    if operation is Operation.RESPONSES:
        event = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": 0, "error": error}
        return b"\n\nevent: error\ndata: " + msgspec.json.encode(event) + b"\n\n"
    return b"\n\ndata: " + msgspec.json.encode({"error": error}) + b"\n\n"


def _openai_error(status: int, message: str, code: str) -> dict[str, object]:
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"message": message, "type": kind, "param": None, "code": code}


def _anthropic_type(status: int) -> str:
    return _ANTHROPIC_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")

"""Errors as the caller's own client reads them: OpenAI's shape or Anthropic's."""

import json

from costtui.dialects.operation import ANTHROPIC, Operation

_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class Refusal(Exception):  # noqa: N818 - reads as the fact it states
    """A request that is not carried: HTTP status, a sentence for a person, a word for a program."""

    def __init__(self, status: int, message: str, code: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.retry_after_seconds = retry_after_seconds


def error_body(operation: Operation | None, refusal: Refusal, request_id: str = "") -> bytes:
    """The body of a refusal in the dialect of `operation`; OpenAI's where no operation is known."""
    if operation in ANTHROPIC:
        kind = _ANTHROPIC_TYPES.get(refusal.status, "invalid_request_error" if refusal.status < 500 else "api_error")
        error = {"type": kind, "message": f"costtui: {refusal.message}"}
        return json.dumps({"type": "error", "error": error, "request_id": request_id or None}).encode()
    kind = _OPENAI_TYPES.get(refusal.status, "invalid_request_error" if refusal.status < 500 else "server_error")
    body = {"message": f"costtui: {refusal.message}", "type": kind, "param": None, "code": refusal.code}
    return json.dumps({"error": body}).encode()


def sse_error(operation: Operation, message: str, code: str) -> bytes:
    """A last event that tells a reader of a stream that it broke off."""
    text = f"costtui: {message}"
    if operation in ANTHROPIC:
        body = json.dumps({"type": "error", "error": {"type": "api_error", "message": text}})
        return f"event: error\ndata: {body}\n\n".encode()
    if operation is Operation.RESPONSES:
        body = json.dumps({"type": "error", "code": code, "message": text, "param": None, "sequence_number": 0})
        return f"event: error\ndata: {body}\n\n".encode()
    body = json.dumps({"error": {"message": text, "type": "server_error", "param": None, "code": code}})
    return f"data: {body}\n\n".encode()

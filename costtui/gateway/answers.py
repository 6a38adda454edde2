"""Bytes that go to a client: heads of answers, errors in its dialect, the list of models, health."""

import json
from collections.abc import Iterable
from http import HTTPStatus

from costtui.domain.amount import Provenance
from costtui.domain.charge import Charge

STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
INEXACT = (Provenance.ESTIMATED, Provenance.ACCRUED)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
JSON = b"content-type: application/json\r\n"


def status_line(status: int) -> bytes:
    """With the usual phrase; an unusual number has none."""
    return STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status


def cost_text(charge: Charge | None, provenance: Provenance) -> bytes:
    """USD with nine decimals as `x-costtui-cost` says it: `~` in front of an estimate, `?` for what is not known."""
    if charge is None:
        return b"?"
    dollars, rest = divmod(charge.nano, 1_000_000_000)
    return b"%b%d.%09d" % (b"~" if provenance in INEXACT else b"", dollars, rest)


def request_id_text(request_id: int) -> str:
    """As `x-costtui-request-id` says it; the ledger's number in hex."""
    return f"{request_id:016x}"


def whole(status: int, headers: Iterable[bytes], body: bytes, *, close: bool) -> bytes:
    """A complete answer."""
    closing = b"connection: close\r\n" if close else b""
    return b"%b%b%bcontent-length: %d\r\n\r\n%b" % (status_line(status), b"".join(headers), closing, len(body), body)


def models(aliases: Iterable[str]) -> bytes:
    """The list of models, in one shape that both OpenAI's and Anthropic's clients read."""
    names = sorted(aliases)
    data = [_model(name) for name in names]
    edges = {"first_id": names[0] if names else None, "last_id": names[-1] if names else None}
    return json.dumps({"object": "list", "data": data, "has_more": False, **edges}).encode()


def model(alias: str) -> bytes:
    """One of them."""
    return json.dumps(_model(alias)).encode()


def _model(alias: str) -> dict[str, object]:
    return {
        "id": alias,
        "object": "model",
        "type": "model",
        "created": 0,
        "created_at": "1970-01-01T00:00:00Z",
        "display_name": alias,
        "owned_by": "costtui",
    }

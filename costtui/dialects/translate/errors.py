"""An upstream's error in the words of the client's dialect."""

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import MESSAGE_LIMIT, Refusal, error_body
from costtui.domain.clean import clean

_OBJECT = msgspec.json.Decoder(dict[str, object])
_CODE_LIMIT = 80
_UNNAMED = "upstream_error"


def translate_error(client: Operation, status: int, body: bytes) -> bytes:
    """The upstream's message and code in `client`'s dialect; never raises.

    Read are `{"error": {...}}` of OpenAI, Anthropic and llama.cpp, and the flat forms of Ollama, FastAPI and older
    vLLM. A body of another form, such as a proxy's page, is not quoted.
    """
    told = _told(body)
    inner = told.get("error")
    error: dict[str, object] = inner if isinstance(inner, dict) else told
    message = _first(error, "message", "error", "detail") or f"the upstream answered {status} without a message"
    code = _first(error, "code", "type") or _UNNAMED
    refusal = Refusal(status, clean(message, MESSAGE_LIMIT), clean(code, _CODE_LIMIT))
    return error_body(client, refusal, clean(_first(told, "request_id")))


def _told(body: bytes) -> dict[str, object]:
    try:
        return _OBJECT.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _first(told: dict[str, object], *names: str) -> str:
    """The first of these members that is a text with something in it."""
    return next((value for name in names if isinstance(value := told.get(name), str) and value), "")

"""A request's body: what the gateway must know of it, and the same body for another model."""

import re
from typing import NamedTuple

import msgspec
from msgspec import Raw

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal

DEPTH = 64
SMALL_BYTES = 4_096
_OPENERS = (b"[", b"{")
_TRUE = b"true"
_MEDIA = re.compile(rb'"(?:image_url|image|input_image|input_audio|document|file|input_file)"')
_LIMITS = frozenset({"max_completion_tokens", "max_tokens", "max_output_tokens"})
_NAMING_USERS = frozenset({"user", "safety_identifier", "metadata"})

_top = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_options = msgspec.json.Decoder(dict[str, Raw]).decode
_encode = msgspec.json.Encoder().encode


class Asked(NamedTuple):
    """What a request asks for. `fields` are the top level's values as they came."""

    operation: Operation
    fields: dict[str, Raw]
    model: str
    stream: bool
    wants_usage: bool
    """Whether the client itself asked for usage in a chat stream."""
    user: str
    """The end user that it names; empty if none."""
    max_output_tokens: int | None


def read_request(operation: Operation, body: bytes) -> Asked:
    """Read a body. Raises Refusal 400 for what is not a JSON object that names a model, or nests too deeply."""
    try:
        fields = _top(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"the body is not a JSON object: {str(error)[:200]}", "invalid_json") from None
    except RecursionError:
        raise _too_deep() from None
    if _brackets(body) > DEPTH:
        _check_depth(fields)
    try:
        model = _text(fields["model"])
    except (KeyError, msgspec.DecodeError):
        raise Refusal(400, "the body names no `model`", "model_missing") from None
    stream = "stream" in fields and bytes(fields["stream"]) == _TRUE
    return Asked(
        operation,
        fields,
        model,
        stream,
        stream and "stream_options" in fields and _wants_usage(fields),
        _user(operation, fields) if not _NAMING_USERS.isdisjoint(fields) else "",
        _limit(fields) if not _LIMITS.isdisjoint(fields) else None,
    )


def _too_deep() -> Refusal:
    return Refusal(400, f"the body nests deeper than {DEPTH} levels", "too_deep")


def _check_depth(fields: dict[str, Raw]) -> None:
    """More brackets than levels: only what could nest too deeply is taken apart, one level at a time."""
    level = list(fields.values())
    for depth in range(1, DEPTH + 1):
        level = [value for value in level if _brackets(bytes(value)) + depth > DEPTH]
        if not level:
            return
        level = [inner for value in level for inner in _inside(bytes(value))]
    raise _too_deep()


def _brackets(text: bytes) -> int:
    """Opening brackets, those in strings too: nesting can be no deeper. A large text is left once there are enough:
    `find` looks at 100 bytes in a nanosecond, `count` at 3."""
    if len(text) < SMALL_BYTES:
        return text.count(b"[") + text.count(b"{")
    found = 0
    for opener in _OPENERS:
        at = text.find(opener)
        while at >= 0 and found <= DEPTH:
            found += 1
            at = text.find(opener, at + 1)
    return found


def _inside(value: bytes) -> list[Raw]:
    try:
        if value[:1] == b"{":
            return list(_options(value).values())
        return _items(value) if value[:1] == b"[" else []
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        raise Refusal(400, f"the body is not JSON: {str(error)[:200]}", "invalid_json") from None


def _wants_usage(fields: dict[str, Raw]) -> bool:
    try:
        return bytes(_options(fields["stream_options"]).get("include_usage", b"")) == _TRUE
    except (KeyError, msgspec.DecodeError):
        return False


def _user(operation: Operation, fields: dict[str, Raw]) -> str:
    try:
        if operation is Operation.MESSAGES:
            return _text(_options(fields["metadata"])["user_id"])
        return _text(fields["safety_identifier"] if "safety_identifier" in fields else fields["user"])
    except (KeyError, msgspec.DecodeError):
        return ""


def _limit(fields: dict[str, Raw]) -> int | None:
    for name in _LIMITS:
        value = fields.get(name)
        if value is not None and (text := bytes(value)).isdigit() and len(text) < 12:
            return int(text)
    return None


def has_media(body: bytes) -> bool:
    """Whether images, audio or files may be in it, so that its size says little about its tokens."""
    return _MEDIA.search(body) is not None


def forward_body(asked: Asked, body: bytes, model: str, *, inject_usage: bool) -> bytes:
    """The body for an upstream: its model, and usage asked for in a stream; every other value byte for byte."""
    if model == asked.model and not inject_usage:
        return body
    changed = dict(asked.fields)
    if model != asked.model:
        changed["model"] = Raw(_encode(model))
    if inject_usage:
        changed["stream_options"] = Raw(_with_usage(asked.fields.get("stream_options")))
    return _encode(changed)


def _with_usage(options: Raw | None) -> bytes:
    try:
        given = {} if options is None else _options(options)
    except msgspec.DecodeError:
        given = {}
    return _encode({**given, "include_usage": True})

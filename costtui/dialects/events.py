"""What one event of a stream says: usage, an error, the end."""

from typing import NamedTuple

import msgspec

from costtui.dialects.answer import Item, shown_model
from costtui.dialects.counts import Counts, forgiving_counts
from costtui.dialects.operation import Operation


class Event(NamedTuple):
    """As far as accounting is concerned."""

    counts: Counts | None = None
    tier: str | None = None
    model: str = ""
    output: tuple[Item, ...] = ()
    is_end: bool = False
    is_error: bool = False
    has_choices: bool = True
    """Whether there is more in a chat's chunk than its usage."""


class Chunk(msgspec.Struct):
    """Of chat and completions."""

    usage: Counts | None = None
    choices: msgspec.Raw = msgspec.Raw()
    model: str | None = None
    service_tier: str | None = None
    error: msgspec.Raw = msgspec.Raw()


class Started(msgspec.Struct):
    """The message that `message_start` announces."""

    model: str | None = None
    usage: Counts | None = None


class MessageEvent(msgspec.Struct):
    """Of messages."""

    type: str = ""
    message: Started | None = None
    usage: Counts | None = None


class Response(msgspec.Struct):
    """The response that the first and last events of `responses` carry."""

    model: str | None = None
    usage: Counts | None = None
    service_tier: str | None = None
    output: list[Item] | None = None


class ResponseEvent(msgspec.Struct):
    """Of responses."""

    type: str = ""
    response: Response | None = None


class _Odd(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw()
    usage: msgspec.Raw = msgspec.Raw()
    choices: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    message: msgspec.Raw = msgspec.Raw()
    response: msgspec.Raw = msgspec.Raw()


_CHUNK = msgspec.json.Decoder(Chunk)
_MESSAGE = msgspec.json.Decoder(MessageEvent)
_RESPONSE = msgspec.json.Decoder(ResponseEvent)
_ODD = msgspec.json.Decoder(_Odd)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_NULL = (b"", b"null")
_LAST_RESPONSES = ("response.completed", "response.incomplete", "response.failed")
_DONE = Event(is_end=True)


def read_event(operation: Operation, data: bytes) -> Event | None:
    """What the data of one event says; None if it is not JSON. Never raises."""
    if data.startswith(b"[DONE]"):
        return _DONE if data.strip() == b"[DONE]" and operation in (Operation.CHAT, Operation.COMPLETIONS) else None
    try:
        if operation is Operation.MESSAGES:
            return _message(_MESSAGE.decode(data))
        if operation is Operation.RESPONSES:
            return _response(_RESPONSE.decode(data))
        return _chunk(_CHUNK.decode(data))
    except _UNREADABLE:
        return _odd(operation, data)


def _chunk(chunk: Chunk) -> Event:
    return Event(
        chunk.usage,
        chunk.service_tier,
        shown_model(chunk.model or ""),
        is_error=bytes(chunk.error) not in _NULL,
        has_choices=not _is_empty_list(chunk.choices),
    )


def _message(event: MessageEvent) -> Event:
    message = event.message
    counts, model = (event.usage, "") if message is None else (message.usage, shown_model(message.model or ""))
    return Event(counts, model=model, is_end=event.type == "message_stop", is_error=event.type == "error")


def _response(event: ResponseEvent) -> Event:
    response = event.response or Response()
    return Event(
        response.usage,
        response.service_tier,
        shown_model(response.model or ""),
        tuple(response.output or ()),
        is_end=event.type in _LAST_RESPONSES,
        is_error=event.type in ("error", "response.failed"),
    )


def _odd(operation: Operation, data: bytes) -> Event | None:
    """Of an event with odd values what can be trusted."""
    try:
        odd = _ODD.decode(data)
    except _UNREADABLE:
        return None
    kind = bytes(odd.type).strip(b'"').decode(errors="replace")
    carrier = _carrier(odd.message if operation is Operation.MESSAGES else odd.response)
    counts = forgiving_counts(odd.usage if bytes(odd.usage) not in _NULL else carrier)
    if operation is Operation.MESSAGES:
        return Event(counts, is_end=kind == "message_stop", is_error=kind == "error")
    if operation is Operation.RESPONSES:
        return Event(counts, is_end=kind in _LAST_RESPONSES, is_error=kind in ("error", "response.failed"))
    return Event(counts, is_error=bytes(odd.error) not in _NULL, has_choices=not _is_empty_list(odd.choices))


def _carrier(raw: msgspec.Raw) -> msgspec.Raw:
    try:
        return _ODD.decode(raw).usage
    except _UNREADABLE:
        return msgspec.Raw()


def _is_empty_list(raw: msgspec.Raw) -> bool:
    text = bytes(raw)
    return text == b"[]" or (text.startswith(b"[") and not text[1:-1].strip())

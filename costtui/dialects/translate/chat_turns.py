"""The messages of a chat as an Anthropic system prompt and turns.

Left out: a participant's `name`, a picture's `detail`, and what a model thought (`reasoning_content`), which Anthropic
takes only with its own signature.
"""

import re

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.shape import is_deep
from costtui.dialects.translate.parts import (
    OBJECT,
    Json,
    alternating,
    cannot,
    image_source,
    malformed,
    plain,
    text_part,
)

_BETWEEN_SYSTEM_TEXTS = "\n\n"
_NOT_OF_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")


class ChatUrl(msgspec.Struct):
    """The place of a picture."""

    url: str


class ChatPart(msgspec.Struct):
    """A part of a message's content."""

    type: str
    text: str = ""
    refusal: str = ""
    image_url: ChatUrl | None = None


class CalledFunction(msgspec.Struct):
    """What a model called: the arguments are JSON in a string."""

    name: str
    arguments: str = ""


class ToolCall(msgspec.Struct):
    """A call by the model of one of the client's tools."""

    id: str
    type: str = "function"
    function: CalledFunction | None = None


class ChatMessage(msgspec.Struct):
    """A message of any role."""

    role: str
    content: str | list[ChatPart] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    function_call: dict[str, object] | None = None
    audio: dict[str, object] | None = None


def system_of(messages: list[ChatMessage]) -> str:
    """The texts of all system and developer messages in their order, an empty line between them."""
    blocks = [block for message in messages if _instructs(message) for block in _content(message)]
    if any(block["type"] != "text" for block in blocks):
        raise cannot(Operation.MESSAGES, "picture in a system prompt")
    return _BETWEEN_SYSTEM_TEXTS.join(str(block["text"]) for block in blocks)


def turns_of(messages: list[ChatMessage]) -> list[Json]:
    """All other messages as turns of user and assistant; the last one must be the user's."""
    said = [_turn(message) for message in messages if not _instructs(message)]
    turns = alternating((role, blocks) for role, blocks in said if blocks)
    if not turns:
        raise cannot(Operation.MESSAGES, "conversation without a `user` message")
    if turns[-1][0] == "assistant":
        raise cannot(Operation.MESSAGES, "finished `assistant` message at the end: it would go on with it")
    return [{"role": role, "content": plain(blocks)} for role, blocks in turns]


def _instructs(message: ChatMessage) -> bool:
    return message.role in ("system", "developer")


def _turn(message: ChatMessage) -> tuple[str, list[Json]]:
    if message.role == "user":
        return "user", _content(message)
    if message.role == "tool":
        return "user", [_result(message)]
    if message.role == "assistant":
        return "assistant", _spoken(message)
    raise cannot(Operation.MESSAGES, f"message of role `{message.role}`")


def _content(message: ChatMessage) -> list[Json]:
    """The blocks of a message; Anthropic refuses empty texts, so they are left out."""
    content = message.content or []
    parts = [ChatPart("text", content)] if isinstance(content, str) else content
    return [_block(part) for part in parts if part.type != "text" or part.text]


def _block(part: ChatPart) -> Json:
    if part.type == "text":
        return text_part(part.text)
    if part.type == "refusal":
        return text_part(part.refusal)
    if part.type == "image_url" and part.image_url is not None:
        return {"type": "image", "source": image_source(part.image_url.url)}
    raise cannot(Operation.MESSAGES, f"content part `{part.type}`")


def _result(message: ChatMessage) -> Json:
    if not message.tool_call_id:
        raise malformed("a `tool` message has no `tool_call_id`")
    result: Json = {"type": "tool_result", "tool_use_id": _id(message.tool_call_id)}
    return result | {"content": plain(_content(message))}


def _spoken(message: ChatMessage) -> list[Json]:
    """What the model said before: text, words of refusal, calls."""
    for name in ("function_call", "audio"):
        if getattr(message, name) is not None:
            raise cannot(Operation.MESSAGES, f"`{name}` in a message")
    refused = [text_part(message.refusal)] if message.refusal else []
    return [*_content(message), *refused, *(_use(call) for call in message.tool_calls or ())]


def _use(call: ToolCall) -> Json:
    if call.type != "function" or call.function is None:
        raise cannot(Operation.MESSAGES, f"tool call of type `{call.type}`")
    made = _input(call.id, call.function.arguments)
    return {"type": "tool_use", "id": _id(call.id), "name": call.function.name, "input": made}


def _input(call_id: str, arguments: str) -> msgspec.Raw:
    """The arguments' own bytes; a model may have written anything, so they are read before they are believed."""
    written = arguments.strip().encode() or b"{}"
    try:
        OBJECT.decode(written)
        if not is_deep(written):
            return msgspec.Raw(written)
    except (msgspec.MsgspecError, RecursionError):
        pass
    raise malformed(f"the `arguments` of tool call `{call_id}` are not a JSON object of at most 64 levels")


def _id(call_id: str) -> str:
    """An id as Anthropic takes it (letters, digits, `_`, `-`); some engines write `functions.name:0`."""
    return _NOT_OF_AN_ID.sub("_", call_id)

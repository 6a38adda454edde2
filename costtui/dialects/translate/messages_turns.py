"""Anthropic's turns as the messages of a chat.

Left out: what the model thought (`thinking`, `redacted_thinking`: only Anthropic can check its signature),
`cache_control` and `citations` in the history. A chat's tool message holds text alone, so a picture in a tool's result
opens the user's message that follows; that a tool failed (`is_error`) is said in words.
"""

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.translate.parts import (
    NOTHING,
    ImageSource,
    Json,
    alternating,
    cannot,
    image_url,
    malformed,
    plain,
    read,
    text_part,
)

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_FAILED = "Error: "


class Block(msgspec.Struct):
    """A block of a turn's content; what only some types have is read when its type is known."""

    type: str
    text: str = ""
    source: msgspec.Raw = NOTHING
    id: str = ""
    name: str = ""
    input: msgspec.Raw = NOTHING
    tool_use_id: str = ""
    content: msgspec.Raw = NOTHING
    is_error: bool | None = None


class Turn(msgspec.Struct):
    """What one side says."""

    role: str
    content: str | list[Block]


_CONTENT = msgspec.json.Decoder(str | list[Block] | None)
_SOURCE = msgspec.json.Decoder(ImageSource)


def messages_of(turns: list[Turn]) -> list[Json]:
    """The chat's messages; the last turn must be the user's."""
    if turns and turns[-1].role == "assistant":
        raise cannot(Operation.CHAT, "`assistant` message at the end to go on with")
    joined = alternating((turn.role, _blocks(turn.content)) for turn in turns)
    return [message for role, blocks in joined for message in _spoken(role, blocks)]


def system_message(content: str | list[Block]) -> list[Json]:
    """The system prompt as a chat's first message; none if it is empty."""
    parts = [_part(block) for block in _blocks(content)]
    if any(part["type"] != "text" for part in parts):
        raise malformed("`system` holds something else than text")
    return [{"role": "system", "content": plain(parts)}] if parts else []


def _blocks(content: str | list[Block] | None) -> list[Block]:
    """The blocks without empty texts."""
    blocks = [Block("text", content)] if isinstance(content, str) else content or []
    return [block for block in blocks if block.type != "text" or block.text]


def _spoken(role: str, blocks: list[Block]) -> list[Json]:
    if role == "user":
        return _user(blocks)
    if role == "assistant":
        return [_assistant(blocks)]
    if role == "system":
        return system_message(blocks)
    raise cannot(Operation.CHAT, f"message of role `{role}`")


def _user(blocks: list[Block]) -> list[Json]:
    """The tools' results first, since a chat wants them right after the calls; then what the user says."""
    answers: list[Json] = []
    parts: list[Json] = []
    for block in blocks:
        if block.type == "tool_result":
            answer, pictures = _result(block)
            answers.append(answer)
            parts += pictures
    parts += [_part(block) for block in blocks if block.type != "tool_result"]
    return [*answers, {"role": "user", "content": plain(parts)}] if parts or not answers else answers


def _result(block: Block) -> tuple[Json, list[Json]]:
    """The tool's message, and the pictures that it has no room for."""
    if not block.tool_use_id:
        raise malformed("a `tool_result` has no `tool_use_id`")
    parts = [_part(inner) for inner in _blocks(read(block.content, _CONTENT, "tool_result.content"))]
    texts = [part for part in parts if part["type"] == "text"]
    if block.is_error:
        first = texts[0]["text"] if texts else ""
        texts[:1] = [text_part(f"{_FAILED}{first}")]
    answer: Json = {"role": "tool", "tool_call_id": block.tool_use_id, "content": plain(texts)}
    return answer, [part for part in parts if part["type"] != "text"]


def _part(block: Block) -> Json:
    if block.type == "text":
        return text_part(block.text)
    if block.type == "image":
        return {"type": "image_url", "image_url": {"url": image_url(read(block.source, _SOURCE, "source"))}}
    raise cannot(Operation.CHAT, f"content block `{block.type}`")


def _assistant(blocks: list[Block]) -> Json:
    calls = [_call(block) for block in blocks if block.type == "tool_use"]
    parts = [_part(block) for block in blocks if block.type != "tool_use" and block.type not in _THOUGHTS]
    message: Json = {"role": "assistant", "content": plain(parts) if parts or not calls else None}
    return message | {"tool_calls": calls} if calls else message


def _call(block: Block) -> Json:
    """The input's own bytes, as a string."""
    written = bytes(block.input)
    if not block.id or not block.name or not written.startswith(b"{"):
        raise malformed("a `tool_use` needs an `id`, a `name` and an object as its `input`")
    return {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": written.decode()}}

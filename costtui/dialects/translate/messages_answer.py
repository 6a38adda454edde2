"""A message of Anthropic's API, written as the chat completion that a client of OpenAI's reads."""

import msgspec

from costtui.dialects.refusals import Refusal
from costtui.dialects.translate.chat_answer import UNREADABLE, unreadable
from costtui.dialects.translate.reasons import chat_tier, finish_reason
from costtui.dialects.translate.tokens import chat_usage, counts_in


class Block(msgspec.Struct):
    """One block of what was said; signatures and redacted thinking have no place in a chat."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw()


class StopDetails(msgspec.Struct):
    """More about a refusal."""

    explanation: str | None = None


class Tier(msgspec.Struct):
    """What the usage says of the price."""

    service_tier: str | None = None


class Message(msgspec.Struct):
    """The whole body."""

    content: list[Block]
    id: str = ""
    stop_reason: str | None = None
    stop_details: StopDetails | None = None
    usage: msgspec.Raw = msgspec.Raw()


_MESSAGE = msgspec.json.Decoder(Message)


def chat_of_message(body: bytes, model: str) -> bytes:
    """The chat completion. Raises Refusal (502) for a body that is no answer."""
    try:
        message = _MESSAGE.decode(body)
    except UNREADABLE:
        raise unreadable("answer") from None
    if not message.stop_reason:
        raise Refusal(502, "the upstream's answer does not say why it ended", "upstream_cut")
    reason = finish_reason(message.stop_reason)
    choice = {"index": 0, "message": _said(message), "logprobs": None, "finish_reason": reason}
    counts = counts_in(message.usage)
    tier = chat_tier(counts.service_tier) if counts is not None else None
    chat = chat_head("chat.completion", message.id, model, tier) | {"choices": [choice]}
    if usage := chat_usage(counts):
        chat["usage"] = usage
    return msgspec.json.encode(chat)


def chat_head(kind: str, message_id: str, model: str, tier: str | None) -> dict[str, object]:
    """What every chat completion and chunk of one says. `created` is 0: a message does not state its time."""
    head: dict[str, object] = {"id": message_id, "object": kind, "created": 0, "model": model}
    if tier is not None:
        head["service_tier"] = tier
    return head


def tool_call(block: Block, arguments: str) -> dict[str, object]:
    """A tool use as a chat's tool call."""
    return {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": arguments}}


def arguments_of(block: Block) -> str:
    """The input of a tool use as JSON text."""
    return bytes(block.input).decode() or "{}"


def _said(message: Message) -> dict[str, object]:
    text = "".join([block.text for block in message.content if block.type == "text"])
    thinking = "".join([block.thinking for block in message.content if block.type == "thinking"])
    calls = [tool_call(block, arguments_of(block)) for block in message.content if block.type == "tool_use"]
    refusal = message.stop_details.explanation if message.stop_details is not None else None
    said: dict[str, object] = {"role": "assistant", "content": text or (None if calls else ""), "refusal": refusal}
    if thinking:
        said["reasoning_content"] = thinking
    if calls:
        said["tool_calls"] = calls
    return said

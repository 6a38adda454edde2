"""A chat completion, written as the message that a client of Anthropic's API reads."""

import msgspec

from costtui.dialects.refusals import Refusal
from costtui.dialects.translate.reasons import message_tier, stop_reason
from costtui.dialects.translate.tokens import counts_in, message_usage

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
UNREADABLE_CODE = "upstream_unreadable"


class Function(msgspec.Struct):
    """What a tool call calls."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """Whole, or a piece of one in a stream."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Said(msgspec.Struct):
    """A chat's message, or a piece of one in a stream."""

    content: object = None
    refusal: str | None = None
    reasoning_content: object = None
    reasoning: object = None
    tool_calls: list[ToolCall] | None = None

    @property
    def text(self) -> str:
        """Its text; of content in parts (Mistral's) the text of all of them."""
        if isinstance(self.content, list):
            texts = [part.get("text") for part in self.content if isinstance(part, dict)]
            return "".join([text for text in texts if isinstance(text, str)])
        return self.content if isinstance(self.content, str) else ""

    @property
    def thinking(self) -> str:
        """Its reasoning: `reasoning_content` of DeepSeek and llama.cpp, `reasoning` of vLLM and OpenRouter."""
        thought = self.reasoning_content or self.reasoning
        return thought if isinstance(thought, str) else ""


class Choice(msgspec.Struct):
    """One of the answers."""

    message: Said
    finish_reason: str | None = None
    stop_reason: object = None


class Chat(msgspec.Struct):
    """The whole body."""

    choices: list[Choice]
    id: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    service_tier: str | None = None


_CHAT = msgspec.json.Decoder(Chat)
_OBJECT = msgspec.json.Decoder(dict[str, object])


def message_of_chat(body: bytes, model: str) -> bytes:
    """The message; of several choices the first. Raises Refusal (502) for a body that is no answer."""
    try:
        chat = _CHAT.decode(body)
    except UNREADABLE:
        raise unreadable("answer") from None
    if not chat.choices or not chat.choices[0].finish_reason:
        raise Refusal(502, "the upstream's answer has no choice that is finished", "upstream_cut")
    choice = chat.choices[0]
    said = choice.message
    reason, sequence = stop_reason(
        choice.finish_reason or "", choice.stop_reason, calls_tools=bool(said.tool_calls), refuses=bool(said.refusal)
    )
    usage = message_usage(counts_in(chat.usage))
    if tier := message_tier(chat.service_tier):
        usage["service_tier"] = tier
    message = message_head(chat.id or "", model, usage) | {"content": _blocks(said)}
    return msgspec.json.encode(message | {"stop_reason": reason, "stop_sequence": sequence})


def message_head(message_id: str, model: str, usage: dict[str, object]) -> dict[str, object]:
    """A message in which nothing has been said yet."""
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def unreadable(what: str) -> Refusal:
    """For what an upstream sent and nobody can read."""
    return Refusal(502, f"the upstream's {what} cannot be read", UNREADABLE_CODE)


def _blocks(said: Said) -> list[dict[str, object]]:
    blocks: list[dict[str, object]] = []
    if said.thinking:
        blocks.append({"type": "thinking", "thinking": said.thinking, "signature": ""})
    blocks += [{"type": "text", "text": text} for text in (said.text, said.refusal) if text]
    blocks += [_tool_use(place, call) for place, call in enumerate(said.tool_calls or ())]
    return blocks


def _tool_use(place: int, call: ToolCall) -> dict[str, object]:
    function = call.function or Function()
    name = function.name or ""
    return {"type": "tool_use", "id": call.id or f"call_{place}", "name": name, "input": _input(function.arguments)}


def _input(arguments: str | None) -> dict[str, object]:
    """The arguments as an object; what is none, in the wrapping that Anthropic's guide to streamed tools names."""
    if not arguments or arguments.isspace():
        return {}
    try:
        return _OBJECT.decode(arguments)
    except UNREADABLE:
        return {"INVALID_JSON": arguments}

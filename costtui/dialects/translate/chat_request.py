"""A chat completion's request in the words of Anthropic's messages.

Hints that do not change what the model is asked are left out: `store`, `metadata`, `service_tier`, `prediction`,
`prompt_cache_*`. All else that messages cannot say is refused by name.
"""

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import Asked
from costtui.dialects.translate.chat_turns import ChatMessage, system_of, turns_of
from costtui.dialects.translate.parts import Json, cannot, given, malformed, read, refuse_others

DEFAULT_MAX_TOKENS = 4096
"""Anthropic requires a limit, chat does not: what a request without one gets."""

_AS_IT_IS = ("temperature", "top_p", "top_k")
_HINTS = frozenset({
    "store", "metadata", "service_tier", "prediction",
    "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
})  # fmt: skip
_KNOWN = _HINTS | {
    *_AS_IT_IS, "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop",
    "tools", "tool_choice", "parallel_tool_calls", "user", "safety_identifier", "reasoning_effort",
}  # fmt: skip
_HARMLESS: dict[str, object] = {
    "n": 1, "logprobs": False, "top_logprobs": 0, "logit_bias": {}, "frequency_penalty": 0, "presence_penalty": 0,
    "modalities": ["text"], "response_format": {"type": "text"}, "verbosity": "medium", "functions": [],
}  # fmt: skip
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_CHOICES = {"none": "none", "auto": "auto", "required": "any"}
_HOTTEST = 1.0


class OfferedFunction(msgspec.Struct):
    """A function as the client describes it."""

    name: str
    description: str | None = None
    parameters: dict[str, msgspec.Raw] | None = None
    strict: bool | None = None


class OfferedTool(msgspec.Struct):
    """A tool that the model may call."""

    type: str
    function: OfferedFunction | None = None


class NamedFunction(msgspec.Struct):
    """A function by name."""

    name: str


class NamedTool(msgspec.Struct):
    """The tool that the model must call."""

    type: str
    function: NamedFunction | None = None


_MESSAGES = msgspec.json.Decoder(list[ChatMessage])
_TOOLS = msgspec.json.Decoder(list[OfferedTool])
_CHOICE = msgspec.json.Decoder(str | NamedTool)
_NUMBER = msgspec.json.Decoder(float)
_FLAG = msgspec.json.Decoder(bool)
_TEXT = msgspec.json.Decoder(str)
_STOP = msgspec.json.Decoder(str | list[str])


def chat_as_messages(asked: Asked, model: str) -> bytes:
    """The body for a target that speaks messages; raises `Refusal` for what would be lost."""
    fields = given(asked.fields)
    refuse_others(Operation.MESSAGES, fields, _KNOWN, _HARMLESS)
    if "messages" not in fields:
        raise malformed("`messages` is missing")
    messages = read(fields["messages"], _MESSAGES, "messages")
    body: Json = {"model": model, "max_tokens": _limit(fields)}
    if system := system_of(messages):
        body["system"] = system
    body["messages"] = turns_of(messages)
    body |= _sampling(fields) | _tools(fields) | _effort(fields)
    if asked.user:
        body["metadata"] = {"user_id": asked.user}
    if asked.stream:
        body["stream"] = True
    return msgspec.json.encode(body)


def _limit(fields: dict[str, msgspec.Raw]) -> object:
    return fields.get("max_completion_tokens") or fields.get("max_tokens") or DEFAULT_MAX_TOKENS


def _sampling(fields: dict[str, msgspec.Raw]) -> Json:
    """Chat's temperature goes to 2, messages' to 1: above it is refused, since the same number means another thing."""
    if "temperature" in fields and read(fields["temperature"], _NUMBER, "temperature") > _HOTTEST:
        raise cannot(Operation.MESSAGES, "`temperature` above 1")
    said: Json = {name: fields[name] for name in _AS_IT_IS if name in fields}
    if "stop" in fields and (stop := read(fields["stop"], _STOP, "stop")):
        said["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    return said


def _tools(fields: dict[str, msgspec.Raw]) -> Json:
    tools = [_tool(tool) for tool in read(fields["tools"], _TOOLS, "tools")] if "tools" in fields else []
    choice = _choice(fields)
    if not tools:
        return {"tool_choice": choice} if choice and choice["type"] not in ("auto", "none") else {}
    if _alone(fields) and choice.get("type") != "none":
        choice = {"type": "auto"} | choice | {"disable_parallel_tool_use": True}
    return {"tools": tools, "tool_choice": choice} if choice else {"tools": tools}


def _tool(tool: OfferedTool) -> Json:
    function = tool.function
    if tool.type != "function" or function is None:
        raise cannot(Operation.MESSAGES, f"tool of type `{tool.type}`")
    said: Json = {"name": function.name}
    if function.description:
        said["description"] = function.description
    said["input_schema"] = {"type": "object", **(function.parameters or {"properties": {}})}
    return said | {"strict": True} if function.strict else said


def _choice(fields: dict[str, msgspec.Raw]) -> Json:
    """Empty if the client leaves it to the server."""
    if "tool_choice" not in fields:
        return {}
    choice = read(fields["tool_choice"], _CHOICE, "tool_choice")
    if isinstance(choice, str):
        if choice not in _CHOICES:
            raise _no_choice(choice)
        return {"type": _CHOICES[choice]}
    if choice.type != "function" or choice.function is None:
        raise _no_choice(choice.type)
    return {"type": "tool", "name": choice.function.name}


def _no_choice(name: str) -> Refusal:
    return cannot(Operation.MESSAGES, f"`tool_choice` `{name}`")


def _alone(fields: dict[str, msgspec.Raw]) -> bool:
    """Whether the client takes only one call at a time."""
    raw = fields.get("parallel_tool_calls")
    return raw is not None and not read(raw, _FLAG, "parallel_tool_calls")


def _effort(fields: dict[str, msgspec.Raw]) -> Json:
    """The words are the same in both, but messages turns thinking off by itself and knows no `minimal`."""
    if "reasoning_effort" not in fields:
        return {}
    effort = read(fields["reasoning_effort"], _TEXT, "reasoning_effort")
    if effort == "none":
        return {"thinking": {"type": "disabled"}}
    if effort not in _EFFORTS:
        raise cannot(Operation.MESSAGES, f"`reasoning_effort` `{effort}`")
    return {"output_config": {"effort": effort}}

"""A request of Anthropic's messages in the words of chat completions.

Hints that do not change what the model is asked are left out: `cache_control`, `service_tier`, `speed`, `diagnostics`,
`user_profile_id`, `workspace_id`, and `context_management`, which only shortens what is sent here in full. So is a
budget to think within: chat has none, and `max_tokens`, which holds the thoughts too, still bounds it. `top_k` is no
field of OpenAI's own, but llama.cpp and vLLM take it, so it is sent as it is. All else is refused by name.
"""

import re

import msgspec

from costtui.dialects.operation import Operation
from costtui.dialects.request import Asked
from costtui.dialects.translate.messages_turns import Block, Turn, messages_of, system_message
from costtui.dialects.translate.parts import NOTHING, OBJECT, Json, cannot, given, malformed, read, refuse_others

_AS_IT_IS = ("temperature", "top_p", "top_k")
_HINTS = frozenset({
    "cache_control", "service_tier", "speed", "diagnostics", "user_profile_id", "workspace_id", "context_management",
})  # fmt: skip
_KNOWN = _HINTS | {
    *_AS_IT_IS, "model", "messages", "system", "stream", "max_tokens", "stop_sequences", "tools", "tool_choice",
    "metadata", "thinking", "output_config",
}  # fmt: skip
_HARMLESS: dict[str, object] = {"mcp_servers": []}
_CHOICES = {"none": "none", "auto": "auto", "any": "required"}
_REASONS_ALWAYS = re.compile(r"(openai/)?(o\d|gpt-([5-9]|\d\d))")
"""OpenAI's own models that refuse `max_tokens` and want `max_completion_tokens`, which Ollama and others ignore."""


class ClientTool(msgspec.Struct):
    """A tool that the client runs; a server's own tools have another type."""

    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: msgspec.Raw = NOTHING
    strict: bool | None = None


class ToolChoice(msgspec.Struct):
    """How the model should use the tools."""

    type: str
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class Thinking(msgspec.Struct):
    """Whether the model thinks first."""

    type: str


class OutputFormat(msgspec.Struct):
    """The form that the answer must have."""

    type: str
    schema: msgspec.Raw


class OutputConfig(msgspec.Struct):
    """How much work the answer is worth, and its form."""

    effort: str | None = None
    format: OutputFormat | None = None


_STOP = msgspec.json.Decoder(list[str])
_TURNS = msgspec.json.Decoder(list[Turn])
_SYSTEM = msgspec.json.Decoder(str | list[Block])
_TOOLS = msgspec.json.Decoder(list[ClientTool])
_CHOICE = msgspec.json.Decoder(ToolChoice)
_THINKING = msgspec.json.Decoder(Thinking)
_OUTPUT = msgspec.json.Decoder(OutputConfig)


def messages_as_chat(asked: Asked, model: str) -> bytes:
    """The body for a target that speaks chat; raises `Refusal` for what would be lost."""
    fields = given(asked.fields)
    refuse_others(Operation.CHAT, fields, _KNOWN, _HARMLESS)
    for name in ("messages", "max_tokens"):
        if name not in fields:
            raise malformed(f"`{name}` is missing")
    body: Json = {"model": model, "messages": _messages(fields)}
    body["max_completion_tokens" if _REASONS_ALWAYS.match(model) else "max_tokens"] = fields["max_tokens"]
    body |= {name: fields[name] for name in _AS_IT_IS if name in fields}
    if "stop_sequences" in fields and (stop := read(fields["stop_sequences"], _STOP, "stop_sequences")):
        body["stop"] = stop
    body |= _tools(fields) | _output(fields) | _thinking(fields)
    if asked.user:
        body["user"] = asked.user
    if asked.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return msgspec.json.encode(body)


def _messages(fields: dict[str, msgspec.Raw]) -> list[Json]:
    system = system_message(read(fields["system"], _SYSTEM, "system")) if "system" in fields else []
    return system + messages_of(read(fields["messages"], _TURNS, "messages"))


def _tools(fields: dict[str, msgspec.Raw]) -> Json:
    tools = [_tool(tool) for tool in read(fields["tools"], _TOOLS, "tools")] if "tools" in fields else []
    said: Json = {"tools": tools} if tools else {}
    if "tool_choice" not in fields:
        return said
    choice = read(fields["tool_choice"], _CHOICE, "tool_choice")
    return said | _choice(choice) if tools or choice.type not in ("auto", "none") else said


def _tool(tool: ClientTool) -> Json:
    if tool.type not in (None, "custom"):
        raise cannot(Operation.CHAT, f"tool of type `{tool.type}`")
    if not tool.name:
        raise malformed("a tool has no `name`")
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.input_schema != NOTHING:
        function["parameters"] = tool.input_schema
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _choice(choice: ToolChoice) -> Json:
    if choice.type == "tool" and choice.name:
        said: Json = {"tool_choice": {"type": "function", "function": {"name": choice.name}}}
    elif choice.type in _CHOICES:
        said = {"tool_choice": _CHOICES[choice.type]}
    else:
        raise cannot(Operation.CHAT, f"`tool_choice` `{choice.type}`")
    return said | {"parallel_tool_calls": False} if choice.disable_parallel_tool_use else said


def _thinking(fields: dict[str, msgspec.Raw]) -> Json:
    """Only that it is off can be said; otherwise a chat's model thinks as much as it does by itself."""
    if "thinking" not in fields or read(fields["thinking"], _THINKING, "thinking").type != "disabled":
        return {}
    return {"reasoning_effort": "none"}


def _output(fields: dict[str, msgspec.Raw]) -> Json:
    if "output_config" not in fields:
        return {}
    for name in read(fields["output_config"], OBJECT, "output_config"):
        if name not in OutputConfig.__struct_fields__:
            raise cannot(Operation.CHAT, f"`output_config.{name}`")
    config = read(fields["output_config"], _OUTPUT, "output_config")
    said: Json = {"reasoning_effort": config.effort} if config.effort else {}
    if config.format is None:
        return said
    if config.format.type != "json_schema":
        raise cannot(Operation.CHAT, f"`output_config.format` `{config.format.type}`")
    schema: Json = {"name": "answer", "schema": config.format.schema, "strict": True}
    return said | {"response_format": {"type": "json_schema", "json_schema": schema}}

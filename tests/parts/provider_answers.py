"""What APIs answer, as each of them writes it: whole bodies and streams of every operation, with a usage block."""

import json
from dataclasses import dataclass
from typing import Any, Literal

Api = Literal["openai", "anthropic", "deepseek", "xai", "openrouter"]
ID = "r-1"
WORDS = (
    "The",
    " price",
    " of",
    " an",
    " answer",
    ": ",
    "ünïcode",
    ' "usage":{"prompt_tokens":9}',
    " [DONE]",
    " and",
    " 🙂",
)
"""Pieces of a stream; some look like what a careless reader searches for."""


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens of one answer as costtui counts them: cached ones are part of the input, reasoning of the output."""

    input: int = 19
    output: int = 11
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cost_usd: str = ""
    """What the answer itself says it cost; empty: it does not."""


USUAL_USE = Used()


def usage_block(api: Api, operation: str, used: Used) -> dict[str, Any]:
    """The usage object of an API's answer."""
    if operation in ("messages", "count_tokens"):
        fresh = used.input - used.cached - used.cache_write
        return {
            "input_tokens": fresh,
            "cache_creation_input_tokens": used.cache_write,
            "cache_read_input_tokens": used.cached,
            "output_tokens": used.output,
        }
    if operation == "responses":
        return {
            "input_tokens": used.input,
            "input_tokens_details": {"cached_tokens": used.cached},
            "output_tokens": used.output,
            "output_tokens_details": {"reasoning_tokens": used.reasoning},
            "total_tokens": used.input + used.output,
        }
    if operation == "embeddings":
        return {"prompt_tokens": used.input, "total_tokens": used.input}
    return _chat_usage(api, used)


def _chat_usage(api: Api, used: Used) -> dict[str, Any]:
    output = used.output - used.reasoning if api == "xai" else used.output
    block: dict[str, Any] = {
        "prompt_tokens": used.input,
        "completion_tokens": output,
        "total_tokens": used.input + used.output,
        "completion_tokens_details": {"reasoning_tokens": used.reasoning},
    }
    if api == "deepseek":
        block |= {"prompt_cache_hit_tokens": used.cached, "prompt_cache_miss_tokens": used.input - used.cached}
    else:
        block["prompt_tokens_details"] = {"cached_tokens": used.cached}
    if used.cost_usd:
        block["cost"] = float(used.cost_usd)
    return block


def whole(operation: str, model: str, usage: object, count: int) -> bytes:
    """A whole answer of `count` words; `usage` is left out where it is `...`."""
    text = "".join(WORDS[number % len(WORDS)] for number in range(count))
    body = _WHOLE[operation](model, text)
    if operation == "count_tokens":
        return json.dumps({"input_tokens": usage["input_tokens"] if isinstance(usage, dict) else 0}).encode()
    if usage is not ...:
        body["usage"] = usage
    return json.dumps(body, ensure_ascii=False).encode()


def _message(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _whole_chat(model: str, text: str) -> dict[str, Any]:
    choices = [{"index": 0, "message": _message(text), "finish_reason": "stop"}]
    return {"id": ID, "object": "chat.completion", "created": 1, "model": model, "choices": choices}


def _whole_completion(model: str, text: str) -> dict[str, Any]:
    choices = [{"index": 0, "text": text, "finish_reason": "stop"}]
    return {"id": ID, "object": "text_completion", "created": 1, "model": model, "choices": choices}


def _whole_embedding(model: str, _: str) -> dict[str, Any]:
    data = [{"object": "embedding", "index": 0, "embedding": [0.5, -0.25, 0.125]}]
    return {"object": "list", "model": model, "data": data}


def _whole_response(model: str, text: str) -> dict[str, Any]:
    return _response(model, "completed") | {"output": [_output_item(text)]}


def _response(model: str, status: str) -> dict[str, Any]:
    about = {"id": ID, "object": "response", "created_at": 1, "model": model, "status": status, "output": []}
    return about | {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}


def _output_item(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "m-1", "type": "message", "status": "completed", "role": "assistant", "content": content}


def _whole_message(model: str, text: str) -> dict[str, Any]:
    return _message_head(model) | {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}


def _message_head(model: str) -> dict[str, Any]:
    about = {"id": ID, "type": "message", "role": "assistant", "model": model, "content": []}
    return about | {"stop_reason": None, "stop_sequence": None}


_WHOLE = {
    "chat": _whole_chat,
    "completions": _whole_completion,
    "embeddings": _whole_embedding,
    "responses": _whole_response,
    "messages": _whole_message,
    "count_tokens": _whole_message,
}


def events(operation: str, model: str, usage: object, count: int, *, says_usage: bool = True) -> list[bytes]:
    """A stream of `count` words, one event a piece. `says_usage`: the caller asked for the chunk with the usage."""
    words = [WORDS[number % len(WORDS)] for number in range(count)]
    if operation == "messages":
        return _message_events(model, usage, words)
    if operation == "responses":
        return _response_events(model, usage, words)
    return _chat_events(operation, model, usage, words, says_usage=says_usage)


def event(data: object, name: str = "") -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _chat_events(operation: str, model: str, usage: object, words: list[str], *, says_usage: bool) -> list[bytes]:
    kind = "chat.completion.chunk" if operation == "chat" else "text_completion"
    about = {"id": ID, "object": kind, "created": 1, "model": model}
    if operation == "chat":
        pieces: list[dict[str, Any]] = [{"index": 0, "delta": {"role": "assistant", "content": ""}}]
        pieces += [{"index": 0, "delta": {"content": word}} for word in words]
        pieces += [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    else:
        pieces = [{"index": 0, "text": word, "finish_reason": None} for word in words]
    said = [event(about | {"choices": [piece]}) for piece in pieces]
    if says_usage and usage is not ...:
        said.append(event(about | {"choices": [], "usage": usage}))
    return [*said, b"data: [DONE]\n\n"]


def _message_events(model: str, usage: object, words: list[str]) -> list[bytes]:
    message = _message_head(model)
    last: dict[str, Any] = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    if isinstance(usage, dict):
        message["usage"] = usage | {"output_tokens": 1}
        last["usage"] = {"output_tokens": usage["output_tokens"]}
    elif usage is not ...:
        message["usage"], last["usage"] = usage, usage
    block = {"type": "text", "text": ""}
    said: list[tuple[str, dict[str, Any]]] = [("message_start", {"message": message}), ("ping", {})]
    said += [("content_block_start", {"index": 0, "content_block": block})]
    said += [("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word}}) for word in words]
    said += [("content_block_stop", {"index": 0}), ("message_delta", last), ("message_stop", {})]
    return [event({"type": name} | data, name) for name, data in said]


def _response_events(model: str, usage: object, words: list[str]) -> list[bytes]:
    at: dict[str, Any] = {"item_id": "m-1", "output_index": 0, "content_index": 0}
    final = _response(model, "completed") | {"output": [_output_item("".join(words))]}
    if usage is not ...:
        final["usage"] = usage
    said: list[tuple[str, dict[str, Any]]] = [("response.created", {"response": _response(model, "in_progress")})]
    empty = {"id": "m-1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    said += [("response.output_item.added", {"output_index": 0, "item": empty})]
    part = {"type": "output_text", "text": "", "annotations": []}
    said += [("response.content_part.added", at | {"part": part})]
    said += [("response.output_text.delta", at | {"delta": word, "logprobs": []}) for word in words]
    said += [("response.output_text.done", at | {"text": "".join(words), "logprobs": []})]
    said += [("response.output_item.done", {"output_index": 0, "item": _output_item("".join(words))})]
    said += [("response.completed", {"response": final})]
    return [event({"type": name, "sequence_number": number} | data, name) for number, (name, data) in enumerate(said)]


def error(operation: str, message: str, kind: str = "server_error") -> bytes:
    """An error's body in the operation's dialect."""
    about = {"type": kind, "message": message}
    if operation in ("messages", "count_tokens"):
        return json.dumps({"type": "error", "error": about}).encode()
    return json.dumps({"error": about | {"param": None, "code": None}}).encode()

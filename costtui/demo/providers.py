"""API providers that the demo plays: one that speaks OpenAI's dialect and one that speaks Anthropic's.

They ask for a key, refuse some requests, stream, and state what their prompt caches read, as the real ones do.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from random import Random

from costtui.demo.apis import SimulatedApi
from costtui.demo.chat import TICK_SECONDS, read_order, text
from costtui.demo.web import Answer, Asked

KEY_PREFIX = "simulated-"
"""Of every key that these providers take."""
CACHE_STEP, CACHE_LEAST = 128, 1_024
"""Prompts are cached in steps of so many tokens, and only long ones."""
CACHED_TENTHS = 3


@dataclass(frozen=True, slots=True)
class Call:
    """One request that is answered."""

    api: SimulatedApi
    identity: str
    created: int
    input_tokens: int
    cached_tokens: int
    written_tokens: int
    output_tokens: int


async def serve(api: SimulatedApi, asked: Asked, answer: Answer, dice: Random, clock: Callable[[], float]) -> None:
    """Answer one request to an API."""
    messages = api.dialect == "anthropic"
    if asked.path != ("/v1/messages" if messages else "/v1/chat/completions") or asked.method != "POST":
        await answer.send_json(_error(api, "not_found_error", f"no {asked.path} here"), 404)
        return
    if not _key(asked).startswith(KEY_PREFIX):
        await answer.send_json(_error(api, "authentication_error", "this is none of our keys"), 401)
        return
    order = read_order(asked.body, dice)
    if order is None:
        await answer.send_json(_error(api, "invalid_request_error", "messages must be a list of objects"), 400)
        return
    if dice.random() < api.refused_ratio:
        await answer.send_json(_error(api, "rate_limit_error", "too many requests; try again shortly"), 429)
        return
    wait_seconds = api.first_token_seconds * dice.lognormvariate(0.0, 0.3)
    call = _call(api, order.input_tokens, _length(asked.body, order.output_tokens), dice, int(clock()))
    await asyncio.sleep(wait_seconds)
    if order.stream:
        await (_stream_messages(call, answer) if messages else _stream_chat(call, answer, order.usage_at_end))
    else:
        await asyncio.sleep(call.output_tokens / api.tokens_per_second)
        await answer.send_json(_message(call) if messages else _completion(call))


def _key(asked: Asked) -> str:
    return asked.fields.get("x-api-key") or asked.fields.get("authorization", "").removeprefix("Bearer ")


def _length(body: bytes, drawn: int) -> int:
    """The stated limit, which the demo's clients draw from the measured distribution; else as drawn here."""
    asked = json.loads(body)
    limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
    return drawn if limit is None else max(1, int(limit))


def _call(api: SimulatedApi, input_tokens: int, output_tokens: int, dice: Random, created: int) -> Call:
    cached = written = 0
    if input_tokens >= CACHE_LEAST:
        cached = input_tokens * CACHED_TENTHS // 10 // CACHE_STEP * CACHE_STEP
        written = CACHE_STEP if api.dialect == "anthropic" else 0
    return Call(api, f"{dice.getrandbits(64):016x}", created, input_tokens, cached, written, output_tokens)


def _error(api: SimulatedApi, kind: str, message: str) -> dict[str, object]:
    error: dict[str, object] = {"type": kind, "message": message}
    if api.dialect == "anthropic":
        return {"type": "error", "error": error}
    return {"error": error | {"param": None, "code": kind}}


async def _pieces(call: Call) -> AsyncIterator[str]:
    """The answer's text at the pace of the model."""
    said, step = 0, max(1, round(call.api.tokens_per_second * TICK_SECONDS))
    while said < call.output_tokens:
        end = min(said + step, call.output_tokens)
        yield text(said, end)
        said = end
        await asyncio.sleep(TICK_SECONDS)


def _completion(call: Call) -> dict[str, object]:
    message = {"role": "assistant", "content": text(0, call.output_tokens), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _chat_head(call, "chat.completion") | {"choices": [choice], "usage": _chat_usage(call)}


def _chat_head(call: Call, kind: str) -> dict[str, object]:
    head = {"id": f"chatcmpl-{call.identity}", "object": kind, "created": call.created, "model": call.api.model}
    return head | {"service_tier": "default"}


def _chat_usage(call: Call) -> dict[str, object]:
    return {
        "prompt_tokens": call.input_tokens,
        "completion_tokens": call.output_tokens,
        "total_tokens": call.input_tokens + call.output_tokens,
        "prompt_tokens_details": {"cached_tokens": call.cached_tokens, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


async def _stream_chat(call: Call, answer: Answer, usage_at_end: bool) -> None:
    answer.start()
    head = _chat_head(call, "chat.completion.chunk")
    async for piece in _pieces(call):
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        await _data(answer, head | {"choices": [choice]})
    await _data(answer, head | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if usage_at_end:
        await _data(answer, head | {"choices": [], "usage": _chat_usage(call)})
    await answer.piece(b"data: [DONE]\n\n")
    await answer.end()


def _message(call: Call) -> dict[str, object]:
    content = [{"type": "text", "text": text(0, call.output_tokens)}]
    return _message_head(call, content, "end_turn", call.output_tokens)


def _message_head(call: Call, content: list[dict[str, str]], reason: str | None, made: int) -> dict[str, object]:
    return {
        "id": f"msg_{call.identity}",
        "type": "message",
        "role": "assistant",
        "model": call.api.model,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": _message_usage(call) | {"output_tokens": made},
    }


def _message_usage(call: Call) -> dict[str, object]:
    """Anthropic's input leaves out what the cache read and wrote."""
    return {
        "input_tokens": call.input_tokens - call.cached_tokens - call.written_tokens,
        "cache_creation_input_tokens": call.written_tokens,
        "cache_read_input_tokens": call.cached_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": call.written_tokens, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
    }


async def _stream_messages(call: Call, answer: Answer) -> None:
    answer.start()
    await _event(answer, "message_start", message=_message_head(call, [], None, 1))
    await _event(answer, "content_block_start", index=0, content_block={"type": "text", "text": ""})
    async for piece in _pieces(call):
        await _event(answer, "content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    await _event(answer, "content_block_stop", index=0)
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    await _event(answer, "message_delta", delta=end, usage={"output_tokens": call.output_tokens})
    await _event(answer, "message_stop")
    await answer.end()


async def _data(answer: Answer, value: object) -> None:
    await answer.piece(b"data: " + json.dumps(value).encode() + b"\n\n")


async def _event(answer: Answer, kind: str, **fields: object) -> None:
    body = json.dumps({"type": kind} | fields).encode()
    await answer.piece(b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n")

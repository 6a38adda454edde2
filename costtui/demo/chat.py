"""Chat completions of a simulated engine, in OpenAI's shape, at the pace of its model."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from costtui.demo.serving import Job, Serving
from costtui.demo.traffic import output_length
from costtui.demo.web import Answer, Asked

TICK_SECONDS = 0.1
_WORDS = ("the", "cost", "of", "this", "model", "is", "low", "and", "the", "budget", "holds")


@dataclass(frozen=True, slots=True)
class Order:
    """What a body asks for."""

    input_tokens: int
    output_tokens: int
    reason: str
    stream: bool
    usage_at_end: bool


async def complete(asked: Asked, answer: Answer, serving: Serving, dice: Random, clock: Callable[[], float]) -> None:
    """Answer `/v1/chat/completions`; a client that goes away frees its place."""
    order = read_order(asked.body, dice)
    if order is None:
        message = "messages must be a list of objects with content"
        await answer.send_json({"error": {"message": message, "type": "BadRequestError", "code": 400}}, 400)
        return
    job = Job(order.input_tokens, order.output_tokens)
    serving.advance(clock())
    serving.add(job)
    try:
        await (_stream if order.stream else _whole)(order, job, answer, serving, clock)
    finally:
        serving.drop(job)


async def _whole(order: Order, job: Job, answer: Answer, serving: Serving, clock: Callable[[], float]) -> None:
    while not job.finished:
        await asyncio.sleep(TICK_SECONDS)
        serving.advance(clock())
    choice = {"index": 0, "message": {"role": "assistant", "content": text(0, job.output_tokens)}}
    body = _frame(serving, "chat.completion", [choice | {"finish_reason": order.reason}], clock())
    await answer.send_json(body | {"usage": _usage(job)})


async def _stream(order: Order, job: Job, answer: Answer, serving: Serving, clock: Callable[[], float]) -> None:
    answer.start()
    said = 0
    while not job.finished or said < job.output_tokens:
        await asyncio.sleep(TICK_SECONDS)
        serving.advance(clock())
        if job.done_tokens > said:
            delta = {"role": "assistant", "content": text(said, job.done_tokens)}
            said = job.done_tokens
            reason = order.reason if said == job.output_tokens else None
            await _event(answer, serving, [{"index": 0, "delta": delta, "finish_reason": reason}], clock())
    if order.usage_at_end:
        await _event(answer, serving, [], clock(), _usage(job))
    await answer.piece(b"data: [DONE]\n\n")
    await answer.end()


async def _event(answer: Answer, serving: Serving, choices: list[object], now: float, usage: object = None) -> None:
    body = _frame(serving, "chat.completion.chunk", choices, now)
    if usage is not None:
        body["usage"] = usage
    await answer.piece(b"data: " + json.dumps(body).encode() + b"\n\n")


def _frame(serving: Serving, kind: str, choices: object, now: float) -> dict[str, object]:
    identity = f"chatcmpl-{serving.finished}"
    return {"id": identity, "object": kind, "created": int(now), "model": serving.engine.model, "choices": choices}


def _usage(job: Job) -> dict[str, object]:
    return {
        "prompt_tokens": job.input_tokens,
        "completion_tokens": job.output_tokens,
        "total_tokens": job.input_tokens + job.output_tokens,
        "prompt_tokens_details": {"cached_tokens": job.cached_tokens},
    }


def text(start: int, end: int) -> str:
    """As many words as tokens."""
    return "".join(f"{_WORDS[index % len(_WORDS)]} " for index in range(start, end))


def read_order(body: bytes, dice: Random) -> Order | None:
    """None for what is no chat. A word counts as a token. `ignore_eos` with `max_tokens` gives exactly so many, as in
    vLLM."""
    try:
        asked = json.loads(body)
        words = sum(len(str(message["content"]).split()) for message in asked["messages"])
        limit = int(asked.get("max_completion_tokens") or asked.get("max_tokens") or 1_000)
        options = asked.get("stream_options") or {}
        usage_at_end = bool(options.get("include_usage"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    natural = limit if asked.get("ignore_eos") else output_length(dice)
    length = max(1, min(limit, natural))
    reason = "stop" if natural < limit else "length"
    return Order(max(1, words), length, reason, bool(asked.get("stream")), usage_at_end)

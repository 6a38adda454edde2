"""What reading and metering costs: `python -m tests.bench.dialects`. CPU microseconds, best of seven, as JSON."""

import json
import time
import timeit
from collections.abc import Callable
from functools import partial

from costtui.dialects.answer import read_answer
from costtui.dialects.operation import Operation
from costtui.dialects.request import forward_body, read_request
from costtui.dialects.stream import StreamMeter

CHUNK = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1795426181,"model":"some-model",'
    b'"choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]}\n\n'
)
USAGE = b'data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":200}}\n\n'
DONE = b"data: [DONE]\n\n"
EVENTS = 200


def microseconds(run: Callable[[], object]) -> float:
    """CPU time of one call."""
    timer = timeit.Timer(run, timer=time.process_time)
    rounds, _ = timer.autorange()
    return round(min(timer.repeat(7, rounds)) / rounds * 1e6, 3)


def request(size: int, messages: int, separators: tuple[str, str] = (",", ":")) -> bytes:
    """A chat of about `size` bytes."""
    text = 'the model of the night is cheap, said the "batch".\n' * (size // messages // 52)
    turns = [{"role": "user", "content": text} for _ in range(messages)]
    body = {"model": "gpt-5", "messages": turns, "stream": True, "temperature": 0.2, "max_tokens": 100, "user": "u"}
    return json.dumps(body, separators=separators).encode()


def answer() -> bytes:
    """A chat's answer of 0.7 KB."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "word " * 70}, "finish_reason": "stop"}
    details = {"prompt_tokens_details": {"cached_tokens": 8}, "completion_tokens_details": {"reasoning_tokens": 3}}
    usage = {"prompt_tokens": 40, "total_tokens": 110, "completion_tokens": 70, **details}
    return json.dumps({"id": "1", "model": "m", "choices": [choice], "usage": usage}, separators=(",", ":")).encode()


def of_requests() -> dict[str, float]:
    """Reading and forwarding, with few and with many messages, compact and with spaces."""
    bodies = {
        "1 KB": request(1_000, 2),
        "1 KB with spaces": request(1_000, 2, (", ", ": ")),
        "100 KB": request(100_000, 10),
        "100 KB of 200 messages": request(100_000, 200),
        "100 KB of braces": b'{"model":"m","x":[' + b",".join([b'{"b":[1]}'] * 10_000) + b"]}",
    }
    figures = {}
    for name, body in bodies.items():
        asked = read_request(Operation.CHAT, body)
        figures[f"read_request {name}"] = microseconds(partial(read_request, Operation.CHAT, body))
        figures[f"forward_body {name}, other model and usage"] = microseconds(
            partial(forward_body, asked, body, "other", inject_usage=True)
        )
    return figures


def whole_stream(body: bytes, hide: bool) -> bytes:
    """All of a stream in one read."""
    return StreamMeter(Operation.CHAT, "openai", hide_usage=hide).feed(body)


def of_streams() -> dict[str, float]:
    """A read of one event, and an event of a read that brings 50 and of a whole stream in one."""
    figures = {}
    for hide in (False, True):
        meter = StreamMeter(Operation.CHAT, "openai", hide_usage=hide)
        bulk = CHUNK * 50
        whole = CHUNK * EVENTS + USAGE + DONE
        name = "hiding usage" if hide else "all shown"
        figures[f"stream, {name}: a read of one event"] = microseconds(partial(meter.feed, CHUNK))
        figures[f"stream, {name}: an event of 50 in a read"] = microseconds(partial(meter.feed, bulk)) / 50
        figures[f"stream, {name}: an event of a stream in one read"] = (
            microseconds(partial(whole_stream, whole, hide)) / EVENTS
        )
    return figures


def main() -> None:
    """Print the figures."""
    body = answer()
    figures = of_requests()
    figures[f"read_answer {len(body)} bytes"] = microseconds(lambda: read_answer(Operation.CHAT, "openai", body))
    print(json.dumps({name: round(figure, 3) for name, figure in {**figures, **of_streams()}.items()}, indent=1))


if __name__ == "__main__":
    main()

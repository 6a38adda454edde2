"""What is sent: requests like those of a chat client, and what the upstream answers."""

import json

EVENTS = 500
"""Of a stream that comes as fast as it can."""
WORD = "All of these words are only here to give the prompt its usual length. "
BODY_BYTES = {"whole": 900, "armed": 900, "tls": 900, "stream": 900, "large": 100_000}


def request(model: str, headers: tuple[str, ...] = (), kind: str = "whole") -> bytes:
    """A POST to the chat endpoint; the load generator puts a number in the place of the eight `@`."""
    text = "question @@@@@@@@ " + WORD * (BODY_BYTES[kind] // len(WORD))
    asked = {"model": model, "messages": [{"role": "user", "content": text}], "temperature": 0.2}
    if kind == "stream":
        asked |= {"max_tokens": EVENTS, "stream": True, "stream_options": {"include_usage": True}}
    body = json.dumps(asked).encode()
    lines = ["POST /v1/chat/completions HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", *headers]
    lines += ["accept: application/json", "user-agent: load", f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


USAGE: dict[str, object] = {
    "prompt_tokens": 190,
    "completion_tokens": 90,
    "total_tokens": 280,
    "prompt_tokens_details": {"cached_tokens": 64, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
LARGE_USAGE = USAGE | {"prompt_tokens": 21_000, "total_tokens": 21_090}
"""In proportion to the large body: usage out of proportion is looked into, which is not what is measured."""
ABOUT = {"id": "chatcmpl-0123456789", "created": 1, "model": "gpt-5"}


def answer(usage: dict[str, object] = USAGE) -> bytes:
    """A whole answer of 0.7 KB."""
    message = {"role": "assistant", "content": "An answer as long as usual ones are. " * 8}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps(ABOUT | {"object": "chat.completion", "choices": choices, "usage": usage}).encode()


def event() -> bytes:
    """A piece of a stream."""
    choices = [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}]
    return _event(ABOUT | {"object": "chat.completion.chunk", "choices": choices})


def ending() -> bytes:
    """The last events of a stream."""
    choices = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    chunk = ABOUT | {"object": "chat.completion.chunk"}
    return _event(chunk | {"choices": choices}) + _event(chunk | {"choices": [], "usage": USAGE}) + b"data: [DONE]\n\n"


def _event(data: object) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"

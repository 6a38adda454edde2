"""Streams say the same in the other dialect, however they are split, and never end well when they broke off."""

import json
import urllib.request
from itertools import pairwise
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionChunk

from costtui.dialects.operation import Operation
from costtui.dialects.stream import LINE_LIMIT
from costtui.dialects.translate import StreamTranslator
from tests.parts.llama import LlamaServer

CHAT, MESSAGES = Operation.CHAT, Operation.MESSAGES
GOLDEN = Path(__file__).parents[2] / "fixtures" / "dialects"
ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}
DONE = b"data: [DONE]\n\n"
STOPPED = b'data: {"type":"message_stop"}\n\n'
SUCCESS = {CHAT: DONE, MESSAGES: STOPPED}


def chunk(delta: dict[str, Any] | None, reason: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
    return b"data: " + json.dumps({"id": "c-1", "choices": choices, **more}).encode() + b"\n\n"


def called(index: int, **call: Any) -> bytes:
    return chunk({"tool_calls": [{"index": index, **call}]})


def event(kind: str, **members: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    pieces = [event("content_block_delta", index=index, delta=delta) for delta in deltas]
    begun = event("content_block_start", index=index, content_block=start)
    return begun + b"".join(pieces) + event("content_block_stop", index=index)


START = event("message_start", message={"id": "msg_1", "usage": {"input_tokens": 9, "output_tokens": 1}})
STOP = event("message_stop")


def ended(reason: str, **more: Any) -> bytes:
    return event("message_delta", delta={"stop_reason": reason, **more}, usage={"output_tokens": 4}) + STOP


CHAT_WITH_ALL = (
    b": OPENROUTER PROCESSING\n\n"
    + chunk(None, prompt_filter_results=[])
    + chunk({"role": "assistant", "content": None})
    + chunk({"reasoning_content": "5 g"})
    + chunk({"reasoning_content": "?"})
    + b": OPENROUTER PROCESSING\n\n"
    + chunk({"content": "Weigh"})
    + chunk({"content": "ïng 🙂."})
    + called(0, id="call_a", type="function", function={"name": "weigh", "arguments": ""})
    + called(0, function={"arguments": '{"grams"'})
    + called(0, function={"arguments": ": 5}"})
    + called(1, id="call_b", type="function", function={"name": "stop", "arguments": "{}"})
    + chunk({}, "tool_calls")
    + chunk(None, usage={"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 5}})
    + DONE
)
MESSAGE_WITH_ALL = (
    START
    + event("ping")
    + block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "5 g"},
        {"type": "thinking_delta", "thinking": "?"},
        {"type": "signature_delta", "signature": "s"},
    )
    + block(1, {"type": "redacted_thinking", "data": "x"})
    + block(
        2,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Weigh"},
        {"type": "text_delta", "text": "ïng 🙂."},
    )
    + block(
        3,
        {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"query": "x"}'},
    )
    + block(
        4,
        {"type": "tool_use", "id": "toolu_a", "name": "weigh", "input": {}},
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"grams"'},
        {"type": "input_json_delta", "partial_json": ": 5}"},
    )
    + block(5, {"type": "tool_use", "id": "toolu_b", "name": "stop", "input": {}})
    + event("an_event_of_next_year")
    + ended("tool_use")
)
STREAMS: dict[str, tuple[Operation, bytes]] = {
    "chat with all": (CHAT, CHAT_WITH_ALL),
    "message with all": (MESSAGES, MESSAGE_WITH_ALL),
    "llama.cpp's chat": (CHAT, (GOLDEN / "llamacpp_chat_stream.txt").read_bytes()),
    "vLLM's chat": (CHAT, (GOLDEN / "vllm_chat_stream.txt").read_bytes()),
    "llama.cpp's message": (MESSAGES, (GOLDEN / "llamacpp_messages_stream.txt").read_bytes()),
    "Anthropic's message": (MESSAGES, (GOLDEN / "anthropic_messages_stream.txt").read_bytes()),
}


def run(upstream: Operation, *reads: bytes, include_usage: bool = True) -> bytes:
    client = MESSAGES if upstream is CHAT else CHAT
    translator = StreamTranslator(client, upstream, "asked", include_usage=include_usage)
    return b"".join([translator.feed(read) for read in reads]) + translator.end()


def answering(body: bytes) -> httpx2.Client:
    headers = {"content-type": "text/event-stream"}
    return httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, content=body)))


def as_anthropic_reads(body: bytes) -> anthropic.types.Message:
    """The final message that Anthropic's client puts together."""
    with (
        answering(body) as http,
        anthropic.Anthropic(api_key="k", http_client=http, max_retries=0) as client,
        client.messages.stream(model="asked", max_tokens=9, messages=[{"role": "user", "content": "x"}]) as stream,
    ):
        return stream.get_final_message()


def as_openai_reads(body: bytes) -> list[ChatCompletionChunk]:
    """The chunks that OpenAI's client reads, each held to its type."""
    with answering(body) as http, openai.OpenAI(api_key="k", http_client=http, max_retries=0) as client:
        stream = client.chat.completions.create(model="asked", stream=True, messages=[{"role": "user", "content": "x"}])
        return [ChatCompletionChunk.model_validate(part.to_dict()) for part in stream]


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(part.choices[0].delta.content or "" for part in chunks if part.choices)


def test_anthropics_client_reads_all_of_a_chat() -> None:
    read = as_anthropic_reads(run(CHAT, CHAT_WITH_ALL)).to_dict()
    assert read["content"] == [
        {"type": "thinking", "thinking": "5 g?", "signature": ""},
        {"type": "text", "text": "Weighïng 🙂."},
        {"type": "tool_use", "id": "call_a", "name": "weigh", "input": {"grams": 5}},
        {"type": "tool_use", "id": "call_b", "name": "stop", "input": {}},
    ]
    assert (read["id"], read["model"], read["role"]) == ("c-1", "asked", "assistant")
    assert (read["stop_reason"], read["stop_sequence"]) == ("tool_use", None)
    # 9 in all, 5 of them from the cache
    counts = {"input_tokens": 4, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 0, "output_tokens": 4}
    assert read["usage"] == counts


def test_openais_client_reads_all_of_a_message() -> None:
    read = as_openai_reads(run(MESSAGES, MESSAGE_WITH_ALL))
    first, last = read[0], read[-1]
    assert (first.id, first.model, first.created, first.object) == ("msg_1", "asked", 0, "chat.completion.chunk")
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert text_of(read) == "Weighïng 🙂."
    deltas = [part.choices[0].delta.to_dict() for part in read if part.choices]
    assert "".join(str(delta.get("reasoning_content", "")) for delta in deltas) == "5 g?"
    assert [part.choices[0].finish_reason for part in read if part.choices][-2:] == [None, "tool_calls"]
    assert last.choices == []
    assert last.usage is not None
    assert (last.usage.prompt_tokens, last.usage.completion_tokens, last.usage.total_tokens) == (9, 4, 13)


def test_openais_client_puts_the_tool_calls_together() -> None:
    calls: dict[int, list[str]] = {}
    for part in as_openai_reads(run(MESSAGES, MESSAGE_WITH_ALL)):
        for call in (part.choices[0].delta.tool_calls or []) if part.choices else []:
            assert call.function is not None
            kept = calls.setdefault(call.index, [call.id or "", call.function.name or "", ""])
            kept[2] += call.function.arguments or ""
    assert calls == {0: ["toolu_a", "weigh", '{"grams": 5}'], 1: ["toolu_b", "stop", "{}"]}


@pytest.mark.parametrize("line_end", ENDS)
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_split_at_any_byte_becomes_the_same_bytes(name: str, line_end: str) -> None:
    upstream, body = STREAMS[name]
    whole = run(upstream, body)
    body = body.replace(b"\n", ENDS[line_end])
    assert whole.endswith(SUCCESS[MESSAGES if upstream is CHAT else CHAT])
    for at in range(len(body) + 1):
        assert run(upstream, body[:at], body[at:]) == whole, at


@given(st.sampled_from(sorted(STREAMS)), st.sampled_from(sorted(ENDS)), st.lists(st.integers(0, 9000), max_size=12))
def test_a_stream_in_many_reads_becomes_the_same_bytes(name: str, line_end: str, cuts: list[int]) -> None:
    upstream, body = STREAMS[name]
    whole = run(upstream, body)
    body = body.replace(b"\n", ENDS[line_end])
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    reads = [body[start:end] for start, end in pairwise(places)]
    assert run(upstream, *reads) == whole


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_breaks_off_anywhere_gets_no_end(name: str) -> None:
    upstream, body = STREAMS[name]
    whole, success = run(upstream, body), SUCCESS[MESSAGES if upstream is CHAT else CHAT]
    for at in range(len(body.rstrip())):
        sent = run(upstream, body[:at])
        assert whole.startswith(sent), at
        assert success not in sent, at


@pytest.mark.parametrize("name", STREAMS)
def test_a_last_event_without_its_empty_line_counts(name: str) -> None:
    upstream, body = STREAMS[name]
    assert run(upstream, body.rstrip()) == run(upstream, body)


@pytest.mark.parametrize("name", STREAMS)
def test_after_the_end_nothing_more_is_sent(name: str) -> None:
    upstream, body = STREAMS[name]
    assert run(upstream, body, body, b"x") == run(upstream, body)


@pytest.mark.parametrize("name", ["message with all", "Anthropic's message"])
def test_the_usage_is_sent_to_those_alone_who_asked_for_it(name: str) -> None:
    upstream, body = STREAMS[name]
    with_usage, without = run(upstream, body), run(upstream, body, include_usage=False)
    chunks = with_usage.split(b"\n\n")
    usage = next(part for part in chunks if b'"choices":[]' in part)
    assert without == with_usage.replace(usage + b"\n\n", b"")


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        (chunk({"content": "x"}, "stop"), "end_turn"),
        (chunk({"content": "x"}, "length"), "max_tokens"),
        (chunk({"content": "x"}) + chunk({}, "content_filter"), "refusal"),
        (chunk({"refusal": "I will"}) + chunk({"refusal": " not."}) + chunk({}, "stop"), "refusal"),
        (called(0, id="a", function={"name": "n", "arguments": "{}"}) + chunk({}, "stop"), "tool_use"),
    ],
)
def test_a_chats_finish_reason_is_a_messages_stop_reason(chunks: bytes, reason: str) -> None:
    assert as_anthropic_reads(run(CHAT, chunks + DONE)).stop_reason == reason


def test_a_chats_refusal_is_a_messages_text() -> None:
    chunks = chunk({"refusal": "I will"}) + chunk({"refusal": " not."}) + chunk({}, "stop")
    content = as_anthropic_reads(run(CHAT, chunks + DONE)).to_dict()["content"]
    assert content == [{"type": "text", "text": "I will not."}]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("end_turn", "stop"), ("max_tokens", "length"), ("pause_turn", "length"), ("refusal", "content_filter")],
)
def test_a_messages_stop_reason_is_a_chats_finish_reason(reason: str, expected: str) -> None:
    read = as_openai_reads(run(MESSAGES, START + ended(reason), include_usage=False))
    assert read[-1].choices[0].finish_reason == expected


def test_why_a_message_was_refused_is_a_chats_refusal() -> None:
    details = {"type": "refusal", "category": None, "explanation": "Not this."}
    read = as_openai_reads(run(MESSAGES, START + ended("refusal", stop_details=details), include_usage=False))
    assert read[-1].choices[0].delta.refusal == "Not this."


def test_calls_that_share_an_index_are_told_apart_by_their_ids() -> None:
    calls = [called(0, id=number, function={"name": "n", "arguments": "{}"}) for number in "ab"]
    read = as_anthropic_reads(run(CHAT, b"".join(calls) + chunk({}, "tool_calls") + DONE))
    assert [part.id for part in read.content if part.type == "tool_use"] == ["a", "b"]


def test_a_call_that_is_named_again_in_each_piece_stays_one() -> None:
    pieces = [called(0, id="a", function={"name": "n", "arguments": part}) for part in ('{"x"', ": 1}")]
    read = as_anthropic_reads(run(CHAT, b"".join(pieces) + chunk({}, "tool_calls") + DONE))
    assert [part.input for part in read.content if part.type == "tool_use"] == [{"x": 1}]


def test_the_tool_that_comes_whole_keeps_its_input() -> None:
    tool = block(0, {"type": "tool_use", "id": "t", "name": "n", "input": {"x": 1}})
    sent = run(MESSAGES, START + tool + ended("tool_use"))
    assert json.dumps('{"x": 1}').encode() in sent


def test_an_upstream_that_is_still_there_shows_so() -> None:
    assert run(CHAT, CHAT_WITH_ALL).count(b"event: ping\n") == 1  # the other came before the message began
    assert run(MESSAGES, MESSAGE_WITH_ALL).count(b": ping\n\n") == 1


def test_a_second_choice_is_passed_over() -> None:
    second = {"id": "c-1", "choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}
    other = b"data: " + json.dumps(second).encode() + b"\n\n"
    read = as_anthropic_reads(run(CHAT, chunk({"content": "yes"}) + other + chunk({}, "length") + DONE)).to_dict()
    assert (read["content"], read["stop_reason"]) == ([{"type": "text", "text": "yes"}], "max_tokens")


BEGUN = {CHAT: chunk({"content": "x"}), MESSAGES: START + event("content_block_start", index=0)}
FAILURES: dict[str, tuple[Operation, bytes, str]] = {
    "an error": (CHAT, b'data: {"error": {"message": "too hot", "code": 500, "type": "x"}}\n\n', "too hot"),
    "an error without words": (CHAT, b'data: {"error": true}\n\n', "told of an error"),
    "no finish reason": (CHAT, DONE, "before its answer was finished"),
    "finished by an error": (CHAT, chunk({}, "error") + DONE, "finish_reason error"),
    "no JSON": (CHAT, b"data: <html>\n\n", "cannot be read"),
    "deep JSON": (CHAT, b"data: " + b"[" * 100_000 + b"\n\n", "cannot be read"),
    "a call without a name": (CHAT, called(0, id="a", function={"arguments": "{"}), "not open"),
    "a call that was over": (
        CHAT,
        called(0, id="a", function={"name": "n"})
        + called(1, id="b", function={"name": "n"})
        + called(0, function={"arguments": "{"}),
        "not open",
    ),
    "an error event": (MESSAGES, event("error", error={"type": "overloaded_error", "message": "too hot"}), "too hot"),
    "no stop reason": (MESSAGES, STOP, "before its answer was finished"),
    "not JSON": (MESSAGES, b"event: ping\ndata: <html>\n\n", "cannot be read"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_inside_the_stream_is_raised_by_the_official_client(name: str) -> None:
    upstream, failure, words = FAILURES[name]
    later = STREAMS["chat with all" if upstream is CHAT else "message with all"][1]
    sent = run(upstream, BEGUN[upstream] + failure + later)
    if upstream is CHAT:
        with pytest.raises(anthropic.APIStatusError, match=words):
            as_anthropic_reads(sent)
    else:
        with pytest.raises(openai.APIError, match=words):
            as_openai_reads(sent)
    assert sent == run(upstream, BEGUN[upstream] + failure)


def test_an_error_without_its_empty_line_is_told() -> None:
    error = event("error", error={"type": "overloaded_error", "message": "too hot"})
    assert run(MESSAGES, START + error.rstrip()) == run(MESSAGES, START + error)


def test_a_message_that_does_not_begin_is_an_error() -> None:
    assert b"cannot be read" in run(MESSAGES, ended("end_turn"))


@pytest.mark.parametrize("upstream", [CHAT, MESSAGES])
@pytest.mark.parametrize("read_bytes", [4096, 2 * LINE_LIMIT])
def test_a_line_without_end_is_given_up(upstream: Operation, read_bytes: int) -> None:
    client = MESSAGES if upstream is CHAT else CHAT
    translator = StreamTranslator(client, upstream, "asked", include_usage=True)
    sent = translator.feed(BEGUN[upstream])
    line = b"data: " + b"x" * (LINE_LIMIT + 1)
    for start in range(0, len(line), read_bytes):
        sent += translator.feed(line[start : start + read_bytes])
    assert b"longer than 1 MiB" in sent
    assert translator.feed(b"\n\n" + STREAMS["chat with all"][1]) + translator.end() == b""
    assert run(upstream, BEGUN[upstream] + line + b"\n\n") == sent


def test_a_pair_without_a_translation_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="chat cannot be written as one of responses"):
        StreamTranslator(Operation.RESPONSES, CHAT, "asked", include_usage=True)


def streamed(server: LlamaServer, path: str, **more: Any) -> bytes:
    messages = [{"role": "user", "content": "what is idle?"}]
    body = {"model": server.model, "messages": messages, "max_tokens": 12, "temperature": 0, "stream": True, **more}
    request = urllib.request.Request(
        f"{server.url}{path}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        read: bytes = answer.read()
    return read


def test_an_engines_streams_say_the_same_translated(llama_server: LlamaServer) -> None:
    chat = streamed(llama_server, "/chat/completions", stream_options={"include_usage": True})
    message = streamed(llama_server, "/messages")
    native, told = as_anthropic_reads(message), as_anthropic_reads(run(CHAT, chat))
    assert told.content == native.content
    assert told.stop_reason == native.stop_reason == "max_tokens"
    assert told.usage.output_tokens == native.usage.output_tokens == 12
    assert given_tokens(told) == given_tokens(native)
    native_chunks, chunks = as_openai_reads(chat), as_openai_reads(run(MESSAGES, message))
    assert text_of(chunks) == text_of(native_chunks)
    assert chunks[-2].choices[0].finish_reason == native_chunks[-2].choices[0].finish_reason == "length"
    usage, same = chunks[-1].usage, native_chunks[-1].usage
    assert usage is not None
    assert same is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (same.prompt_tokens, same.completion_tokens)


def given_tokens(message: anthropic.types.Message) -> int:
    """How much of them comes from the cache depends on what was asked before."""
    return message.usage.input_tokens + (message.usage.cache_read_input_tokens or 0)

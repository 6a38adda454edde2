"""Streams are metered the same however they are split, and pass byte for byte."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.operation import Operation
from costtui.dialects.stream import LINE_LIMIT, StreamMeter
from costtui.domain.usage import Usage

GOLDEN = Path(__file__).parent.parent / "fixtures" / "dialects"
STREAMS: dict[str, tuple[Operation, Usage | None]] = {
    "llamacpp_chat_stream": (Operation.CHAT, Usage(56, 6, 55)),
    "llamacpp_chat_stream_without_usage": (Operation.CHAT, None),
    "vllm_chat_stream": (Operation.CHAT, Usage(71, 4)),
    "llamacpp_messages_stream": (Operation.MESSAGES, Usage(28, 3, 27)),
    "anthropic_messages_stream": (Operation.MESSAGES, Usage(6100, 50, 5000, 400, 600, 20, web_searches=2)),
    "responses_stream": (
        Operation.RESPONSES,
        Usage(1000, 200, 800, 100, reasoning_tokens=150, web_searches=1, service_tier="priority"),
    ),
}
ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}


def golden(name: str, line_end: str = "LF") -> bytes:
    return (GOLDEN / f"{name}.txt").read_bytes().replace(b"\n", ENDS[line_end])


def run(operation: Operation, reads: list[bytes], *, hide: bool = False) -> tuple[StreamMeter, bytes]:
    meter = StreamMeter(operation, "openai", hide_usage=hide)
    sent = b"".join(meter.feed(read) for read in reads)
    return meter, sent + meter.end()


def chunk(text: str) -> bytes:
    return b"data: " + text.encode() + b"\n\n"


@pytest.mark.parametrize("line_end", ENDS)
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_split_at_any_byte_says_the_same_and_passes_byte_for_byte(name: str, line_end: str) -> None:
    operation, usage = STREAMS[name]
    body = golden(name, line_end)
    for at in range(len(body) + 1):
        meter, sent = run(operation, [body[:at], body[at:]])
        assert sent == body
        assert (meter.usage, meter.ended, meter.failed) == (usage, True, False), at


@pytest.mark.parametrize("line_end", ENDS)
@pytest.mark.parametrize("name", STREAMS)
def test_hiding_takes_out_the_usage_chunk_alone_at_any_split(name: str, line_end: str) -> None:
    operation, usage = STREAMS[name]
    body = golden(name, line_end)
    blank = ENDS[line_end] * 2
    events = body.split(blank)
    expected = blank.join(event for event in events if b'"choices":[]' not in event)
    assert (expected != body) == (operation is Operation.CHAT and usage is not None)
    for at in range(len(body) + 1):
        meter, sent = run(operation, [body[:at], body[at:]], hide=True)
        assert sent == expected, at
        assert (meter.usage, meter.ended) == (usage, True)


@given(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"data:x", b": y", b"\n\n"])), st.data())
def test_any_mixture_of_line_ends_passes_byte_for_byte_even_when_usage_is_hidden(
    parts: list[bytes], data: st.DataObject
) -> None:
    body = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    reads = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert run(Operation.CHAT, reads, hide=True)[1] == body


@pytest.mark.parametrize(
    ("first", "second"),
    [pair for pair in product(ENDS.values(), repeat=2) if pair != (b"\r", b"\n")],  # which is one CRLF
)
def test_an_event_ends_with_an_empty_line_whatever_mixture_ends_its_lines(first: bytes, second: bytes) -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}'
    body = usage + first + second + b"data: [DONE]\n\n"
    for at in range(len(body) + 1):
        meter, sent = run(Operation.CHAT, [body[:at], body[at:]], hide=True)
        assert (meter.usage, meter.ended) == (Usage(5, 7), True)
        assert sent.lstrip(b"\r\n") == b"data: [DONE]\n\n"


def test_a_read_that_hides_nothing_is_handed_on_as_the_very_same_object() -> None:
    meter = StreamMeter(Operation.CHAT, "openai", hide_usage=False)
    whole, half = chunk('{"choices":[{"delta":{"content":"a"}}]}'), b'data: {"cho'
    assert meter.feed(whole) is whole
    assert meter.feed(half) is half


@pytest.mark.parametrize(
    "usage",
    [
        'data:{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}',
        'data: {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 7}}',
        'data: {"choices": [ ], "usage" : {"prompt_tokens": 5, "completion_tokens": 7}}',
        ': note\ndata: {"choices":[],\ndata: "usage":{"prompt_tokens":5,"completion_tokens":7}}',
    ],
)
def test_usage_is_found_however_it_is_written(usage: str) -> None:
    meter, sent = run(Operation.CHAT, [usage.encode() + b"\n\ndata:[DONE]\n\n"], hide=True)
    assert meter.usage == Usage(5, 7)
    assert sent == b"data:[DONE]\n\n"


@pytest.mark.parametrize("hide", [False, True])
def test_texts_that_look_like_usage_an_error_or_the_end_fool_nobody(hide: bool) -> None:
    tricks = [
        r'"\"usage\": {\"prompt_tokens\": 1, \"completion_tokens\": 1}"',
        r'"data: [DONE]\n\ndata: [DONE]"',
        r'"\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n"',
        '"usage"',
        '"[DONE]"',
        '"error"',
        r'"\"choices\":[]"',
    ]
    body = b"".join(chunk(f'{{"choices":[{{"delta":{{"content":{trick}}}}}]}}') for trick in tricks)
    meter, sent = run(Operation.CHAT, [body], hide=hide)
    assert sent == body
    assert (meter.usage, meter.ended, meter.failed, meter.output_events) == (None, False, False, len(tricks))


def test_null_usage_on_every_chunk_is_no_usage_and_the_last_statement_counts() -> None:
    body = chunk('{"choices":[{"delta":{}}],"usage":null}') * 3
    assert run(Operation.CHAT, [body])[0].usage is None
    growing = b"".join(
        chunk(f'{{"choices":[{{"delta":{{}}}}],"usage":{{"prompt_tokens":9,"completion_tokens":{n}}}}}')
        for n in range(1, 4)
    )
    meter, sent = run(Operation.CHAT, [body + growing], hide=True)
    assert meter.usage == Usage(9, 3)
    assert sent == body + growing


@pytest.mark.parametrize(
    ("operation", "event", "ended"),
    [
        (Operation.CHAT, 'data: {"error":{"message":"out of memory","code":500}}', False),
        (Operation.MESSAGES, 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}', False),
        (Operation.RESPONSES, 'event: error\ndata: {"type":"error","code":"x","message":"no"}', False),
        (Operation.RESPONSES, 'data: {"type":"response.failed","response":{"usage":null,"error":{"code":"x"}}}', True),
    ],
)
def test_an_error_inside_a_stream_is_a_failure(operation: Operation, event: str, ended: bool) -> None:
    meter, _ = run(operation, [event.encode() + b"\n\n"])
    assert (meter.failed, meter.ended) == (True, ended)


def test_an_incomplete_response_is_an_end_and_states_its_usage() -> None:
    event = '{"type":"response.incomplete","response":{"usage":{"input_tokens":3,"output_tokens":4}}}'
    meter, _ = run(Operation.RESPONSES, [chunk(event)])
    assert (meter.ended, meter.failed, meter.usage) == (True, False, Usage(3, 4))


def test_a_stream_that_breaks_off_has_not_ended_and_is_estimated_by_its_events() -> None:
    body = golden("vllm_chat_stream")
    meter, _ = run(Operation.CHAT, [body[: body.index(b'"usage"')]])
    assert (meter.usage, meter.ended) == (None, False)
    assert meter.estimate_output_tokens == meter.output_events == 5


def test_events_that_carry_many_tokens_are_estimated_by_their_bytes() -> None:
    start = chunk('{"choices":[{"delta":{"content":""}}]}')
    body = start + b"".join(chunk(f'{{"choices":[{{"delta":{{"content":"{"word " * 80}"}}}}]}}') for _ in range(5))
    meter, _ = run(Operation.CHAT, [start, body[len(start) :]])
    assert meter.estimate_output_tokens == 5 * 400 // 4


@pytest.mark.parametrize("hide", [False, True])
def test_an_event_that_never_ends_is_given_up_at_a_mebibyte_and_passes_on(hide: bool) -> None:
    meter = StreamMeter(Operation.CHAT, "openai", hide_usage=hide)
    read = b"x" * 65536
    sent = sum(len(meter.feed(read)) for _ in range(40))
    assert (meter.failed, meter.too_long) == (True, True)
    assert sent + len(meter.end()) == 40 * 65536
    assert LINE_LIMIT == 16 * 65536


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b'"usage"', b"[DONE]", b"\n\n", b'data: {"usage":'])))
def test_no_stream_makes_the_meter_fail_or_lose_a_byte(reads: list[bytes]) -> None:
    for operation in Operation:
        meter, sent = run(operation, reads)
        assert sent == b"".join(reads)
        assert meter.estimate_output_tokens >= 0


@pytest.mark.parametrize(
    "usage", ["7", "[]", '"x"', '{"prompt_tokens":-1,"completion_tokens":2}', '{"prompt_tokens":1e3}', "{}", "true"]
)
def test_odd_usage_in_a_stream_is_not_stated_and_the_end_is_still_seen(usage: str) -> None:
    meter, _ = run(Operation.CHAT, [chunk(f'{{"choices":[],"usage":{usage}}}') + b"data: [DONE]\n\n"])
    assert (meter.usage, meter.ended) == (None, True)

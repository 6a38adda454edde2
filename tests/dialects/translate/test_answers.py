"""Whole answers say the same in the other dialect, as the official clients read them."""

import gzip
import json
import urllib.request
from contextlib import suppress
from typing import Any

import pytest
from anthropic.types import Message
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.translate import translate_answer
from tests.parts.llama import LlamaServer

CHAT, MESSAGES = Operation.CHAT, Operation.MESSAGES
CALL = {"id": "call_1", "type": "function", "function": {"name": "weigh", "arguments": '{"grams": 5}'}}
TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "weigh", "input": {"grams": 5}}


def chat(message: dict[str, Any], reason: str | None = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    return {"id": "c-1", "object": "chat.completion", "created": 5, "model": "real", "choices": [choice], **more}


def message(content: list[dict[str, Any]], reason: str | None = "end_turn", **more: Any) -> dict[str, Any]:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "real", "content": content}
    return head | {
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
        **more,
    }


def as_message(body: dict[str, Any]) -> dict[str, Any]:
    """Translated, and read by Anthropic's client."""
    told: dict[str, Any] = json.loads(translate_answer(MESSAGES, CHAT, json.dumps(body).encode(), "asked"))
    Message.model_validate(told)
    return told


def as_chat(body: dict[str, Any]) -> dict[str, Any]:
    """Translated, and read by OpenAI's client."""
    told: dict[str, Any] = json.loads(translate_answer(CHAT, MESSAGES, json.dumps(body).encode(), "asked"))
    ChatCompletion.model_validate(told)
    return told


def test_a_chat_becomes_the_message_that_says_all_of_it() -> None:
    said = {"content": "Weighing.", "reasoning_content": "5 g?", "tool_calls": [CALL]}
    usage = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    assert as_message(chat(said, "tool_calls", usage=usage, service_tier="default")) == {
        "id": "c-1",
        "type": "message",
        "role": "assistant",
        "model": "asked",
        "content": [
            {"type": "thinking", "thinking": "5 g?", "signature": ""},
            {"type": "text", "text": "Weighing."},
            {"type": "tool_use", "id": "call_1", "name": "weigh", "input": {"grams": 5}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 9,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 4,
            "service_tier": "standard",
        },
    }


def test_a_message_becomes_the_chat_that_says_all_of_it() -> None:
    thinking = {"type": "thinking", "thinking": "5 g?", "signature": "s"}
    texts = [{"type": "text", "text": "Weigh"}, {"type": "text", "text": "ing."}]
    usage = {"input_tokens": 9, "output_tokens": 4, "service_tier": "standard"}
    assert as_chat(message([thinking, *texts, TOOL_USE], "tool_use", usage=usage)) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 0,
        "model": "asked",
        "service_tier": "default",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Weighing.",
                    "refusal": None,
                    "reasoning_content": "5 g?",
                    "tool_calls": [
                        {
                            "id": "toolu_1",
                            "type": "function",
                            "function": {"name": "weigh", "arguments": '{"grams": 5}'},
                        }
                    ],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "total_tokens": 13,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("a_reason_of_next_year", "stop"),
    ],
)
def test_a_stop_reason_has_its_finish_reason(reason: str, expected: str) -> None:
    assert as_chat(message([], reason))["choices"][0]["finish_reason"] == expected


@pytest.mark.parametrize(
    ("said", "reason", "expected"),
    [
        ({"content": "x"}, "stop", "end_turn"),
        ({"content": "x"}, "length", "max_tokens"),
        ({"tool_calls": [CALL]}, "tool_calls", "tool_use"),
        ({"tool_calls": [CALL]}, "stop", "tool_use"),
        ({"tool_calls": [CALL]}, "length", "max_tokens"),
        ({"content": ""}, "content_filter", "refusal"),
        ({"content": None, "refusal": "I will not."}, "stop", "refusal"),
        ({"content": "x"}, "a_reason_of_next_year", "end_turn"),
    ],
)
def test_a_finish_reason_has_its_stop_reason(said: dict[str, Any], reason: str, expected: str) -> None:
    assert as_message(chat(said, reason))["stop_reason"] == expected


def test_the_stop_sequence_is_named_where_the_engine_names_it() -> None:
    body = chat({"content": "x"})
    body["choices"][0]["stop_reason"] = "END"
    told = as_message(body)
    assert (told["stop_reason"], told["stop_sequence"]) == ("stop_sequence", "END")
    body["choices"][0]["stop_reason"] = 151643
    assert as_message(body)["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # 1000 in all, 800 of them read from the cache and 100 written to it: 100 are fresh
        (
            {
                "prompt_tokens": 1000,
                "completion_tokens": 200,
                "prompt_tokens_details": {"cached_tokens": 800, "cache_write_tokens": 100},
                "completion_tokens_details": {"reasoning_tokens": 150},
            },
            {
                "input_tokens": 100,
                "cache_read_input_tokens": 800,
                "cache_creation_input_tokens": 100,
                "output_tokens": 200,
            }
            | {"output_tokens_details": {"thinking_tokens": 150}},
        ),
        # DeepSeek: 800 hits of 1000
        (
            {"prompt_tokens": 1000, "completion_tokens": 7, "prompt_cache_hit_tokens": 800},
            {"input_tokens": 200, "cache_read_input_tokens": 800, "cache_creation_input_tokens": 0, "output_tokens": 7},
        ),
        # more cached than there is: the discount is not believed
        (
            {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 11}},
            {"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 1},
        ),
        # odd members are left out, the others stand
        (
            {"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": "?", "queue_time": 0.1},
            {"input_tokens": 10, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0, "output_tokens": 1},
        ),
        # not stated, but a message must state it
        (None, {"input_tokens": 0, "output_tokens": 0}),
    ],
)
def test_what_a_chat_used_is_stated_as_a_message_states_it(counts: object, expected: dict[str, Any]) -> None:
    assert as_message(chat({"content": "x"}, usage=counts))["usage"] == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # 100 fresh + 5000 read + 1000 written = 6100
        (
            {
                "input_tokens": 100,
                "cache_read_input_tokens": 5000,
                "cache_creation_input_tokens": 1000,
                "cache_creation": {"ephemeral_5m_input_tokens": 400, "ephemeral_1h_input_tokens": 600},
                "output_tokens": 50,
                "output_tokens_details": {"thinking_tokens": 20},
            },
            (6100, 50, 6150, 5000, 1000, 20),
        ),
        ({"input_tokens": 3, "output_tokens": 2}, (3, 2, 5, 0, 0, 0)),
    ],
)
def test_what_a_message_used_is_stated_as_a_chat_states_it(counts: object, expected: tuple[int, ...]) -> None:
    usage = as_chat(message([], usage=counts))["usage"]
    inside, outside = usage["prompt_tokens_details"], usage["completion_tokens_details"]
    stated = (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"])
    parts = (inside["cached_tokens"], inside["cache_write_tokens"], outside["reasoning_tokens"])
    assert stated + parts == expected


@pytest.mark.parametrize("counts", [None, {}, {"input_tokens": 3}, "?"])
def test_a_chat_leaves_out_what_a_message_does_not_state(counts: object) -> None:
    assert "usage" not in as_chat(message([], usage=counts))


@pytest.mark.parametrize(
    ("tier", "expected"), [("default", "standard"), ("priority", "priority"), ("flex", None), ("auto", None)]
)
def test_a_chats_tier_is_named_where_messages_have_it(tier: str, expected: str | None) -> None:
    assert as_message(chat({"content": "x"}, service_tier=tier))["usage"].get("service_tier") == expected


@pytest.mark.parametrize(("tier", "expected"), [("standard", "default"), ("priority", "priority"), ("batch", None)])
def test_a_messages_tier_is_named_where_chats_have_it(tier: str, expected: str | None) -> None:
    usage = {"input_tokens": 3, "output_tokens": 2, "service_tier": tier}
    assert as_chat(message([], usage=usage)).get("service_tier") == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        (" \n", {}),
        (None, {}),
        ('{"a": [1, "é"]}', {"a": [1, "é"]}),
        ('{"a": ', {"INVALID_JSON": '{"a": '}),
        ("[1]", {"INVALID_JSON": "[1]"}),
    ],
)
def test_arguments_become_an_object_and_none_is_lost(arguments: str | None, expected: dict[str, Any]) -> None:
    call = CALL | {"function": {"name": "weigh", "arguments": arguments}}
    assert as_message(chat({"tool_calls": [call]}, "tool_calls"))["content"][0]["input"] == expected


def test_calls_without_an_id_get_one_each() -> None:
    calls = [{"type": "function", "function": {"name": name, "arguments": "{}"}} for name in "ab"]
    content = as_message(chat({"tool_calls": calls}, "tool_calls"))["content"]
    assert [block["id"] for block in content] == ["call_0", "call_1"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"content": None, "refusal": "I will not."}, [{"type": "text", "text": "I will not."}]),
        ({"content": ""}, []),
        ({"content": "x", "reasoning": "y"}, [{"type": "thinking", "thinking": "y", "signature": ""}, "x"]),
        ({"content": [{"type": "thinking", "thinking": []}, {"type": "text", "text": "x"}, 5]}, ["x"]),
    ],
)
def test_a_chats_words_become_blocks(said: dict[str, Any], expected: list[Any]) -> None:
    blocks = [{"type": "text", "text": part} if isinstance(part, str) else part for part in expected]
    assert as_message(chat(said))["content"] == blocks


def test_a_message_that_only_calls_a_tool_has_no_content_in_a_chat() -> None:
    said = as_chat(message([TOOL_USE], "tool_use"))["choices"][0]["message"]
    assert said["content"] is None
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"grams": 5}


def test_why_a_message_was_refused_is_a_chats_refusal() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "Not this."}
    said = as_chat(message([{"type": "text", "text": "I"}], "refusal", stop_details=details))["choices"][0]["message"]
    assert (said["content"], said["refusal"]) == ("I", "Not this.")


def test_blocks_that_a_chat_has_no_place_for_are_passed_over() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "redacted_thinking", "data": "x"},
        {"type": "server_tool_use", "id": "s", "name": "n", "input": {}},
    ]
    said = as_chat(message(blocks))["choices"][0]["message"]
    assert said == {"role": "assistant", "content": "", "refusal": None}


def test_of_several_choices_the_first_is_taken() -> None:
    body = chat({"content": "one"})
    body["choices"].append({"index": 1, "message": {"content": "two"}, "finish_reason": "length"})
    told = as_message(body)
    assert (told["content"], told["stop_reason"]) == ([{"type": "text", "text": "one"}], "end_turn")


NO_ANSWERS = {
    "empty": b"",
    "null": b"null",
    "a page": b"<html>",
    "not UTF-8": b"\xff",
    "compressed": gzip.compress(b"{}", mtime=0),
    "deep": b"[" * 100_000,
    "deep inside": b'{"choices": ' + b"[" * 100_000,
    "an error": json.dumps({"error": {"message": "no"}}).encode(),
    "no choices": json.dumps({"choices": []}).encode(),
    "no finish reason": json.dumps(chat({"content": "x"}, None)).encode(),
    "finished by an error": json.dumps(chat({"content": "x"}, "error")).encode(),
    "aborted": json.dumps(chat({"content": "x"}, "abort")).encode(),
    "no stop reason": json.dumps(message([], None)).encode(),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
@pytest.mark.parametrize(("client", "upstream"), [(CHAT, MESSAGES), (MESSAGES, CHAT)])
def test_a_body_that_is_no_finished_answer_is_refused(client: Operation, upstream: Operation, name: str) -> None:
    with pytest.raises(Refusal) as caught:
        translate_answer(client, upstream, NO_ANSWERS[name], "asked")
    assert caught.value.status == 502


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["content", "refusal", "reasoning", "tool_calls"]), json_values), json_values)
def test_an_odd_chat_is_told_or_refused(said: dict[str, Any], usage: object) -> None:
    with suppress(Refusal):
        as_message(chat(said, usage=usage))


@given(
    st.lists(st.dictionaries(st.sampled_from(["type", "text", "id", "input"]), json_values), max_size=3), json_values
)
def test_an_odd_message_is_told_or_refused(content: list[dict[str, Any]], usage: object) -> None:
    with suppress(Refusal):
        as_chat(message(content, usage=usage))


def test_a_pair_without_a_translation_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="chat cannot be written as one of responses"):
        translate_answer(Operation.RESPONSES, CHAT, b"{}", "asked")


def posted(server: LlamaServer, path: str, max_tokens: int, prompt: str) -> bytes:
    body = {"model": server.model, "messages": [{"role": "user", "content": prompt}]}
    data = json.dumps(body | {"max_tokens": max_tokens, "temperature": 0}).encode()
    request = urllib.request.Request(f"{server.url}{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        read: bytes = answer.read()
    return read


@pytest.mark.parametrize("max_tokens", [1, 8, 24])
def test_an_engines_chat_says_what_its_message_says(llama_server: LlamaServer, max_tokens: int) -> None:
    native = json.loads(posted(llama_server, "/messages", max_tokens, "what is idle?"))
    told = as_message(json.loads(posted(llama_server, "/chat/completions", max_tokens, "what is idle?")))
    assert told["content"] == native["content"]
    assert told["stop_reason"] == native["stop_reason"]
    assert fed(told["usage"]) == fed(native["usage"])


@pytest.mark.parametrize("max_tokens", [1, 8, 24])
def test_an_engines_message_says_what_its_chat_says(llama_server: LlamaServer, max_tokens: int) -> None:
    native = json.loads(posted(llama_server, "/chat/completions", max_tokens, "what is idle?"))
    told = as_chat(json.loads(posted(llama_server, "/messages", max_tokens, "what is idle?")))
    choice, same = told["choices"][0], native["choices"][0]
    assert choice["message"]["content"] == same["message"]["content"]
    assert choice["finish_reason"] == same["finish_reason"]
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    assert [told["usage"][name] for name in counts] == [native["usage"][name] for name in counts]


def fed(usage: dict[str, int]) -> tuple[int, int]:
    """Input and output; how much of the input comes from the cache depends on what was asked before."""
    return usage["input_tokens"] + usage["cache_read_input_tokens"], usage["output_tokens"]

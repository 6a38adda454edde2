"""Requests survive the way there and back, official types take them, a real engine answers them alike."""

import json
import urllib.request
from collections.abc import Iterable
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import read_request
from costtui.dialects.translate.requests import translate_request
from tests.dialects.translate.asking import HI, to_chat, to_messages
from tests.parts.llama import LlamaServer

ANTHROPIC = TypeAdapter(MessageCreateParamsNonStreaming)
OPENAI = TypeAdapter(CompletionCreateParamsNonStreaming)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
JSON_OBJECTS = st.dictionaries(WORDS, st.one_of(st.integers(), st.booleans(), st.none(), WORDS, st.lists(WORDS)))
TEXTS = st.builds(lambda text: {"type": "text", "text": text}, WORDS)
URLS = st.sampled_from(["https://example.org/a.png", "http://127.0.0.1/b", "data:image/png;base64,QUJD"])
IMAGES = st.builds(lambda url: {"type": "image_url", "image_url": {"url": url}}, URLS)
TOOLS = st.builds(
    lambda name, words, schema: {
        "type": "function",
        "function": {"name": name, "description": words, "parameters": {"type": "object", **schema}},
    },
    NAMES,
    WORDS,
    JSON_OBJECTS,
)


def alone(parts: list[dict[str, Any]]) -> Any:
    """One text alone is written as a string."""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def whole(value: Any) -> Any:
    """Validated data with its lists, which pydantic checks only while they are read; unknown keys are gone from it."""
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return [whole(inner) for inner in value]


@st.composite
def exchanges(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A user's message, the model's words or calls, and the tools' results."""
    asked = {"role": "user", "content": alone(draw(st.lists(TEXTS | IMAGES, min_size=1, max_size=3)))}
    ids = draw(st.lists(NAMES, max_size=3, unique=True))
    if not ids:
        return [asked, {"role": "assistant", "content": draw(WORDS)}]
    calls = [
        {"id": id_, "type": "function", "function": {"name": draw(NAMES), "arguments": json.dumps(draw(JSON_OBJECTS))}}
        for id_ in ids
    ]
    results = [{"role": "tool", "tool_call_id": id_, "content": draw(WORDS)} for id_ in ids]
    spoken = {"role": "assistant", "content": draw(st.none() | WORDS), "tool_calls": calls}
    return [asked, spoken, *results, {"role": "assistant", "content": draw(WORDS)}]


@st.composite
def chats(draw: st.DrawFn) -> dict[str, Any]:
    """A chat request that alternates already, so that it has only one way to be written."""
    system = [{"role": "system", "content": words} for words in draw(st.lists(WORDS, max_size=1))]
    told = [message for exchange in draw(st.lists(exchanges(), max_size=3)) for message in exchange]
    chat: dict[str, Any] = {"model": "m", "messages": [*system, *told, {"role": "user", "content": draw(WORDS)}]}
    chat["max_tokens"] = draw(st.integers(1, 99_999))
    if tools := draw(st.lists(TOOLS, max_size=2)):
        chat |= {"tools": tools, "tool_choice": draw(st.sampled_from(["auto", "none", "required"]))}
    return chat


@given(chats())
def test_texts_pictures_tools_and_results_survive_the_way_there_and_back(chat: dict[str, Any]) -> None:
    assert to_chat("m", **to_messages("m", **chat)) == chat


@given(chats())
def test_turns_alternate_and_begin_and_end_with_the_user(chat: dict[str, Any]) -> None:
    roles = [turn["role"] for turn in to_messages(**chat)["messages"]]
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


@given(chats())
def test_the_official_types_know_every_word_that_is_sent(chat: dict[str, Any]) -> None:
    there = to_messages(**chat)
    assert whole(ANTHROPIC.validate_python(there)) == there
    back = to_chat(**there)
    assert whole(OPENAI.validate_python(back)) == back


def test_a_number_keeps_its_digits_through_both_translations() -> None:
    schema = b'{"type":"object","maximum":12345678901234567890.10}'
    function = b'{"name":"f","parameters":%b}' % schema
    body = (
        b'{"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.70,'
        b'"tools":[{"type":"function","function":%b}]}' % function
    )
    there = translate_request(Operation.CHAT, Operation.MESSAGES, read_request(Operation.CHAT, body), "m")
    back = translate_request(Operation.MESSAGES, Operation.CHAT, read_request(Operation.MESSAGES, there), "m")
    for translated in (there, back):
        assert b"12345678901234567890.10" in translated
        assert b'"temperature":0.70' in translated


@pytest.mark.parametrize("to", [Operation.RESPONSES, Operation.COMPLETIONS, Operation.CHAT])
def test_a_pair_that_nothing_translates_is_refused(to: Operation) -> None:
    asked = read_request(Operation.CHAT, json.dumps({"model": "m", "messages": [HI]}).encode())
    with pytest.raises(Refusal, match=f"nothing translates chat to {to}"):
        translate_request(Operation.CHAT, to, asked, "m")


CALL = {"id": "call_1", "type": "function", "function": {"name": "price", "arguments": '{"of": "gpu"}'}}
PRICE = {"type": "function", "function": {"name": "price", "parameters": {"type": "object", "properties": {}}}}
TALK: dict[str, Any] = {
    "model": "tiny-random",
    "messages": [
        {"role": "system", "content": "the cost is low"},
        {"role": "user", "content": "cost of the gpu"},
        {"role": "assistant", "content": "maybe high"},
        {"role": "user", "content": [{"type": "text", "text": "idle power at night and price of the token"}]},
    ],
    "max_tokens": 24,
    "temperature": 0,
}
RESULT: dict[str, Any] = {
    "tools": [PRICE],
    "messages": [
        *TALK["messages"],
        {"role": "assistant", "content": "query the price", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "price is high at night"},
    ],
}
"""The result comes last: words that follow it in the same turn are put before it by llama.cpp's `/v1/messages`."""
CHATS = [TALK, TALK | {"stop": ["night"]}, TALK | {"max_tokens": 3, "top_k": 4}, TALK | RESULT]


def post(server: LlamaServer, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


@pytest.mark.parametrize("chat", CHATS)
def test_a_real_engine_answers_alike_whichever_way_it_is_asked(llama_server: LlamaServer, chat: dict[str, Any]) -> None:
    messages = to_messages("tiny-random", **chat)
    as_chat = post(llama_server, "/chat/completions", chat)
    as_messages = post(llama_server, "/messages", messages)
    as_chat_again = post(llama_server, "/chat/completions", to_chat("tiny-random", **messages))
    text = as_chat["choices"][0]["message"]["content"]
    assert text
    assert as_messages["content"][0]["text"] == text
    assert as_chat_again["choices"][0]["message"]["content"] == text
    assert as_messages["usage"]["output_tokens"] == as_chat["usage"]["completion_tokens"]

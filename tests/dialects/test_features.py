"""What a prompt looks like is counted in every dialect alike, at any size, and no body is too much for it."""

import json
import os

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costtui.dialects.features import READ_BYTES, SEARCHED_MESSAGES, Features, features_of, features_of_text
from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import Asked, read_request
from costtui.dialects.vocabulary import SUBJECT_OF_WORD, SUBJECTS

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "500"))
FUZZ = settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
CHAT, MESSAGES = Operation.CHAT, Operation.MESSAGES
RESPONSES, COMPLETIONS = Operation.RESPONSES, Operation.COMPLETIONS
TEXT = "Explain step by step, in 3 parts, why the sum of 2 odd integers is even."


def asked(operation: Operation, **fields: object) -> Asked:
    return read_request(operation, json.dumps({"model": "chat", **fields}).encode())


def features(operation: Operation, **fields: object) -> Features:
    return features_of(asked(operation, **fields))


def user(content: object) -> list[object]:
    return [{"role": "user", "content": content}]


def counted(found: Features, subject: str) -> int:
    return found.subjects[SUBJECTS.index(subject)]


def test_a_prompt_is_counted_by_hand() -> None:
    found = features_of_text("Explain the sum, the SUM of 10 and 32.5: `f(x)`.")
    words = ["explain", "the", "sum", "the", "sum", "of", "and", "f", "x"]
    assert (found.characters, found.words, found.distinct) == (48, len(words), 7 / 9)
    assert (found.figures, found.commas) == (3 / 9, 1), "10, 32 and 5"
    assert (found.capitals, found.brackets) == (4 / 48, 4 / 48)
    assert (counted(found, "maths"), counted(found, "instructions")) == (1, 1), "each word once, in any case"
    assert (found.fences, found.depth, found.tools) == (0, 1, 0)


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (CHAT, {"messages": user(TEXT)}),
        (CHAT, {"messages": user([{"type": "text", "text": TEXT}])}),
        (CHAT, {"messages": [{"content": TEXT, "role": "user"}]}),
        (MESSAGES, {"messages": user([{"type": "text", "text": TEXT}]), "system": "Be brief."}),
        (RESPONSES, {"input": TEXT}),
        (RESPONSES, {"input": user([{"type": "input_text", "text": TEXT}])}),
        (COMPLETIONS, {"prompt": TEXT}),
    ],
)
def test_the_same_prompt_looks_the_same_in_every_dialect(operation: Operation, fields: dict[str, object]) -> None:
    assert features(operation, **fields) == features_of_text(TEXT)


def test_the_last_thing_the_user_said_counts_not_what_others_said_after() -> None:
    found = features(
        CHAT,
        messages=[
            {"role": "system", "content": "You prove theorems."},
            {"role": "user", "content": "Prove that 7 is prime."},
            {"role": "assistant", "content": "It is, as 2 to 6 do not divide it."},
            {"role": "user", "content": "Thanks!"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            {"role": "tool", "content": "prime proof theorem", "tool_call_id": "1"},
        ],
    )
    assert (found.characters, found.words, counted(found, "maths"), found.depth) == (len("Thanks!"), 1, 0, 6)


def test_results_of_tools_that_come_in_a_users_name_are_no_words_of_the_user() -> None:
    result = [{"type": "tool_result", "tool_use_id": "1", "content": "prime proof theorem"}]
    found = features(MESSAGES, messages=[*user("Prove it."), *user(result)], tools=[{"name": "f"}])
    assert (found.characters, found.depth, found.tools) == (len("Prove it."), 2, 1)


def test_a_user_is_not_looked_for_further_back_than_64_messages() -> None:
    answers: list[object] = [{"role": "tool", "content": "x"}]
    near = features(CHAT, messages=user(TEXT) + answers * (SEARCHED_MESSAGES - 1))
    far = features(CHAT, messages=user(TEXT) + answers * SEARCHED_MESSAGES)
    assert (near.characters, far.characters) == (len(TEXT), 0)


@pytest.mark.parametrize("tools", [None, []])
def test_a_request_offers_tools_only_if_there_are_some(tools: object) -> None:
    assert features(CHAT, messages=user("hi"), tools=tools).tools == 0
    assert features(CHAT, messages=user("hi"), tools=[{"type": "function"}]).tools == 1


def test_a_marked_block_of_code_is_seen_and_brackets_are_measured() -> None:
    found = features_of_text("```\nf(x)[0];\n```")
    assert (found.fences, found.brackets) == (1, 11 / 16)


def test_of_a_long_message_begin_and_end_are_looked_at_and_the_whole_length_is_known() -> None:
    found = features_of_text("prove " + "word " * 2_000 + "integral")
    assert (found.characters, counted(found, "maths")) == (6 + 10_000 + 8, 2)
    assert found.words == pytest.approx(2_002, rel=0.02)
    assert counted(features_of_text("word " * 200 + "prove " + "word " * 200), "maths") == 0, "in the middle"


def test_of_a_long_conversation_only_the_end_is_read() -> None:
    history = [{"role": "user", "content": "history " * 500}, {"role": "assistant", "content": "yes " * 500}] * 20
    found = features(CHAT, messages=[*history, *user(TEXT)])
    assert found._replace(depth=1) == features_of_text(TEXT)
    assert 1 < found.depth < len(history)


def test_a_message_longer_than_what_is_read_is_as_long_as_the_prompt() -> None:
    found = features(CHAT, messages=user("history " * READ_BYTES + "\nprove it"))
    assert found.characters == pytest.approx(8 * READ_BYTES, rel=0.01)
    assert counted(found, "maths") == 1, "a line's end in JSON hides no word"
    assert features(RESPONSES, input="history " * READ_BYTES).characters == pytest.approx(8 * READ_BYTES, rel=0.01)


def test_a_quoted_role_inside_a_text_is_no_message() -> None:
    quoted = 'say {"role":"user","content":"prove"} ' * 1_000
    found = features(CHAT, messages=[*user("history " * 100), *user(quoted)])
    assert found.depth == 1
    assert found.characters > READ_BYTES


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        (CHAT, {}),
        (CHAT, {"messages": None}),
        (CHAT, {"messages": []}),
        (CHAT, {"messages": user(None)}),
        (CHAT, {"messages": user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}])}),
        (CHAT, {"messages": user([{"type": "text", "text": 7}, {"text": None}])}),
        (CHAT, {"messages": [{"role": ["user"], "content": "prove"}]}),
        (Operation.EMBEDDINGS, {"input": "prove"}),
    ],
)
def test_a_body_without_text_of_a_user_has_no_words(operation: Operation, fields: dict[str, object]) -> None:
    found = features(operation, **fields)
    assert (found.words, found.distinct, sum(found.subjects)) == (0, 1.0, 0)


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m","messages":[1,2,3]}',
        b'{"model":"m","messages":"prove it"}',
        b'{"model":"m","messages":{"role":"user"}}',
        b'{"model":"m","messages":[{"role":"user","content":"\\u0000\\u001b[2J"}]}',
        b'{"model":"m","messages":[' + b"[" * 60 + b"]" * 60 + b"]}",
        b'{"model":"m","messages":[' + b",".join([b"{}"] * 20_000) + b"]}",
        b'{"model":"m","messages":[{"role":"user","content":"' + b"\\u00e9" * 50_000 + b'"}]}',
        b'{"model":"m","messages":[{"role":"user","content":"' + "é漢".encode() * 50_000 + b'"}]}',
        b'{"model":"m","messages":[{"role":"user","content":"' + b'{\\"role\\":' * 5_000 + b'"}]}',
        b'{"model":"m","messages":[{"a":[{"role":"user","content":1}]},' + b'{"b":"' + b"x" * 40_000 + b'"}]}',
        b'{"model":"m","messages":' + b"9" * 100_000 + b"}",
    ],
    ids=range(11),
)
def test_hostile_bodies_have_features_too(body: bytes) -> None:
    found = features_of(read_request(CHAT, body))
    assert found.characters >= 0
    assert 0 <= found.distinct <= 1
    assert 0 <= found.capitals <= 1


@pytest.mark.parametrize(
    "prompt",
    [
        b"",
        b'"',
        b'"\\ud800"',
        b"\xff\xfe\x00",
        b"[" * 10_000,
        b'[{"a":' * 2_000,
        b'[{"role":"user","content":"\\ud800"}]',
        b'[{"role":"user","content":"\xff"}]',
        b'[{"role":"user","content":["\xff"]}]',
        b'{"role":"user"' * 5_000,
    ],
    ids=range(10),
)
def test_bytes_that_nobody_checked_have_features_too(prompt: bytes) -> None:
    for operation in Operation:
        fields = dict.fromkeys(("messages", "input", "prompt", "tools"), msgspec.Raw(prompt))
        assert features_of(Asked(operation, fields, "m", False, False, "")).characters >= 0


@FUZZ
@given(text=st.text())
def test_any_text_has_bounded_features(text: str) -> None:
    found = features_of_text(text)
    assert found.characters == len(text)
    assert 0 <= found.distinct <= 1
    assert 0 <= found.capitals + found.brackets <= 2
    assert sum(found.subjects) <= max(found.words, 0) + len(SUBJECT_OF_WORD)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["role", "content", "text", "type", "user"]), inner, max_size=4)
    ),
    max_leaves=25,
)


@FUZZ
@given(operation=st.sampled_from(list(Operation)), prompt=JSON, tools=JSON)
def test_whatever_stands_in_the_place_of_a_prompt_is_borne(operation: Operation, prompt: object, tools: object) -> None:
    fields = {"messages": prompt, "input": prompt, "prompt": prompt, "tools": tools}
    try:
        sound = asked(operation, **fields)
    except Refusal:
        return
    assert features_of(sound).tools in (0, 1)


def test_every_word_belongs_to_one_subject() -> None:
    assert set(SUBJECT_OF_WORD.values()) == set(range(len(SUBJECTS)))
    assert all(word == word.lower() and word.isascii() for word in SUBJECT_OF_WORD)

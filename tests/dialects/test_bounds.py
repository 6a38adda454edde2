"""What of a request bounds its cost, for each API and for bodies that would rather not say."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.bounds import Bounds, bounded, bounds_of
from costtui.dialects.operation import Operation
from costtui.dialects.request import Asked, read_request

CHAT, COMPLETIONS, MESSAGES = Operation.CHAT, Operation.COMPLETIONS, Operation.MESSAGES
RESPONSES, EMBEDDINGS = Operation.RESPONSES, Operation.EMBEDDINGS
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
MAX = 1 << 40


def asked_with(operation: Operation, **fields: object) -> tuple[Asked, bytes]:
    body = json.dumps({"model": "chat", **fields}).encode()
    return read_request(operation, body), body


def bounds(operation: Operation, **fields: object) -> Bounds:
    return bounds_of(*asked_with(operation, **fields))


def said(*parts: object) -> list[object]:
    return [{"role": "user", "content": list(parts)}]


@pytest.mark.parametrize(
    ("operation", "fields", "output_tokens"),
    [
        (CHAT, {}, None),
        (CHAT, {"max_tokens": 100}, 100),
        (CHAT, {"max_completion_tokens": 200}, 200),
        (CHAT, {"max_tokens": 100, "max_completion_tokens": 200}, 200),
        (CHAT, {"max_tokens": 300, "max_completion_tokens": 200}, 300),
        (CHAT, {"max_tokens": None, "max_completion_tokens": 200}, 200),
        (CHAT, {"max_tokens": "many", "max_completion_tokens": 200}, None),
        (CHAT, {"max_tokens": -1}, None),
        (CHAT, {"max_tokens": 0}, None),
        (CHAT, {"max_tokens": 16.5}, None),
        (CHAT, {"max_tokens": True}, None),
        (CHAT, {"max_tokens": 10**13}, None),
        (CHAT, {"max_output_tokens": 100}, None),
        (COMPLETIONS, {"max_tokens": 16}, 16),
        (MESSAGES, {"max_tokens": 1024}, 1024),
        (RESPONSES, {"max_output_tokens": 64}, 64),
        (RESPONSES, {"max_tokens": 64}, None),
        (EMBEDDINGS, {"input": "x"}, 0),
        (Operation.COUNT_TOKENS, {}, 0),
    ],
)
def test_the_largest_limit_of_its_own_api_bounds_an_answer(
    operation: Operation, fields: dict[str, object], output_tokens: int | None
) -> None:
    assert bounds(operation, **fields).output_tokens == output_tokens


@pytest.mark.parametrize(
    ("operation", "fields", "answers"),
    [
        (CHAT, {}, 1),
        (CHAT, {"n": 4}, 4),
        (CHAT, {"n": None}, 1),
        (CHAT, {"n": "4"}, MAX),
        (CHAT, {"n": 0}, MAX),
        (COMPLETIONS, {"prompt": "x", "n": 2, "best_of": 5}, 5),
        (COMPLETIONS, {"prompt": ["x", "y", "z"], "n": 2}, 6),
        (COMPLETIONS, {"prompt": [[1, 2], [3]]}, 2),
        (COMPLETIONS, {"prompt": [1, 2, 3]}, 1),
        (COMPLETIONS, {"prompt": []}, 1),
    ],
)
def test_every_answer_that_is_made_is_counted(operation: Operation, fields: dict[str, object], answers: int) -> None:
    assert bounds(operation, **fields).answers == answers


@pytest.mark.parametrize(
    ("operation", "fields", "opaque"),
    [
        (RESPONSES, {"previous_response_id": "resp_1"}, "previous_response_id"),
        (RESPONSES, {"previous_response_id": None}, ""),
        (RESPONSES, {"conversation": "conv_1"}, "conversation"),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}, "prompt"),
        (RESPONSES, {"input": [{"type": "item_reference", "id": "x"}, []]}, "item_reference"),
        (COMPLETIONS, {"prompt": "x"}, ""),
        (MESSAGES, {"messages": said({"type": "document", "source": {}})}, "document"),
        (MESSAGES, {"mcp_servers": [{"url": "https://x"}]}, "mcp_servers"),
        (CHAT, {"messages": said({"type": "file", "file": {"file_id": "f"}})}, "file"),
        (CHAT, {"messages": said({"type": "input_audio", "input_audio": {}})}, "input_audio"),
        (CHAT, {"messages": said({"type": "text", "text": '"type":"file"'})}, ""),
    ],
)
def test_input_that_is_not_in_the_text_is_named(operation: Operation, fields: dict[str, object], opaque: str) -> None:
    assert bounds(operation, **fields).opaque == opaque


def test_pictures_are_counted_wherever_they_lie() -> None:
    text = {"type": "text", "text": "look"}
    nested = {"type": "tool_result", "content": [{"type": "image", "source": {}}, text]}
    assert bounds(CHAT, messages=said(text)).pictures == 0
    assert bounds(CHAT, messages=said(text, PICTURE, PICTURE)).pictures == 2
    assert bounds(MESSAGES, messages=said(nested)).pictures == 1
    assert bounds(RESPONSES, input=said({"type": "input_image", "image_url": "x"})).pictures == 1


def test_a_picture_whose_type_is_hidden_in_escapes_is_not_missed() -> None:
    body = json.dumps({"model": "chat", "messages": said(PICTURE)}).replace(
        '"type": "image', '"\\u0074ype": "im\\u0061ge'
    )
    found = bounds_of(read_request(CHAT, body.encode()), body.encode())
    assert found.opaque == "escaped letters"


@pytest.mark.parametrize(
    ("operation", "fields", "calls"),
    [
        (CHAT, {"tools": [{"type": "function", "function": {"name": "f"}}]}, 0),
        (CHAT, {"tools": None}, 0),
        (CHAT, {"tools": "odd"}, None),
        (CHAT, {"web_search_options": {}}, None),
        (MESSAGES, {"tools": [{"name": "f", "input_schema": {}}]}, 0),
        (MESSAGES, {"tools": [{"type": "bash_20250124", "name": "bash"}]}, 0),
        (MESSAGES, {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, None),
        (
            MESSAGES,
            {"tools": [{"type": "web_search_20250305", "max_uses": 3}, {"type": "web_fetch", "max_uses": 2}]},
            5,
        ),
        (MESSAGES, {"tools": [{"type": "web_search_20250305", "max_uses": -1}]}, None),
        (RESPONSES, {"tools": [{"type": "file_search"}]}, None),
        (RESPONSES, {"tools": [{"type": "custom", "name": "f"}, {"type": "local_shell"}]}, 0),
    ],
)
def test_only_tools_that_the_provider_runs_are_counted(
    operation: Operation, fields: dict[str, object], calls: int | None
) -> None:
    assert bounds(operation, **fields).server_calls == calls


@pytest.mark.parametrize(
    ("operation", "newer", "name"),
    [
        (CHAT, False, "max_tokens"),
        (CHAT, True, "max_completion_tokens"),
        (COMPLETIONS, True, "max_tokens"),
        (MESSAGES, False, "max_tokens"),
        (RESPONSES, True, "max_output_tokens"),
    ],
)
def test_a_limit_that_is_put_in_is_read_back_and_changes_nothing_else(
    operation: Operation, newer: bool, name: str
) -> None:
    asked, _ = asked_with(operation, messages=said("x"), temperature=0.5)
    limited, body = bounded(asked, 256, newer=newer)
    assert bounds_of(limited, body).output_tokens == 256
    assert json.loads(body) == {"model": "chat", "messages": said("x"), "temperature": 0.5, name: 256}
    assert read_request(operation, body) == limited


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["max_tokens", "max_completion_tokens", "max_output_tokens", "n", "best_of", "prompt", "tools", "messages", "input"]
)


@given(st.sampled_from(list(Operation)), st.dictionaries(NAMES, JSON))
def test_no_value_makes_it_raise_or_bound_below_nothing(operation: Operation, fields: dict[str, object]) -> None:
    found = bounds(operation, **fields)
    assert found.answers >= 1
    assert found.output_tokens is None or found.output_tokens >= 0
    assert found.server_calls is None or found.server_calls >= 0

"""Whatever a client sends, a translation is a body or a refusal, and never takes long."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import read_request
from costtui.dialects.translate.requests import translate_request

WAYS = [(Operation.CHAT, Operation.MESSAGES), (Operation.MESSAGES, Operation.CHAT)]
TYPES = ["text", "image", "image_url", "tool_use", "tool_result", "function", "refusal", "thinking", "auto", "tool"]
ROLES = ["system", "user", "assistant", "tool", "developer"]
KEYS = [
    "type", "role", "content", "text", "id", "name", "input", "tool_use_id", "source", "image_url", "url", "function",
    "arguments", "tool_calls", "tool_call_id", "parameters", "input_schema", "is_error", "format", "effort", "schema",
]  # fmt: skip
FIELDS = [
    "messages", "system", "tools", "tool_choice", "stop", "stop_sequences", "temperature", "thinking", "n",
    "output_config", "reasoning_effort", "parallel_tool_calls", "response_format", "metadata", "max_tokens", "seed",
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([*TYPES, *ROLES, "", "{}", "data:,", "\udbff"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
TURNS = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(ROLES)},
        optional={
            "content": st.lists(
                st.fixed_dictionaries({"type": st.sampled_from(TYPES)}, optional=dict.fromkeys(KEYS[3:10], VALUES))
            )
            | VALUES,
            "tool_calls": VALUES,
            "tool_call_id": VALUES,
        },
    ),
    max_size=3,
)
BODIES = st.builds(
    lambda turns, fields: {"model": "m", "max_tokens": 1, "messages": turns, **fields},
    TURNS,
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=2),
)


def translated(source: Operation, to: Operation, body: bytes) -> bytes | None:
    """The body for the target, or None where the client's request is refused."""
    told = None
    status, message = 400, "."
    try:
        told = translate_request(source, to, read_request(source, body), "m")
    except Refusal as refusal:
        status, message = refusal.status, refusal.message
    assert status == 400
    assert message.isprintable()
    return told


@given(BODIES, st.sampled_from(WAYS))
def test_any_values_are_translated_or_refused(body: dict[str, Any], way: tuple[Operation, Operation]) -> None:
    told = translated(*way, json.dumps(body).encode())
    assert told is None or json.loads(told)["model"] == "m"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "field", [b'"n":', b'"temperature":', b'"max_tokens":', b'"seed":', b'"thinking":', b'"tools":']
)
def test_a_number_of_many_digits_is_read_or_refused(field: bytes, way: tuple[Operation, Operation]) -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}],%b%b}' % (field, b"9" * 5_000)
    told = translated(*way, body)
    assert told is None or field + b"9" * 5_000 in told

"""A request is read as every parser would read it, or refused; what is sent on differs only where it says so."""

import json
import os
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costtui.dialects.operation import PATHS, Operation, path_of
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import forward_body, read_request

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "10000"))
FRAGMENTS = [
    *(bytes([byte]) for byte in b'"\\{}[]:,\x00\xff\xe2'),
    *(b'"a":1', b'"model":"x",', b"NaN", b"9" * 400, b'"stream":true', b'"stream_options":', b"\\ud800", b"1e999"),
]
FUZZ = settings(max_examples=ROUNDS, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def refusal_of(body: bytes, operation: Operation = Operation.CHAT) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read_request(operation, body)
    return caught.value


def test_every_operation_has_a_path_that_clients_post_to_and_upstreams_serve() -> None:
    assert {operation: "/v1" + path_of(operation) for operation in Operation} == {
        operation: path.decode() for path, operation in PATHS.items()
    }
    assert PATHS[b"/v1/messages/count_tokens"] is Operation.COUNT_TOKENS


def test_what_routing_needs_is_read() -> None:
    body = b'{"stream":true,"model":"fast","messages":[],"max_tokens":7,"user":"ann","stream_options":{}}'
    asked = read_request(Operation.CHAT, body)
    assert (asked.operation, asked.model, asked.stream, asked.user) == (Operation.CHAT, "fast", True, "ann")
    assert (asked.wants_usage, asked.has_media) == (False, False)
    assert list(asked.fields) == ["stream", "model", "messages", "max_tokens", "user", "stream_options"]


@pytest.mark.parametrize(
    ("operation", "more", "user"),
    [
        (Operation.CHAT, '"user":"ann"', "ann"),
        (Operation.RESPONSES, '"user":"ann","safety_identifier":"bob"', "bob"),
        (Operation.MESSAGES, '"metadata":{"user_id":"cy"}', "cy"),
        (Operation.MESSAGES, '"metadata":[],"user":"ann"', ""),
        (Operation.CHAT, '"user":{"a":1}', ""),
        (Operation.CHAT, '"safety_identifier":null,"user":"ann"', "ann"),
    ],
)
def test_the_end_user_is_read_where_the_dialect_names_one(operation: Operation, more: str, user: str) -> None:
    assert read_request(operation, f'{{"model":"m",{more}}}'.encode()).user == user


@pytest.mark.parametrize(
    ("operation", "more", "media"),
    [
        (Operation.CHAT, '"messages":[{"content":[{"type":"image_url","image_url":{"url":"x"}}]}]', True),
        (Operation.CHAT, '"messages":[{"content":[{"type" : "input_audio"}]}]', True),
        (Operation.MESSAGES, '"messages":[{"content":[{"type":"document"}]}]', True),
        (Operation.RESPONSES, '"input":[{"content":[{"type":"input_image"}]}]', True),
        (Operation.CHAT, '"messages":[{"content":[{"type":"text","text":"an image_url"}]}]', False),
        (Operation.CHAT, '"messages":[{"content":"image"}],"tools":[{"type":"function"}]', False),
        (Operation.EMBEDDINGS, '"input":"x"', False),
    ],
)
def test_media_in_the_prompt_are_seen(operation: Operation, more: str, media: bool) -> None:
    assert read_request(operation, f'{{"model":"m",{more}}}'.encode()).has_media is media


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'"model"', "not a JSON object"),
        (b'{"model":"m"} x', "not JSON"),
        (b'{"model":"m","x":NaN}', "not JSON"),
        (b'{"model":"m","x":"\xff"}', "not UTF-8: byte 18"),
        (b'{"model":"m","x":"\xed\xa0\x80"}', "not UTF-8"),
        ('{"model":"m"}'.encode("utf-16"), "not UTF-8"),
        (b"{}", "no `model`"),
        (b'{"model":""}', "must be a string"),
        (b'{"model":7}', "must be a string"),
        (b'{"model":null}', "must be a string"),
        (b'{"model":"m","stream":1}', "`stream` must be true or false"),
        (b'{"model":"m","stream_options":[]}', "`stream_options` must be an object"),
        (b'{"model":"m","stream_options":{"include_usage":"yes"}}', "include_usage` must be true or false"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_and_told_why(body: bytes, words: str) -> None:
    refusal = refusal_of(body)
    assert refusal.status == 400
    assert words in refusal.message


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","model":"b"}',
        b'{"model":"a","x":1,"model":"b"}',
        b'{"model":"a","\\u006dodel":"b"}',
        b'{"\\u006dodel":"a","model":"b"}',
        b'{ "stream" : true, "model": "b", "stream": false }',
        b'{"model":"b","a":12,"a":1}',
        b'{"model":"b","":0,"":0}',
    ],
)
def test_of_a_key_that_comes_twice_the_upstream_gets_only_the_one_that_was_judged(body: bytes) -> None:
    asked = read_request(Operation.CHAT, body)
    assert (asked.model, asked.stream) == ("b", False)
    forwarded = forward_body(asked, body, "b", inject_usage=False)
    pairs = json.loads(forwarded, object_pairs_hook=list)
    assert len(dict(pairs)) == len(pairs)
    assert dict(pairs) == json.loads(body)


keys = st.sampled_from(["model", "stream_x", "a", "", "é", 'q"', "\\", "\n", "\U0001f600"])
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=4) | st.just('model":"x'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(st.tuples(keys, values), max_size=6),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]),
    st.booleans(),
)
def test_no_body_is_forwarded_with_a_key_twice(
    pairs: list[tuple[str, Any]], style: tuple[str, str], ascii_only: bool
) -> None:
    comma, colon = style
    texts = [
        json.dumps(key, ensure_ascii=ascii_only) + colon + json.dumps(value, ensure_ascii=ascii_only)
        for key, value in [*pairs, ("model", "m")]
    ]
    body = ("{" + comma.join(texts) + "}").encode()
    forwarded = forward_body(read_request(Operation.CHAT, body), body, "m", inject_usage=False)
    sent = json.loads(forwarded, object_pairs_hook=list)
    assert len(dict(sent)) == len(sent)
    assert json.loads(forwarded) == json.loads(body)


@pytest.mark.parametrize("opener", ["[", '{"a":'])
@pytest.mark.parametrize("filler", ["", '"]}]}\\"]",', '"\\\\","[[{",', "[],{}," * 40])
def test_64_levels_pass_and_65_are_refused_whatever_stands_beside_them(opener: str, filler: str) -> None:
    closer = "]" if opener == "[" else "}"

    def body(depth: int) -> bytes:
        return f'{{"model":"m","z":[{filler}1],"x":{opener * (depth - 1)}1{closer * (depth - 1)}}}'.encode()

    assert read_request(Operation.CHAT, body(64)).model == "m"
    assert refusal_of(body(65)).code == "body_too_deep"


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_a_nesting_bomb_is_refused_and_never_a_recursion_error(depth: int) -> None:
    assert refusal_of(b'{"model":"m","x":' + b"[" * depth + b"]" * depth + b"}").code == "body_too_deep"
    assert refusal_of(b"[" * depth).status == 400
    assert refusal_of(b'{"a":' * depth).status == 400


@FUZZ
@given(
    st.binary(max_size=200)
    | st.builds(
        lambda parts: b'{"model":"m",' + b"".join(parts) + b"}",
        st.lists(
            st.sampled_from(FRAGMENTS),
            max_size=12,
        ),
    ),
    st.sampled_from(list(Operation)),
)
def test_no_body_ever_raises_anything_but_a_refusal(body: bytes, operation: Operation) -> None:
    try:
        asked = read_request(operation, body)
        forwarded = forward_body(asked, body, "other", inject_usage=True)
    except Refusal:
        return
    assert json.loads(forwarded, parse_int=str)["model"] == "other"


def test_a_body_that_needs_no_change_is_forwarded_as_the_very_same_object() -> None:
    body = b'{"model":"m","stream_options":{"include_usage" : true},"messages":[ {"content": "model"} ]}'
    asked = read_request(Operation.CHAT, body)
    assert forward_body(asked, body, "m", inject_usage=False) is body
    assert forward_body(asked, body, "m", inject_usage=True) is body


def test_another_model_changes_the_top_level_alone_and_no_value() -> None:
    body = (
        b'{"tools":[{"model": "m", "x":1.50}], "model" :"m","big":123456789012345678901234567890,'
        b'"text":"\\u00e9 \\/ \\"model\\":\\"m\\"", "n":1e2}'
    )
    forwarded = forward_body(read_request(Operation.CHAT, body), body, 'big "one"', inject_usage=False)
    assert forwarded == (
        b'{"tools":[{"model": "m", "x":1.50}],"model":"big \\"one\\"","big":123456789012345678901234567890,'
        b'"text":"\\u00e9 \\/ \\"model\\":\\"m\\"","n":1e2}'
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", '{"include_usage":true}'),
        (',"stream_options":null', '{"include_usage":true}'),
        (',"stream_options":{"include_usage":false}', '{"include_usage":true}'),
        (',"stream_options":{"x": [1 ], "include_usage":null}', '{"x":[1 ],"include_usage":true}'),
    ],
)
def test_usage_is_asked_for_beside_the_options_that_the_client_set(options: str, expected: str) -> None:
    body = f'{{"model":"m","stream":true{options}}}'.encode()
    asked = read_request(Operation.CHAT, body)
    assert not asked.wants_usage
    forwarded = forward_body(asked, body, "m", inject_usage=True)
    assert forwarded == f'{{"model":"m","stream":true,"stream_options":{expected}}}'.encode()


@given(st.dictionaries(st.text(max_size=5), values, max_size=5))
def test_every_value_is_forwarded_byte_for_byte(members: dict[str, Any]) -> None:
    body = json.dumps({**members, "model": "m"}, indent=1).encode()
    forwarded = forward_body(read_request(Operation.CHAT, body), body, "n", inject_usage=True)
    raws, sent = (msgspec.json.decode(text, type=dict[str, msgspec.Raw]) for text in (body, forwarded))
    changed = ("model", "stream_options")
    assert [(key, bytes(raw)) for key, raw in sent.items() if key not in changed] == [
        (key, bytes(raw)) for key, raw in raws.items() if key not in changed
    ]

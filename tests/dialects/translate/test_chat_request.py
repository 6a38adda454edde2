"""A chat request becomes the same request of Anthropic's messages, or is refused by the name of what would be lost."""

from typing import Any

import pytest

from tests.dialects.translate.asking import HI, refused_to_messages, to_messages

PNG = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD", "detail": "low"}}
TOOL = {"type": "function", "function": {"name": "price", "description": "Look it up", "parameters": {"required": []}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "price", "arguments": '{"of": "gpu", "n": 1.50}'}}


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def test_a_plain_request_gets_the_target_s_model_and_the_limit_that_anthropic_requires() -> None:
    assert to_messages("claude") == {"model": "claude", "max_tokens": 4096, "messages": [HI]}


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 8}, 8),
        ({"max_tokens": 7, "max_completion_tokens": 8}, 8),
        ({"max_tokens": None}, 4096),
    ],
)
def test_the_newer_name_of_the_limit_wins_and_null_is_none(fields: dict[str, Any], limit: int) -> None:
    assert to_messages(**fields)["max_tokens"] == limit


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"temperature": 0.5, "top_p": 0.9, "top_k": 3}, {"temperature": 0.5, "top_p": 0.9, "top_k": 3}),
        ({"temperature": 1}, {"temperature": 1}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"stop": []}, {}),
        ({"user": "ann"}, {"metadata": {"user_id": "ann"}}),
        ({"safety_identifier": "s", "user": "ann"}, {"metadata": {"user_id": "s"}}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
        ({"stream": False}, {}),
        ({"reasoning_effort": "xhigh"}, {"output_config": {"effort": "xhigh"}}),
        ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ({"store": True, "metadata": {"a": "b"}, "service_tier": "flex", "prompt_cache_key": "k"}, {}),
        ({"prediction": {"type": "content", "content": "x"}}, {}),
        ({"n": 1, "logprobs": False, "logit_bias": {}, "presence_penalty": 0, "seed": None}, {}),
        ({"response_format": {"type": "text"}, "modalities": ["text"], "tools": []}, {}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {}),
        ({"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
    ],
)
def test_what_has_an_equal_is_carried_and_what_asks_for_nothing_is_left_out(
    fields: dict[str, Any], said: dict[str, Any]
) -> None:
    assert to_messages(**fields) == {"model": "claude", "max_tokens": 4096, "messages": [HI], **said}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 3),
        ("logit_bias", {"5": -100}),
        ("seed", 7),
        ("presence_penalty", 0.1),
        ("frequency_penalty", -1),
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}),
        ("audio", {"voice": "ash", "format": "wav"}),
        ("modalities", ["text", "audio"]),
        ("verbosity", "low"),
        ("web_search_options", {}),
        ("functions", [{"name": "f"}]),
        ("function_call", "auto"),
        ("min_p", 0.1),
    ],
)
def test_what_messages_cannot_say_is_refused_by_name(name: str, value: object) -> None:
    expected = f"cannot_translate: target speaks messages, which has no `{name}`"
    assert refused_to_messages(**{name: value}) == expected


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"temperature": 1.01}, "`temperature` above 1"),
        ({"reasoning_effort": "minimal"}, "`reasoning_effort` `minimal`"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tool of type `custom`"),
        ({"tools": [TOOL], "tool_choice": {"type": "allowed_tools"}}, "`tool_choice` `allowed_tools`"),
        ({"tools": [TOOL], "tool_choice": "always"}, "`tool_choice` `always`"),
        ({"messages": [{"role": "function", "name": "f", "content": "1"}]}, "message of role `function`"),
        ({"messages": [{"role": "system", "content": "x"}]}, "conversation without a `user` message"),
        ({"messages": []}, "conversation without a `user` message"),
        (
            {"messages": [HI, {"role": "assistant", "content": "I"}]},
            "finished `assistant` message at the end: it would go on with it",
        ),
        ({"messages": [{"role": "system", "content": [PNG]}, HI]}, "picture in a system prompt"),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "content part `file`"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "content part `input_audio`"),
        ({"messages": [{"role": "assistant", "audio": {"id": "a"}}, HI]}, "`audio` in a message"),
        ({"messages": [{"role": "assistant", "function_call": {"name": "f"}}, HI]}, "`function_call` in a message"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "c", "type": "custom"}]}, HI]},
            "tool call of type `custom`",
        ),
    ],
)
def test_a_part_that_messages_cannot_say_is_refused_by_name(fields: dict[str, Any], lost: str) -> None:
    assert refused_to_messages(**fields) == f"cannot_translate: target speaks messages, which has no {lost}"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"messages": None}, "`messages` is missing"),
        ({"messages": 5}, "`messages` cannot be read: Expected `array`, got `int`"),
        ({"messages": [{"content": "x"}]}, "`messages` cannot be read: Object missing required field `role`"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "a `tool` message has no `tool_call_id`"),
        ({"temperature": "hot"}, "`temperature` cannot be read: Expected `float`, got `str`"),
        ({"stop": {}}, "`stop` cannot be read: Expected `str | array`, got `object`"),
    ],
)
def test_a_request_that_breaks_chat_s_own_rules_is_refused_with_the_place(fields: dict[str, Any], wrong: str) -> None:
    assert refused_to_messages(**fields).startswith(f"bad_body: {wrong}")


def test_system_and_developer_messages_are_joined_in_order_wherever_they_stand() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        HI,
        {"role": "developer", "content": [text("Be kind."), text("Be right.")]},
        {"role": "user", "content": "and?"},
    ]
    told = to_messages(messages=messages)
    assert told["system"] == "Be brief.\n\nBe kind.\n\nBe right."
    assert told["messages"] == [{"role": "user", "content": [text("hi"), text("and?")]}]


def test_neighbours_of_one_role_become_one_turn_and_empty_texts_are_left_out() -> None:
    messages = [
        HI,
        {"role": "assistant", "content": "a", "reasoning_content": "hm"},
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "user", "content": ""},
        {"role": "user", "content": [text(""), text("b")]},
    ]
    assert to_messages(messages=messages)["messages"] == [
        HI,
        {"role": "assistant", "content": [text("a"), text("no")]},
        {"role": "user", "content": "b"},
    ]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:image/png;base64,QUJD", {"type": "base64", "media_type": "image/png", "data": "QUJD"}),
        ("data:image/jpeg;x=y;base64,QQ==", {"type": "base64", "media_type": "image/jpeg", "data": "QQ=="}),
        ("https://example.org/a,b.png", {"type": "url", "url": "https://example.org/a,b.png"}),
    ],
)
def test_a_picture_is_carried_as_bytes_or_as_a_url(url: str, source: dict[str, str]) -> None:
    content = [text("see"), {"type": "image_url", "image_url": {"url": url}}]
    told = to_messages(messages=[{"role": "user", "content": content}])
    assert told["messages"][0]["content"] == [text("see"), {"type": "image", "source": source}]


@pytest.mark.parametrize("url", ["gs://bucket/a.png", "data:image/png,ABC", "data:image/png;base64", "file:///etc/x"])
def test_a_picture_from_elsewhere_is_refused(url: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    why = refused_to_messages(messages=[{"role": "user", "content": [part]}])
    assert why.endswith("which has no picture but by http(s) URL or base64 data URL")


def test_calls_and_results_become_blocks_and_all_results_open_one_turn() -> None:
    second = {**CALL, "id": "functions.price:1", "function": {"name": "price", "arguments": ""}}
    messages = [
        HI,
        {"role": "assistant", "content": "", "tool_calls": [CALL, second]},
        {"role": "tool", "tool_call_id": "call_1", "content": "$2"},
        {"role": "tool", "tool_call_id": "functions.price:1", "content": [text("$3"), text("$4")]},
        {"role": "user", "content": "so?"},
    ]
    assert to_messages(messages=messages, tools=[TOOL])["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "call_1", "name": "price", "input": {"of": "gpu", "n": 1.5}},
                {"type": "tool_use", "id": "functions_price_1", "name": "price", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "$2"},
                {"type": "tool_result", "tool_use_id": "functions_price_1", "content": [text("$3"), text("$4")]},
                text("so?"),
            ],
        },
    ]


@pytest.mark.parametrize(
    "arguments", ["[1]", "{", "nonsense", '{"a":' + "[" * 70 + "]" * 70 + "}", '{"a":' + "[" * 99999]
)
def test_arguments_that_are_no_object_are_refused_not_believed(arguments: str) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    why = refused_to_messages(messages=[HI, {"role": "assistant", "tool_calls": [call]}, HI])
    assert why == "bad_body: the `arguments` of tool call `c1` are not a JSON object of at most 64 levels"


@pytest.mark.parametrize(
    ("function", "tool"),
    [
        ({"name": "f"}, {"name": "f", "input_schema": {"type": "object", "properties": {}}}),
        (
            {"name": "f", "description": "d", "strict": True, "parameters": {"type": "object", "required": ["a"]}},
            {"name": "f", "description": "d", "strict": True, "input_schema": {"type": "object", "required": ["a"]}},
        ),
        (
            {"name": "f", "strict": False, "description": None, "parameters": {"properties": {"a": {"const": 1.50}}}},
            {"name": "f", "input_schema": {"type": "object", "properties": {"a": {"const": 1.5}}}},
        ),
    ],
)
def test_a_tool_s_schema_is_always_an_object_s(function: dict[str, Any], tool: dict[str, Any]) -> None:
    assert to_messages(tools=[{"type": "function", "function": function}])["tools"] == [tool]


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": {"type": "function", "function": {"name": "price"}}}, {"type": "tool", "name": "price"}),
        ({"parallel_tool_calls": True}, None),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_the_choice_among_tools_is_carried(fields: dict[str, Any], choice: dict[str, Any] | None) -> None:
    assert to_messages(tools=[TOOL], **fields).get("tool_choice") == choice

"""A request of Anthropic's messages becomes the same chat request, or is refused by the name of what would be lost."""

from typing import Any

import pytest

from tests.dialects.translate.asking import HI, refused_to_chat, to_chat

IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
TOOL = {"name": "price", "input_schema": {"type": "object"}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "price", "input": {"of": "gpu"}}


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def user(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def result(content: object, **more: object) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "toolu_1", "content": content, **more}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, {}),
        ({"temperature": 0.5, "top_p": 0.9, "top_k": 3}, {"temperature": 0.5, "top_p": 0.9, "top_k": 3}),
        ({"stop_sequences": ["a", "b"]}, {"stop": ["a", "b"]}),
        ({"stop_sequences": []}, {}),
        ({"metadata": {"user_id": "ann"}}, {"user": "ann"}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"stream": False}, {}),
        ({"thinking": {"type": "disabled"}}, {"reasoning_effort": "none"}),
        ({"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}}, {"reasoning_effort": "none"}),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}, {"reasoning_effort": "max"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {}),
        ({"service_tier": "auto", "speed": "fast", "cache_control": {"type": "ephemeral"}, "container": None}, {}),
        ({"context_management": {"edits": []}, "mcp_servers": []}, {}),
        ({"tools": [], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, {}),
        ({"tool_choice": {"type": "any"}}, {"tool_choice": "required"}),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
                }
            },
        ),
    ],
)
def test_what_has_an_equal_is_carried_and_what_asks_for_nothing_is_left_out(
    fields: dict[str, Any], said: dict[str, Any]
) -> None:
    assert to_chat(**fields) == {"model": "tiny", "messages": [HI], "max_tokens": 9, **said}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o", "max_tokens"),
        ("gpt-oss:20b", "max_tokens"),
        ("qwen3", "max_tokens"),
        ("olmo", "max_tokens"),
        ("gpt-5.6-sol", "max_completion_tokens"),
        ("openai/gpt-5", "max_completion_tokens"),
        ("o3-mini", "max_completion_tokens"),
    ],
)
def test_the_limit_has_the_name_that_the_model_s_servers_know(model: str, name: str) -> None:
    told = to_chat(model)
    assert [key for key in told if key.startswith("max_")] == [name]
    assert told[name] == 9


@pytest.mark.parametrize(
    ("fields", "lost"),
    [
        ({"container": "c"}, "`container`"),
        ({"mcp_servers": [{"url": "x"}]}, "`mcp_servers`"),
        ({"inference_geo": "eu"}, "`inference_geo`"),
        ({"output_config": {"task_budget": {}}}, "`output_config.task_budget`"),
        ({"output_config": {"format": {"type": "xml", "schema": {}}}}, "`output_config.format` `xml`"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tool of type `web_search_20250305`"),
        ({"tools": [{"type": "mcp_toolset"}]}, "tool of type `mcp_toolset`"),
        ({"tools": [TOOL], "tool_choice": {"type": "most"}}, "`tool_choice` `most`"),
        ({"messages": [HI, {"role": "assistant", "content": "I"}]}, "`assistant` message at the end to go on with"),
        ({"messages": [{"role": "critic", "content": "x"}]}, "message of role `critic`"),
        ({"messages": [user({"type": "document", "source": {"type": "text"}})]}, "content block `document`"),
        ({"messages": [user({"type": "search_result", "source": "x"})]}, "content block `search_result`"),
        ({"messages": [user(result([{"type": "document"}]))]}, "content block `document`"),
        (
            {"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]},
            "picture of source `file`",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use", "id": "s"}]}, HI]},
            "content block `server_tool_use`",
        ),
    ],
)
def test_what_chat_cannot_say_is_refused_by_name(fields: dict[str, Any], lost: str) -> None:
    assert refused_to_chat(**fields) == f"cannot_translate: target speaks chat, which has no {lost}"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"max_tokens": None}, "`max_tokens` is missing"),
        ({"messages": None}, "`messages` is missing"),
        ({"messages": [{"role": "user"}]}, "`messages` cannot be read: Object missing required field `content`"),
        ({"tools": [{"input_schema": {}}]}, "a tool has no `name`"),
        ({"system": [IMAGE]}, "`system` holds something else than text"),
        ({"messages": [user({"type": "tool_result", "content": "1"})]}, "a `tool_result` has no `tool_use_id`"),
        (
            {"messages": [{"role": "assistant", "content": [{**USE, "input": "x"}]}, HI]},
            "a `tool_use` needs an `id`, a `name` and an object as its `input`",
        ),
    ],
)
def test_a_request_that_breaks_anthropic_s_own_rules_is_refused(fields: dict[str, Any], wrong: str) -> None:
    assert refused_to_chat(**fields).startswith(f"bad_body: {wrong}")


@pytest.mark.parametrize(
    ("system", "messages"),
    [
        ("Be brief.", [{"role": "system", "content": "Be brief."}]),
        ([text("Be brief.") | {"cache_control": {"type": "ephemeral"}}], [{"role": "system", "content": "Be brief."}]),
        ([text("a"), text("b")], [{"role": "system", "content": [text("a"), text("b")]}]),
        ("", []),
        ([], []),
    ],
)
def test_the_system_prompt_is_the_first_message(system: object, messages: list[object]) -> None:
    assert to_chat(system=system)["messages"] == [*messages, HI]


def test_a_system_message_inside_the_conversation_stays_where_it_is() -> None:
    told = [HI, {"role": "assistant", "content": "a"}, {"role": "system", "content": "b"}, HI]
    assert to_chat(messages=told)["messages"] == told


def test_pictures_are_carried_as_urls() -> None:
    url = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
    assert to_chat(messages=[user(text("see"), IMAGE, url)])["messages"] == [
        user(text("see"), PICTURE, {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}})
    ]


def test_calls_keep_their_input_and_thoughts_stay_behind() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    spoken = {"role": "assistant", "content": [thought, text("let me see"), USE]}
    silent = {"role": "assistant", "content": [{"type": "redacted_thinking", "data": "x"}, USE]}
    call = {"id": "toolu_1", "type": "function", "function": {"name": "price", "arguments": '{"of": "gpu"}'}}
    told = to_chat(messages=[HI, spoken, user(result("2")), silent, user(result("3"))])["messages"]
    assert told == [
        HI,
        {"role": "assistant", "content": "let me see", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "2"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "3"},
    ]


@pytest.mark.parametrize(
    ("block", "content", "follows"),
    [
        (result("2"), "2", []),
        (result([text("2")]), "2", []),
        (result([text("2"), text("3")]), [text("2"), text("3")], []),
        (result(None), "", []),
        ({"type": "tool_result", "tool_use_id": "toolu_1"}, "", []),
        (result("no such GPU", is_error=True), "Error: no such GPU", []),
        (result([text("a"), text("b")], is_error=True), [text("Error: a"), text("b")], []),
        (result([], is_error=True), "Error: ", []),
        (result([text("shot"), IMAGE]), "shot", [PICTURE]),
    ],
)
def test_a_tool_s_result_is_a_message_of_text_and_its_pictures_follow(
    block: dict[str, Any], content: object, follows: list[dict[str, Any]]
) -> None:
    told = to_chat(messages=[user(text("so?"), block)])["messages"]
    assert told[0] == {"role": "tool", "tool_call_id": "toolu_1", "content": content}
    assert told[1:] == [{"role": "user", "content": [*follows, text("so?")] if follows else "so?"}]


def test_results_in_two_neighbouring_turns_both_follow_the_calls() -> None:
    other = {**result("3"), "tool_use_id": "toolu_2"}
    told = to_chat(messages=[user(result("2"), text("a")), user(other, text("b"))])["messages"]
    assert [message["role"] for message in told] == ["tool", "tool", "user"]
    assert told[2]["content"] == [text("a"), text("b")]


@pytest.mark.parametrize(
    ("tool", "function"),
    [
        (TOOL, {"name": "price", "parameters": {"type": "object"}}),
        (
            {**TOOL, "type": "custom", "description": "d", "strict": True, "cache_control": {"type": "ephemeral"}},
            {"name": "price", "description": "d", "parameters": {"type": "object"}, "strict": True},
        ),
    ],
)
def test_the_client_s_tools_are_carried(tool: dict[str, Any], function: dict[str, Any]) -> None:
    assert to_chat(tools=[tool])["tools"] == [{"type": "function", "function": function}]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "tool", "name": "price"}, {"tool_choice": {"type": "function", "function": {"name": "price"}}}),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
    ],
)
def test_the_choice_among_tools_is_carried(choice: dict[str, Any], said: dict[str, Any]) -> None:
    told = to_chat(tools=[TOOL], tool_choice=choice)
    assert {name: told[name] for name in ("tool_choice", "parallel_tool_calls") if name in told} == said

"""What each provider's answer says it used, worked by hand from its own documentation."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.dialects.answer import read_answer
from costtui.dialects.estimate import disputed, estimate_input_tokens
from costtui.dialects.operation import Operation
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage

GOLDEN = Path(__file__).parent.parent / "fixtures" / "dialects"
CHAT, RESPONSES, MESSAGES, EMBEDDINGS = Operation.CHAT, Operation.RESPONSES, Operation.MESSAGES, Operation.EMBEDDINGS
TABLE: list[tuple[str, Operation, str, str, Usage | None]] = [
    (
        "openai",
        CHAT,
        '"service_tier":"flex","usage":{"prompt_tokens":1000,"completion_tokens":200,"total_tokens":1200,'
        '"prompt_tokens_details":{"cached_tokens":800,"cache_write_tokens":100,"audio_tokens":30},'
        '"completion_tokens_details":{"reasoning_tokens":150,"audio_tokens":20}}',
        "all kinds are part of the totals",
        Usage(1000, 200, 800, 100, 0, 150, 30, 20, service_tier="flex"),
    ),
    ("openai", EMBEDDINGS, '"usage":{"prompt_tokens":9,"total_tokens":9}', "embeddings have no output", Usage(9)),
    (
        "openai",
        RESPONSES,
        '"service_tier":"default","usage":{"input_tokens":10,"output_tokens":7,"output_tokens_details":'
        '{"reasoning_tokens":5}},"output":[{"type":"web_search_call"},{"type":"image_generation_call"},{"type":"x"}]',
        "searches and pictures are parts of the output",
        Usage(10, 7, reasoning_tokens=5, images=1, web_searches=1),
    ),
    (
        "anthropic",
        MESSAGES,
        '"usage":{"input_tokens":100,"cache_creation_input_tokens":1000,"cache_read_input_tokens":5000,"cache_creation"'
        ':{"ephemeral_5m_input_tokens":400,"ephemeral_1h_input_tokens":600},"output_tokens":50,"output_tokens_details":'
        '{"thinking_tokens":20},"server_tool_use":{"web_search_requests":2},"service_tier":"batch"}',
        "input leaves the cache out: 100 + 1000 + 5000",
        Usage(6100, 50, 5000, 400, 600, 20, web_searches=2, service_tier="batch"),
    ),
    (
        "anthropic",
        MESSAGES,
        '"usage":{"input_tokens":10,"output_tokens":5,"speed":"fast","cache_creation_input_tokens":7,"iterations":['
        '{"type":"message","input_tokens":10,"output_tokens":5},{"type":"compaction","input_tokens":100,'
        '"output_tokens":30,"cache_read_input_tokens":2,"cache_creation_input_tokens":3}]}',
        "compaction is billed and in no other count: 10 + 7 + 100 + 2 + 3, 5 + 30",
        Usage(122, 35, 2, 10, service_tier="fast"),
    ),
    (
        "xai",
        CHAT,
        '"usage":{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":'
        '{"reasoning_tokens":94}}',
        "completion leaves reasoning out: 135 - 32",
        Usage(32, 103, reasoning_tokens=94),
    ),
    (
        "xai",
        CHAT,
        '"usage":{"prompt_tokens":32,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":94}}',
        "without a total the reasoning is added: 9 + 94",
        Usage(32, 103, reasoning_tokens=94),
    ),
    (
        "google",
        CHAT,
        '"usage":{"prompt_tokens":21,"completion_tokens":198,"total_tokens":624}',
        "thoughts are in the total alone: 624 - 21",
        Usage(21, 603),
    ),
    (
        "openai",
        CHAT,
        '"usage":{"prompt_tokens":21,"completion_tokens":198,"total_tokens":624}',
        "others' completion is the output",
        Usage(21, 198),
    ),
    (
        "google",
        CHAT,
        '"usageMetadata":{"promptTokenCount":21,"candidatesTokenCount":198,"thoughtsTokenCount":405,'
        '"cachedContentTokenCount":4,"toolUsePromptTokenCount":10}',
        "Google's own: 21 + 10, 198 + 405",
        Usage(31, 603, 4, reasoning_tokens=405),
    ),
    ("ollama", CHAT, '"prompt_eval_count":26,"eval_count":290', "Ollama's own", Usage(26, 290)),
    (
        "deepseek",
        CHAT,
        '"usage":{"prompt_tokens":1000,"completion_tokens":256,"prompt_cache_hit_tokens":800}',
        "hits beside the details",
        Usage(1000, 256, 800),
    ),
    (
        "sglang",
        CHAT,
        '"usage":{"prompt_tokens":10,"completion_tokens":8,"reasoning_tokens":6,"prompt_tokens_details":null}',
        "reasoning at the top",
        Usage(10, 8, reasoning_tokens=6),
    ),
    (
        "openrouter",
        CHAT,
        '"usage":{"prompt_tokens":194,"completion_tokens":2,"cost":0.00014,"is_byok":false}',
        "0.00014 USD are 140,000 nano",
        Usage(194, 2, reported_nano=NanoUsd(140_000)),
    ),
]


def read(operation: Operation, provider: str, members: str) -> Usage | None:
    return read_answer(operation, provider, ("{" + members + "}").encode()).usage


@pytest.mark.parametrize(("provider", "operation", "members", "why", "usage"), TABLE)
def test_usage_is_converted_as_the_provider_counts(
    provider: str, operation: Operation, members: str, why: str, usage: Usage | None
) -> None:
    assert read(operation, provider, members) == usage, why


@pytest.mark.parametrize(
    ("cost", "nano"),
    [
        ("0.1", 100_000_000),
        ("4e-05", 40_000),
        ("1.0000000005", 1_000_000_000),
        ("1.0000000015", 1_000_000_002),
        ("0", 0),
        ("null", None),
        ("-1", None),
        ('"0.1"', None),
        ("1e12", None),
        ("1e999", None),
        ("{}", None),
    ],
)
def test_a_stated_cost_is_read_through_its_own_digits(cost: str, nano: int | None) -> None:
    members = f'"usage":{{"prompt_tokens":1,"completion_tokens":1,"cost":{cost}}}'
    usage = read(CHAT, "openrouter", members)
    assert usage is not None
    assert usage.reported_nano == nano
    other = read(CHAT, "openai", members)
    assert other is not None
    assert other.reported_nano is None


@pytest.mark.parametrize(("own", "nano"), [("0.25", 350_000_000), ("null", None)])
def test_with_the_users_own_key_the_upstreams_charge_is_added_or_nothing_is_known(own: str, nano: int | None) -> None:
    members = (
        '"usage":{"prompt_tokens":1,"completion_tokens":1,"cost":0.1,"is_byok":true,'
        f'"cost_details":{{"upstream_inference_cost":{own}}}}}'
    )
    usage = read(CHAT, "openrouter", members)
    assert usage is not None
    assert usage.reported_nano == nano


@pytest.mark.parametrize("odd", ["null", "-1", "1e9999", "1.5", '"7"', "[]", "{}", "true", "9" * 5000, "1000000000001"])
@pytest.mark.parametrize(
    ("operation", "given_name", "made_name"),
    [
        (CHAT, "prompt_tokens", "completion_tokens"),
        (RESPONSES, "input_tokens", "output_tokens"),
        (MESSAGES, "input_tokens", "output_tokens"),
    ],
)
def test_a_figure_that_is_no_count_is_not_stated(
    operation: Operation, given_name: str, made_name: str, odd: str
) -> None:
    assert read(operation, "openai", f'"usage":{{"{given_name}":{odd},"{made_name}":5}}') is None
    assert read(operation, "openai", f'"usage":{{"{given_name}":5,"{made_name}":{odd}}}') is None
    assert read(operation, "openai", f'"usage":{{"{given_name}":5,"{made_name}":6,"x":{odd}}}') == Usage(5, 6)


def test_odd_parts_are_left_out_and_the_whole_is_kept() -> None:
    members = '"usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":2.5}}'
    assert read(CHAT, "openai", members) == Usage(5, 6)


def test_parts_larger_than_the_whole_earn_no_discount() -> None:
    members = '"usage":{"prompt_tokens":5,"completion_tokens":6,"prompt_tokens_details":{"cached_tokens":9}}'
    assert read(CHAT, "openai", members) == Usage(5, 6)


@pytest.mark.parametrize(
    ("operation", "name", "complete"),
    [(CHAT, "llamacpp_chat", True), (RESPONSES, "llamacpp_responses", True), (MESSAGES, "vllm_messages", True)],
)
def test_real_engines_answers_are_whole_and_broken_off_ones_are_not(
    operation: Operation, name: str, complete: bool
) -> None:
    body = (GOLDEN / f"{name}.json").read_bytes()
    answer = read_answer(operation, "vllm", body)
    assert (answer.complete, answer.usage is not None, answer.estimate_output_tokens) == (complete, True, 0)
    assert not read_answer(operation, "vllm", body[:-1]).complete


def test_an_answer_without_usage_is_estimated_from_what_it_made() -> None:
    body = json.dumps({"choices": [{"finish_reason": "stop", "message": {"content": "word " * 800}}]}).encode()
    answer = read_answer(CHAT, "openai", body)
    assert answer.complete
    assert 950 <= answer.estimate_output_tokens <= 1050


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"[" * 100_000, b'{"usage":' + b"[" * 5000, b"\xff", b'{"usage":7}']
)
@pytest.mark.parametrize("operation", list(Operation))
def test_a_hostile_answer_is_none_and_never_an_error(operation: Operation, body: bytes) -> None:
    answer = read_answer(operation, "openai", body)
    assert (answer.usage, answer.complete) == (None, False)


@given(st.binary(max_size=80), st.sampled_from(list(Operation)), st.sampled_from(["openai", "xai", "openrouter"]))
def test_no_answer_makes_the_reader_fail(noise: bytes, operation: Operation, provider: str) -> None:
    for body in (noise, b'{"usage":' + noise + b"}", b'{"usage":{"prompt_tokens":' + noise + b"}}"):
        read_answer(operation, provider, body)


@pytest.mark.parametrize(
    ("tokens", "body_bytes", "media", "doubted"),
    [
        (1000, 4000, False, False),
        (200, 4000, False, False),
        (199, 4000, False, True),
        (5000, 4000, False, False),
        (5001, 4000, False, True),
        (2560, 100, False, False),
        (2561, 100, False, True),
        (0, 100, False, True),
        (10**9, 4000, True, False),
        (0, 4000, True, True),
    ],
)
def test_usage_out_of_proportion_is_disputed(tokens: int, body_bytes: int, media: bool, doubted: bool) -> None:
    assert disputed(Usage(tokens, 1), body_bytes, media) is doubted


def test_a_prompt_is_estimated_at_four_bytes_a_token_and_pictures_are_not_text() -> None:
    assert estimate_input_tokens(4000, False) == 1000
    assert estimate_input_tokens(0, False) == 1
    assert estimate_input_tokens(8_000_000, True) == 4096

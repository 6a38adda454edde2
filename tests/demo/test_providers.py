"""The simulated API providers, asked by the official clients."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import anthropic
import openai
import pytest

from costtui.demo.apis import APIS, CLASSES
from costtui.demo.host import ENGINES

DEADLINE_SECONDS = 30.0
WORDS = [{"role": "user", "content": "token " * 2_000}]


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    """Addresses by target."""
    command = [sys.executable, "-m", "costtui.demo.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        yield {api["name"]: api["url"] for api in json.loads(child.stdout.readline())["apis"]}
        child.terminate()
        assert child.wait(DEADLINE_SECONDS) == 0


def test_an_openai_client_gets_an_answer_and_its_usage(urls: dict[str, str]) -> None:
    ask: dict[str, Any] = {"model": "gpt-5", "messages": WORDS, "max_tokens": 20}
    with openai.OpenAI(base_url=urls["gpt-5"], api_key="simulated-x") as client:
        whole = client.chat.completions.create(**ask)
        pieces = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
        bare = list(client.chat.completions.create(**ask, stream=True))
    for usage in (whole.usage, pieces[-1].usage):
        assert usage is not None
        assert usage.prompt_tokens_details is not None
        # three tenths of 2,000 in whole steps of 128: 512
        cached = usage.prompt_tokens_details.cached_tokens
        assert (usage.prompt_tokens, usage.completion_tokens, cached) == (2_000, 20, 512)
    text = "".join(piece.choices[0].delta.content or "" for piece in bare if piece.choices)
    assert (len(text.split()), [piece.usage for piece in bare if piece.usage]) == (20, [])


def test_an_anthropic_client_gets_an_answer_and_its_usage(urls: dict[str, str]) -> None:
    ask: dict[str, Any] = {"model": "claude-opus-5", "messages": WORDS, "max_tokens": 20}
    with anthropic.Anthropic(base_url=urls["claude"].removesuffix("/v1"), api_key="simulated-x") as client:
        whole = client.messages.create(**ask)
        with client.messages.stream(**ask) as stream:
            text = "".join(stream.text_stream)
            final = stream.get_final_message()
    assert len(text.split()) == 20
    for usage in (whole.usage, final.usage):
        # 2,000 less 512 read and 128 written
        assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (
            1_360,
            512,
            128,
        )
        assert usage.output_tokens == 20


def test_a_key_of_somebody_else_is_refused(urls: dict[str, str]) -> None:
    client = openai.OpenAI(base_url=urls["novita"], api_key="ctk-gateway", max_retries=0)
    with client, pytest.raises(openai.AuthenticationError):
        client.chat.completions.create(model="x", messages=[{"role": "user", "content": "a"}])


def test_shares_of_the_traffic_are_those_of_engines_and_apis() -> None:
    assert sum(each.share for each in CLASSES) == pytest.approx(1.0)
    told = {each.name: each.share for each in (*ENGINES, *APIS)}
    for traffic in CLASSES:
        whole = sum(weight for _, weight in traffic.weights)
        for name, weight in traffic.weights:
            assert told.pop(name) == pytest.approx(traffic.share * weight / whole, rel=1e-6), name
    assert told == {}

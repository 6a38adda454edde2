"""Official clients through the real gateway: the same answers and usage as without it, and all of it in the ledger."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import pytest
from langchain_openai import ChatOpenAI

from costtui.domain.attempt import Outcome
from costtui.domain.usage import Usage, UsageSource
from tests.e2e.story import llama_counters
from tests.parts.llama import LlamaServer
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-clients")]
MESSAGES: Any = [{"role": "user", "content": "what does this cost?"}]
USED = Used(input=1_200, output=340, cached=1_024, reasoning=64)
COST_NANO = 176 * 1_250 + 1_024 * 125 + 340 * 10_000
"""At $1.25, $0.125 and $10 per million tokens of input, cached input and output."""
CONFIG = """
[targets.api]
provider = "openai"
url = "{url}"
model = "gpt-5"
dialect = "both"
[routes.chat]
strategy = "weighted"
targets = ["api"]
weights = {{ api = 1 }}
[prices]
api = [{{ from = 2026-01-01, input = 1.25, output = 10, cached_input = 0.125 }}]
"""
ENGINE = """
[targets]
tiny = {{ engine = "llamacpp", url = "{url}", model = "tiny-random", dialect = "both" }}
"""


@pytest.fixture(scope="module")
def api() -> Iterator[Provider]:
    with Provider() as server:
        server.usual = Script(used=USED)
        yield server


@pytest.fixture(scope="module")
def gateway(api: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"), CONFIG.format(url=api.url))
    process.command("prices", "compile")
    with process:
        yield process


@pytest.fixture(scope="module")
def engine_gateway(llama_server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path_factory.mktemp("engine"), ENGINE.format(url=llama_server.url)) as process:
        yield process


def openai_client(url: str, key: str = "none") -> openai.OpenAI:
    return openai.OpenAI(base_url=url, api_key=key, max_retries=0)


def anthropic_client(url: str, key: str = "none") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)


def chat(client: openai.OpenAI, model: str) -> object:
    return client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=8, temperature=0)


def chat_stream(client: openai.OpenAI, model: str) -> object:
    options: Any = {"include_usage": True}
    with client.chat.completions.create(
        model=model, messages=MESSAGES, max_tokens=8, temperature=0, stream=True, stream_options=options
    ) as stream:
        return list(stream)


def completion(client: openai.OpenAI, model: str) -> object:
    return client.completions.create(model=model, prompt="what does", max_tokens=8, temperature=0)


def completion_stream(client: openai.OpenAI, model: str) -> object:
    options: Any = {"include_usage": True}
    with client.completions.create(
        model=model, prompt="what does", max_tokens=8, temperature=0, stream=True, stream_options=options
    ) as stream:
        return list(stream)


def embedding(client: openai.OpenAI, model: str) -> object:
    return client.embeddings.create(model=model, input="what does this cost?")


def response(client: openai.OpenAI, model: str) -> object:
    return client.responses.create(model=model, input="what does this cost?", max_output_tokens=8, temperature=0)


def response_stream(client: openai.OpenAI, model: str) -> object:
    with client.responses.create(
        model=model, input="what does this cost?", max_output_tokens=8, temperature=0, stream=True
    ) as stream:
        return list(stream)


def message(client: anthropic.Anthropic, model: str) -> object:
    return client.messages.create(model=model, max_tokens=8, messages=MESSAGES)


def message_stream(client: anthropic.Anthropic, model: str) -> object:
    with client.messages.stream(model=model, max_tokens=8, messages=MESSAGES) as stream:
        return stream.get_final_message()


OPENAI_CALLS = [chat, chat_stream, completion, completion_stream, embedding, response, response_stream]
ANTHROPIC_CALLS = [message, message_stream]
KINDS = {
    "chat": "chat",
    "completion": "completions",
    "embedding": "embeddings",
    "response": "responses",
    "message": "messages",
}


def plain(answer: object) -> object:
    """What a client understood, without what differs from call to call by its nature."""
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    body: dict[str, Any] = answer.model_dump(mode="json")  # type: ignore[attr-defined]  # all of them are pydantic's
    return _without(body)


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        skipped = ("id", "created", "created_at", "completed_at", "timings", "item_id", "response_id")
        return {key: _without(each) for key, each in value.items() if key not in skipped}
    return [_without(each) for each in value] if isinstance(value, list) else value


def test_a_client_that_closes_at_the_stream_s_own_end_has_had_the_whole_answer(
    api: Provider, gateway: GatewayProcess
) -> None:
    """The official client closes at `[DONE]`, a fifth of a second before the upstream says that the body is over."""
    before = len(gateway.rows(0))
    api.play(Script(words=3, pause_seconds=0.2))
    with openai_client(gateway.url, gateway.key) as client:
        chat_stream(client, "chat")
    attempt = gateway.rows(before + 1)[-1].attempt
    assert attempt.outcome is Outcome.OK
    assert attempt.usage_source is UsageSource.REPORTED


@pytest.mark.parametrize("call", [*OPENAI_CALLS, *ANTHROPIC_CALLS], ids=lambda call: call.__name__)
def test_a_client_understands_the_same_as_without_the_gateway(
    api: Provider, gateway: GatewayProcess, call: Any
) -> None:
    before = len(gateway.rows(0))
    if call in ANTHROPIC_CALLS:
        with anthropic_client(api.url.removesuffix("/v1")) as near, anthropic_client(gateway.root, gateway.key) as far:
            direct, through = call(near, "gpt-5"), call(far, "chat")
    else:
        with openai_client(api.url) as near_openai, openai_client(gateway.url, gateway.key) as far_openai:
            direct, through = call(near_openai, "gpt-5"), call(far_openai, "chat")
    assert plain(direct) == plain(through)
    row = gateway.rows(before + 1)[-1]
    assert row.lane.operation == KINDS[call.__name__.removesuffix("_stream")]
    assert row.attempt.outcome is Outcome.OK
    assert row.attempt.stream == call.__name__.endswith("_stream")
    assert row.attempt.usage_source is UsageSource.REPORTED
    assert_used(row.attempt.usage, row.lane.operation)
    if row.lane.operation != "embeddings":
        assert row.attempt.charge is not None
        assert row.attempt.charge.nano == COST_NANO


def assert_used(usage: Usage, operation: str) -> None:
    if operation == "embeddings":
        assert usage == Usage(input_tokens=USED.input)
        return
    reasoning = 0 if operation == "messages" else USED.reasoning  # part of Anthropic's output, and not told apart
    assert usage == Usage(
        input_tokens=USED.input,
        output_tokens=USED.output,
        cached_input_tokens=USED.cached,
        reasoning_tokens=reasoning,
    )


def test_a_count_of_tokens_is_passed_on_and_costs_nothing(api: Provider, gateway: GatewayProcess) -> None:
    before = len(gateway.rows(0))
    with anthropic_client(gateway.root, gateway.key) as client:
        counted = client.messages.count_tokens(model="chat", messages=MESSAGES)
    assert counted.input_tokens == USED.input - USED.cached
    row = gateway.rows(before + 1)[-1]
    assert row.attempt.usage == Usage()
    assert row.attempt.charge is not None
    assert row.attempt.charge.nano == 0


def langchain(url: str, key: str, model: str) -> ChatOpenAI:
    return ChatOpenAI.model_validate(
        {"model": model, "base_url": url, "api_key": key, "max_retries": 0, "stream_usage": True}
    )


def test_langchain_gets_the_same_usage_as_without_the_gateway(api: Provider, gateway: GatewayProcess) -> None:
    already = len(gateway.rows(0))
    near, far = langchain(api.url, "none", "gpt-5"), langchain(gateway.url, gateway.key, "chat")
    assert near.invoke("cost?").usage_metadata == far.invoke("cost?").usage_metadata
    streamed = [each.usage_metadata for each in far.stream("cost?")]
    assert sum(usage["total_tokens"] for usage in streamed if usage) == USED.input + USED.output
    assert len(gateway.rows(already + 2)) == already + 2


def test_simon_willisons_llm_talks_through_the_gateway(gateway: GatewayProcess, tmp_path: Path) -> None:
    model = f"- model_id: through\n  model_name: chat\n  api_base: {gateway.url}\n  api_key_name: gateway\n"
    (tmp_path / "extra-openai-models.yaml").write_text(model)
    before = len(gateway.rows(0))
    for options in ((), ("--no-stream",)):
        argv = [sys.executable, "-m", "llm", "-m", "through", "--key", gateway.key, *options, "cost?"]
        said = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            env=gateway.environment | {"LLM_USER_PATH": str(tmp_path)},
            timeout=60,
            check=False,
        )
        assert said.stdout.startswith("The price of an answer"), said
    assert [row.attempt.outcome for row in gateway.rows(before + 2)[before:]] == [Outcome.OK] * 2


def test_clients_see_the_models_that_the_gateway_serves(gateway: GatewayProcess) -> None:
    with openai_client(gateway.url, gateway.key) as client:
        assert {model.id for model in client.models.list()} == {"api", "chat", "gpt-5"}
    with anthropic_client(gateway.root, gateway.key) as other:
        assert {model.id for model in other.models.list()} == {"api", "chat", "gpt-5"}


def test_a_client_with_a_wrong_key_is_told_so_in_its_own_words(api: Provider, gateway: GatewayProcess) -> None:
    before = len(api.seen)
    with openai_client(gateway.url, "sk-wrong") as client, pytest.raises(openai.AuthenticationError, match="key add"):
        chat(client, "chat")
    with (
        anthropic_client(gateway.root, "sk-wrong") as other,
        pytest.raises(anthropic.AuthenticationError, match="key add"),
    ):
        message(other, "chat")
    assert len(api.seen) == before


@pytest.mark.parametrize(
    "call", [chat, chat_stream, completion, completion_stream, response], ids=lambda call: call.__name__
)
def test_a_real_engine_answers_openai_clients_as_without_the_gateway(
    llama_server: LlamaServer, engine_gateway: GatewayProcess, call: Any
) -> None:
    already = len(engine_gateway.rows(0))
    with openai_client(llama_server.url) as near, openai_client(engine_gateway.url, engine_gateway.key) as far:
        call(near, "tiny-random")  # after this the prompt is in its cache
        direct, through = call(near, "tiny-random"), call(far, "tiny")
    assert plain(direct) == plain(through)
    engine_gateway.rows(already + 1)


def test_the_ledger_holds_exactly_the_tokens_that_the_engine_counted(
    llama_server: LlamaServer, engine_gateway: GatewayProcess
) -> None:
    already = len(engine_gateway.rows(0))
    before = llama_counters(llama_server)
    with (
        openai_client(engine_gateway.url, engine_gateway.key) as client,
        anthropic_client(engine_gateway.root, engine_gateway.key) as other,
    ):
        for call in (chat, chat_stream, completion, completion_stream, response, response_stream):
            call(client, "tiny")
        message(other, "tiny")
        message_stream(other, "tiny")
    after = llama_counters(llama_server)
    rows = [row.attempt for row in engine_gateway.rows(already + 8)[already:]]
    assert [row.outcome for row in rows] == [Outcome.OK] * 8
    used = (sum(row.usage.input_tokens for row in rows), sum(row.usage.output_tokens for row in rows))
    assert used == (after[0] - before[0], after[1] - before[1])

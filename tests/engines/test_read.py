"""Reading and finding engines over HTTP, on a real llama.cpp server and on servers that fail."""

import asyncio
import socket

import pytest

from costtui.config.model import Target
from costtui.domain.reading import EngineReading
from costtui.egress.client import Egress
from costtui.engines.discover import FoundEngine, discover
from costtui.engines.kinds import KINDS
from costtui.engines.read import metrics_url, read_engine
from tests.engines.answering import answering
from tests.parts.llama import LlamaServer


def read(target: Target) -> EngineReading:
    async def ask() -> EngineReading:
        async with Egress() as egress:
            return await read_engine(target, egress, 5)

    return asyncio.run(ask())


def find(*ports: int) -> tuple[FoundEngine, ...]:
    async def ask() -> tuple[FoundEngine, ...]:
        async with Egress() as egress:
            return await discover(egress, ports)

    return asyncio.run(ask())


def port_of(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


def test_the_tokens_of_a_real_engine_are_those_that_its_api_reported(llama_server: LlamaServer) -> None:
    target = Target("tiny", engine="llamacpp", url=llama_server.url)
    before = read(target)
    used = [llama_server.complete(prompt) for prompt in ("cost of the gpu", "cost of the gpu", "idle power at night")]
    after = read(target)
    assert after.problem is None
    for name, total in (
        ("input_tokens", sum(one.input_tokens for one in used)),
        ("cached_input_tokens", sum(one.cached_tokens for one in used)),
        ("output_tokens", sum(one.output_tokens for one in used)),
    ):
        assert getattr(after, name) - getattr(before, name) == total, name
    assert used[1].cached_tokens > 0


def test_a_real_engine_is_found_with_its_model(llama_server: LlamaServer) -> None:
    assert find(port_of(llama_server.url)) == (FoundEngine("llamacpp", llama_server.url, "tiny-random"),)


def test_an_engine_whose_metrics_are_off_is_found_by_its_models() -> None:
    models = b'{"data": [{"id": "m", "owned_by": "sglang"}]}'
    with answering({"/v1/models": (200, models)}) as url:
        assert find(port_of(url)) == (FoundEngine("sglang", f"{url}/v1", "m"),)


def test_ollama_is_found_by_what_is_resident() -> None:
    with answering({"/api/ps": (200, b'{"models": [{"name": "q", "size_vram": 5}]}')}) as url:
        assert find(port_of(url)) == (FoundEngine("ollama", f"{url}/v1", "q"),)


def test_another_server_and_a_closed_port_are_no_engines() -> None:
    with socket.socket() as closed, answering({"/metrics": (200, b"go_goroutines 5\n")}) as url:
        closed.bind(("127.0.0.1", 0))
        assert find(port_of(url), closed.getsockname()[1]) == ()


def test_an_engine_that_is_down_is_a_problem_with_a_remedy() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        problem = read(Target("down", engine="vllm", url=f"http://127.0.0.1:{port}/v1")).problem
    assert problem is not None
    assert problem.reason == f"nothing listens on 127.0.0.1:{port}"
    assert problem.remedy


@pytest.mark.parametrize(
    ("kind", "status", "remedy"),
    [("llamacpp", 501, "llama-server needs --metrics"), ("sglang", 404, "SGLang needs --enable-metrics")],
)
def test_an_engine_without_metrics_names_the_option_that_it_needs(kind: str, status: int, remedy: str) -> None:
    with answering({"/metrics": (status, b"{}")}) as url:
        problem = read(Target("e", engine=kind, url=f"{url}/v1")).problem
    assert problem is not None
    assert problem.remedy == remedy


def test_a_page_instead_of_metrics_is_a_problem_and_not_a_zero() -> None:
    with answering({"/metrics": (200, b"<html>hello</html>")}) as url:
        reading = read(Target("e", engine="vllm", url=url))
    assert reading.problem is not None
    assert "vllm" in reading.problem.reason
    assert reading.input_tokens is None


def test_the_metrics_address_of_the_configuration_wins() -> None:
    with answering({"/elsewhere": (200, b"vllm:generation_tokens_total 4\n")}) as url:
        target = Target("e", engine="vllm", url="http://127.0.0.1:1/v1", metrics_url=f"{url}/elsewhere")
        assert read(target).output_tokens == 4


@pytest.mark.parametrize(
    ("kind", "url", "expected"),
    [
        ("vllm", "http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/metrics"),
        ("vllm", "http://127.0.0.1:8000", "http://127.0.0.1:8000/metrics"),
        ("vllm", "http://h/llm/v1/", "http://h/llm/metrics"),
        ("ollama", "http://[::1]:11434/v1", "http://[::1]:11434/api/ps"),
        ("trtllm", "http://h:8000/v1", "http://h:8000/prometheus/metrics"),
    ],
)
def test_counters_are_beside_the_api(kind: str, url: str, expected: str) -> None:
    assert metrics_url(url, KINDS[kind]) == expected

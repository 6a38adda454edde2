"""The gateway decides: own GPUs while they keep the objective, the cheapest API above, never outside a rule."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.agent.waiting import eventually
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import Wire, many, post

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-steering")]
CHAT = "/v1/chat/completions"
CONFIG = """
[targets]
llama  = {{ engine = "vllm", url = "{own}", model = "llama", capacity_output_tokens_per_second = 100, streams = 8 }}
dear   = {{ provider = "openai", url = "{api}", model = "gpt-5" }}
cheap  = {{ provider = "novita", url = "{api}", model = "llama-70b", tools = false, context_window = 2000 }}
[routes.chat]
strategy = "idle-first"
targets = ["llama", "dear", "cheap"]
ttft_seconds = 2.0
tpot_ms = 100
[[routes.chat.rules]]
data_class = "confidential"
targets = ["llama"]
[[routes.chat.rules]]
tag = "gold"
targets = ["dear"]
[[routes.chat.rules]]
key = "team-b"
targets = ["cheap"]
[routes.code]
strategy = "cheapest"
targets = ["dear", "cheap"]
[routes.ask]
strategy = "cascade"
targets = ["dear", "cheap"]
cascade = {{ labels = {{ faq = "simple", law = "hard" }} }}
[routes.shared]
strategy = "weighted"
targets = ["dear", "cheap"]
weights = {{ cheap = 1 }}
[prices]
dear  = [{{ from = 2026-01-01, input = 1, output = 10, cached_input = 0.1 }}]
cheap = [{{ from = 2026-01-01, input = 0.5, output = 1 }}]
"""


class World:
    """An engine of one's own and an API."""

    def __init__(self, own: Provider, api: Provider, gateway: GatewayProcess) -> None:
        self.own, self.api, self.gateway = own, api, gateway

    def ask(self, count: int = 1, model: str = "chat", *lines: str, **more: object) -> list[Wire]:
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": True, "max_tokens": 10}
        one = post(CHAT, body | more, self.gateway.key, *lines)
        return asyncio.run(many(self.gateway.port, [one] * count, at_a_time=count))

    def targets(self, *arguments: Any, **more: Any) -> Counter[str]:
        return Counter(each.headers.get("x-costtui-target", str(each.status)) for each in self.ask(*arguments, **more))

    def decisions(self) -> list[dict[str, Any]]:
        path = self.gateway.state_dir / "decisions.json"
        eventually(path.exists, "the list of decisions")
        found: list[dict[str, Any]] = json.loads(path.read_bytes())["decisions"]
        return found


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Provider() as own, Provider() as api:
        for each in (own, api):
            each.usual = Script(used=Used(input=20, output=10), words=5)
        config = CONFIG.format(own=own.url, api=api.url)
        gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"), config)
        gateway.command("prices", "compile")
        with gateway:
            yield World(own, api, gateway)


def test_an_idle_engine_gets_the_requests_and_a_full_one_leaves_the_rest_to_the_cheapest_api(world: World) -> None:
    assert world.targets() == {"llama": 1}
    world.own.usual = Script(used=Used(input=20, output=10), words=5, pause_seconds=0.2)
    found = world.targets(30)
    # 40 tokens a second while prompts are read: of four answers each token takes 100 ms, and 85 may be
    assert 1 <= found["llama"] <= 4
    assert found["cheap"] == 30 - found["llama"]
    assert world.targets() == {"llama": 1}, "it has room again"
    eventually(lambda: len(world.decisions()) == 32, "all decisions on the screen's list")
    spilled = next(each for each in world.decisions() if each["target"] == "cheap")
    assert spilled["reason"] == "idle-first: llama full: cheap is the cheapest of the rest"
    assert {each["target"]: each["why"] for each in spilled["candidates"]} == {
        "cheap": "",
        "dear": "costs more, or is listed later",
        "llama": "too full for the objective",
    }
    costs = {each["target"]: each["marginal_nano"] for each in spilled["candidates"]}
    assert costs["llama"] == 0
    assert 0 < costs["cheap"] < costs["dear"]


def test_confidential_requests_stay_here_however_full_or_dead_it_is(world: World) -> None:
    world.own.usual = Script(used=Used(input=20, output=10), words=5, pause_seconds=0.1)
    secret = "x-costtui-data-class: confidential"
    assert world.targets(20, "chat", secret) == {"llama": 20}
    world.own.usual = Script(status=503)
    refused = world.ask(12, "chat", secret)
    assert {each.headers.get("x-costtui-target", "") for each in refused} <= {"llama", ""}
    eventually(lambda: "a rule sends it elsewhere" in str(world.ask(1, "chat", secret)[0].body), "nowhere to go")
    assert not world.api.seen
    assert world.targets() == {"cheap": 1}, "others go on"


def test_rules_by_tag_and_what_a_model_cannot_do_decide_on_every_strategy(world: World) -> None:
    assert world.targets(1, "chat", "x-costtui-tag: gold") == {"dear": 1}
    world.gateway.key = world.gateway.command("key", "add", "team-b").strip()
    eventually(lambda: world.targets() == {"cheap": 1}, "the rule for the new key")
    assert world.targets(1, "code") == {"cheap": 1}
    tools = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
    assert world.targets(1, "code", tools=tools) == {"dear": 1}
    assert world.targets(1, "shared", tools=tools) == {"dear": 1}
    assert world.targets(3, "shared") == {"cheap": 3}
    assert world.targets(1, "shared", max_tokens=5_000) == {"dear": 1}, "the context window is too small"


def test_a_conversation_stays_where_it_is_cached(world: World) -> None:
    world.api.usual = Script(used=Used(input=1_500, output=5))
    long = [{"role": "user", "content": "word " * 600}]
    assert world.targets(1, "code", messages=long) == {"cheap": 1}
    assert world.targets(1, "dear", messages=long) == {"dear": 1}, "by name: it is not of this route"
    assert world.targets(1, "code", messages=[*long, {"role": "user", "content": "go on"}]) == {"cheap": 1}


def test_a_change_by_hand_goes_before_the_strategy_and_the_strategy_resumes(world: World) -> None:
    world.gateway.command("route", "shift", "chat", "dear=1", "--for", "1h", "--reason", "test", "--yes")
    eventually(lambda: world.targets() == {"dear": 1}, "the shift in force")
    assert world.targets(2, "chat", "x-costtui-data-class: confidential") == {"llama": 2}, "no hand lifts a rule"
    world.gateway.command("route", "undo", "--yes")
    eventually(lambda: world.targets() == {"llama": 1}, "the strategy in force again")


def test_whole_answers_count_as_written_once_their_prompt_must_have_been_read(world: World) -> None:
    world.own.usual = Script(used=Used(input=20, output=10), delay_seconds=0.3)
    found = world.targets(12, "chat", stream=False)
    assert 1 <= found["llama"] <= 4
    assert world.targets(1, "chat", stream=False) == {"llama": 1}


def test_a_cascade_sends_simple_prompts_to_the_cheaper_model_and_says_by_what(world: World) -> None:
    simple = [{"role": "user", "content": "What is the capital of France?"}]
    hard = [{"role": "user", "content": "Prove step by step that the argument is valid, then compare both. " * 60}]
    assert world.targets(1, "ask", messages=simple) == {"cheap": 1}
    assert world.targets(1, "ask", messages=hard) == {"dear": 1}
    assert world.targets(1, "ask", "x-costtui-tag: law", messages=simple) == {"dear": 1}
    assert world.targets(1, "ask", "x-costtui-tag: faq", messages=hard) == {"cheap": 1}
    eventually(lambda: len(world.decisions()) == 4, "all decisions on the screen's list")
    reasons = [each["reason"] for each in world.decisions()]
    assert reasons[0].startswith("cascade: simple, cheap (score 0.")
    assert reasons[1].startswith("cascade: not simple, dear (score 0.")
    assert reasons[2] == "cascade: not simple, dear (tag law is labelled hard: stronger model)"
    assert "Prove" not in json.dumps(world.decisions())

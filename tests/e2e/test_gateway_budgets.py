"""Hard budgets through the real gateway: nothing beyond the limit, nothing held for ever. COSTTUI_ROUNDS sets how many
seeds and ends are tried (2)."""

import asyncio
import json
import os
import random
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from costtui.domain.attempt import Outcome
from costtui.domain.usage import UsageSource
from costtui.store.ledger.rows import RecentAttempt
from tests.agent.waiting import eventually
from tests.e2e.test_gateway_ends import end_successor
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import Wire, many, post

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "2"))
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-budgets"), pytest.mark.timeout(900)]
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
TARGETS = """
[targets]
api   = {{ provider = "openai", url = "{url}", model = "gpt-5" }}
mini  = {{ provider = "novita", url = "{url}", model = "gpt-5-mini" }}
vllm  = {{ engine = "vllm", url = "{url}", model = "llama" }}
bare  = {{ provider = "siliconflow", url = "{url}", model = "nobody/prices-this" }}
[routes.chat]
strategy = "weighted"
targets = ["api", "mini", "vllm"]
weights = {{ api = 1 }}
[routes.local]
strategy = "weighted"
targets = ["vllm"]
weights = {{ vllm = 1 }}
[prices]
api  = [{{ from = 2026-01-01, input = 1, output = 10 }}]
mini = [{{ from = 2026-01-01, input = 0.1, output = 1 }}]
[budgets]
"""
"""A request of 10 output tokens to `api` holds (bytes + 1,024) * 1,000 + 100,000 nano-USD and a little."""


@pytest.fixture
def api() -> Iterator[Provider]:
    with Provider() as server:
        server.usual = Script(used=Used(input=20, output=10))
        yield server


class World:
    """A gateway with budgets before one upstream."""

    def __init__(self, api: Provider, folder: Any, budgets: str) -> None:
        self.api = api
        self.gateway = GatewayProcess(folder, self.text(budgets))
        self.gateway.command("prices", "compile")

    def text(self, budgets: str) -> str:
        return TARGETS.format(url=self.api.url) + budgets

    def ask(self, model: str = "chat", path: str = CHAT, **more: object) -> Wire:
        return self.ask_many([body(model, **more)], path)[0]

    def ask_many(self, bodies: list[dict[str, object]], path: str = CHAT, at_a_time: int = 32) -> list[Wire]:
        return asyncio.run(
            many(self.gateway.port, [post(path, each, self.gateway.key) for each in bodies], at_a_time=at_a_time)
        )

    def budget(self, name: str) -> dict[str, int]:
        """As the gateway paints it, newer than now."""
        asked_ms = time.time() * 1000
        eventually(lambda: self.gateway.picture()["at_ms"] > asked_ms, "a newer picture")
        found: dict[str, int] = self.gateway.picture()["budgets"][name]
        return found


def body(model: str = "chat", **more: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 10} | more


def spent(rows: list[RecentAttempt]) -> int:
    return sum(row.attempt.charge.nano for row in rows if row.attempt.charge and not row.lane.self_hosted)


@pytest.fixture
def world(api: Provider, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(api, tmp_path_factory.mktemp("gateway"), request.param)
    with made.gateway:
        yield made
        end_successor(made.gateway)


def budgets(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", [text], indirect=True, ids=["budgets"])


ONE = 'day = { covers = ["api"], window = "year", limit_usd = 0.003, at_limit = "block" }\n'


@budgets(ONE)
def test_a_refusal_names_scope_limit_used_held_reset_and_remedy_in_the_callers_dialect(world: World) -> None:
    assert world.ask().status == 200
    refused = world.ask(max_tokens=1_000)
    error = json.loads(refused.body)["error"]
    assert refused.status == 429
    assert error["type"] == "rate_limit_error"
    assert error["code"] == "budget_exceeded"
    assert {"scope", "limit", "used", "held", "resets_at", "remedy"} <= error["details"].keys()
    assert error["details"]["scope"] == "everything"
    assert json.loads(refused.body, parse_float=Decimal)["error"]["details"]["limit"] == Decimal("0.003")
    assert json.loads(refused.body, parse_float=Decimal)["error"]["details"]["used"] == Decimal("0.000120000")
    assert refused.headers["x-should-retry"] == "false"
    assert int(refused.headers["retry-after"]) > 60
    for part in ("budget day (everything, year)", "limit $0.003", "used $0.00012", "held $0.00", "resets at 20"):
        assert part in error["message"]
    anthropic = json.loads(world.ask(path=MESSAGES, max_tokens=1_000).body)
    assert anthropic["type"] == "error"
    assert anthropic["error"]["type"] == "rate_limit_error"
    assert len(world.api.seen) == 1
    assert world.budget("day") == {
        "limit_nano": 3_000_000,
        "settled_nano": 120_000,
        "held_nano": 0,
        "denied": 2,
        "resets_ms": world.budget("day")["resets_ms"],
        "stage": 0,
    }


@budgets('day = { covers = ["api"], window = "day", limit_usd = 0.01, at_limit = "block" }\n')
def test_local_targets_stay_open_when_the_money_is_gone_and_answers_say_how_far_it_is_gone(world: World) -> None:
    world.api.usual = Script(used=Used(input=20, output=100))
    answers = [world.ask(max_tokens=100) for _ in range(9)]
    assert [answer.status for answer in answers] == [200] * 8 + [429]  # 8 x 1.02 cents, and a ninth may cost 2.2
    assert [answer.headers.get("x-costtui-budget", "") for answer in answers] == [""] * 7 + ["day=81%", ""]
    assert world.ask("local").status == 200
    assert world.ask("vllm", max_tokens=100_000).headers["x-costtui-target"] == "vllm"
    assert world.budget("day")["stage"] == 80


@budgets(
    'day = { covers = ["api"], window = "day", limit_usd = 0.002,'
    ' at_limit = "downgrade", downgrade = { api = "mini" } }\n'
)
def test_a_spent_budget_sends_to_the_cheaper_target_that_it_names_and_says_so(world: World) -> None:
    targets = [world.ask().headers.get("x-costtui-target", "refused") for _ in range(12)]
    assert targets[0] == "api"
    assert "mini" in targets
    moved = next(row for row in world.gateway.rows(12) if row.lane.target == "mini")
    assert moved.attempt.reason == "budget day is spent, so not api"
    assert spent(world.gateway.rows(1)) <= 2_000_000


@budgets('day = { covers = ["api"], window = "day", limit_usd = 0.001, at_limit = "self-hosted-only" }\n')
def test_a_self_hosted_only_budget_sends_to_the_own_gpus(world: World) -> None:
    answers = [world.ask(max_tokens=300) for _ in range(3)]
    assert {answer.headers["x-costtui-target"] for answer in answers} == {"vllm"}
    assert world.ask("mini", max_tokens=3_000).status == 429


@budgets(
    'key = { covers = ["api"], window = "hour", limit_usd = 0.001, at_limit = "block", key = "other" }\n'
    'model = { covers = ["api"], window = "minute", limit_usd = 0.001, at_limit = "block", model = "gpt-5-mini" }\n'
    'route = { covers = ["api"], window = "rolling 2h", limit_usd = 0.001, at_limit = "block", route = "chat" }\n'
    'tag = { covers = ["api"], window = "week", limit_usd = 0.001, at_limit = "block", tag = "night-batch" }\n'
)
def test_a_budget_counts_what_its_scope_spends_and_nothing_else(world: World) -> None:
    assert world.ask("chat", max_tokens=1_000).status == 402
    assert world.ask("api", max_tokens=1_000).status == 200
    assert world.ask("mini", max_tokens=1_000).status == 429
    assert world.budget("key")["settled_nano"] == 0
    tagged = post(CHAT, body("api", max_tokens=1_000), world.gateway.key, "x-costtui-tag: night-batch")
    assert asyncio.run(many(world.gateway.port, [tagged]))[0].status == 429
    other = post(CHAT, body("api", max_tokens=1_000), world.gateway.key, "x-costtui-tag: day-batch")
    assert asyncio.run(many(world.gateway.port, [other]))[0].status == 200
    assert all(seen.header("x-costtui-tag") is None for seen in world.api.seen)
    world.gateway.key = world.gateway.command("key", "add", "other").strip()
    eventually(lambda: world.ask("api", max_tokens=1_000).status == 429, "the budget of the new key")


@budgets(
    'day = { covers = ["api"], window = "day", limit_usd = 5, at_limit = "block" }\n'
    'shade = { covers = ["api"], window = "day", limit_usd = 0.0001, at_limit = "block", shadow = true }\n'
)
def test_a_request_without_a_bound_or_a_price_is_refused_and_shadows_refuse_nothing(world: World) -> None:
    for more in ({"max_tokens": None}, {"tools": [{"type": "web_search"}]}, {"max_tokens": -1}):
        refused = world.ask(**more)
        assert (refused.status, json.loads(refused.body)["error"]["code"]) == (400, "no_cost_bound")
    refused = world.ask("bare")
    assert (refused.status, json.loads(refused.body)["error"]["code"]) == (402, "no_price")
    assert not world.api.seen
    assert world.ask().status == 200
    assert world.budget("shade")["denied"] > 0
    assert world.budget("shade")["settled_nano"] == 120_000


@budgets(
    'day = { covers = ["api"], window = "day", limit_usd = 5, at_limit = "block",'
    ' unbounded = "bound", unpriced = "allow" }\n'
)
def test_a_request_without_a_bound_can_be_given_one_and_one_without_a_price_be_let_through(world: World) -> None:
    asked = body()
    del asked["max_tokens"]
    assert world.ask_many([asked])[0].status == 200
    assert world.api.seen[-1].asked["max_completion_tokens"] == 4_096
    assert world.ask("bare").status == 200
    assert "max_completion_tokens" not in world.api.seen[-1].asked


@budgets('all = { covers = ["gpu", "api"], window = "month", limit_usd = 5, at_limit = "block" }\n')
def test_a_budget_that_covers_rent_too_pays_for_nothing_while_nobody_says_what_is_due(world: World) -> None:
    refused = world.ask()
    assert (refused.status, json.loads(refused.body)["error"]["code"]) == (503, "budget_unknown")
    assert "costtui agent start" in json.loads(refused.body)["error"]["message"]
    assert world.ask("local").status == 200
    eventually(lambda: any("pays for no request" in text for text in world.gateway.picture()["trouble"]), "a word")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_thousand_requests_at_once_spend_no_nano_dollar_beyond_three_nested_limits(
    api: Provider, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    dice = random.Random(seed)
    api.choose = lambda seen: Script(
        used=Used(input=dice.randint(1, len(seen.body)), output=dice.randint(0, int(seen.asked["max_tokens"]))),
        delay_seconds=dice.choice((0, 0.01, 0.1)),
        status=dice.choice((200, 200, 200, 400)),
    )
    limits = {"outer": dice.randint(20, 60), "middle": dice.randint(15, 60), "inner": dice.randint(5, 40)}
    lines = (
        f'outer = {{ covers = ["api"], window = "day", limit_usd = 0.0{limits["outer"]:03}, at_limit = "block" }}\n'
        f'middle = {{ covers = ["api"], window = "rolling 3h", limit_usd = 0.0{limits["middle"]:03},'
        ' at_limit = "block", route = "chat" }\n'
        f'inner = {{ covers = ["api"], window = "prepaid", from = 2026-01-01, limit_usd = 0.0{limits["inner"]:03},'
        ' at_limit = "block", provider = "openai" }\n'
    )
    world = World(api, tmp_path_factory.mktemp("gateway"), lines)
    with world.gateway:
        bodies = [
            body(dice.choice(("chat", "api", "mini")), max_tokens=dice.randint(1, 100), n=dice.choice((1, 1, 1, 2)))
            for _ in range(1_000)
        ]
        answers = world.ask_many(bodies, at_a_time=1_000)
        assert {answer.status for answer in answers} <= {200, 400, 402, 429}
        rows = world.gateway.rows(sum(answer.status in (200, 400) for answer in answers))
        by_scope = {
            "outer": spent(rows),
            "middle": spent([row for row in rows if row.lane.route == "chat"]),
            "inner": spent([row for row in rows if row.lane.provider == "openai"]),
        }
        for name, nano in by_scope.items():
            painted = world.budget(name)
            assert nano == painted["settled_nano"] <= limits[name] * 100_000, name
            assert painted["held_nano"] == 0
        assert any(answer.status in (402, 429) for answer in answers)
        tightest = min(limits[name] * 100_000 - nano for name, nano in by_scope.items())
        assert tightest < 2 * 2 * (1_300 * 1_000 + 200 * 10_000)  # it was worth refusing


NINE_ENDS = ("before", "head", "body", "client-rst", "upstream-rst", "upstream-503", "stall", "refused", "good")


def end_abnormally(port: int, key: str, how: str, asked: dict[str, object]) -> None:
    """One request whose client leaves at a stage, or whose upstream fails."""
    data = post(CHAT, asked | {"stream": how in ("body", "client-rst")}, key)
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        if how == "before":
            client.sendall(data[: len(data) // 2])
            return
        client.sendall(data)
        if how == "head":
            return
        if how in ("body", "client-rst"):
            client.recv(200)
            if how == "client-rst":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        while client.recv(1 << 16):
            pass


def misbehave(how: str) -> Script:
    used = Used(input=20, output=10)
    return {
        "body": Script(used=used, pause_seconds=0.05),
        "client-rst": Script(used=used, pause_seconds=0.05),
        "head": Script(used=used, delay_seconds=0.05),
        "upstream-rst": Script(used=used, cut_after=40, cut="rst"),
        "upstream-503": Script(status=503),
        "stall": Script(drop_request="rst"),
        "refused": Script(status=400),
    }.get(how, Script(used=used))


@budgets('day = { covers = ["api"], window = "day", limit_usd = 1000, at_limit = "block" }\n')
def test_nothing_stays_held_however_requests_end_and_what_nobody_told_counts_in_full(world: World) -> None:
    dice = random.Random(ROUNDS)
    hows = [dice.choice(NINE_ENDS) for _ in range(60 * ROUNDS)]
    for how in hows:
        world.api.usual = misbehave(how)
        end_abnormally(world.gateway.port, world.gateway.key, how, body("api"))
    eventually(lambda: world.gateway.picture()["in_flight"] == 0, "the end of all requests")
    told = world.budget("day")
    rows = world.gateway.rows(1)
    assert told["held_nano"] == 0
    assert told["settled_nano"] >= spent(rows)
    unknown = [row for row in rows if row.attempt.usage_source is UsageSource.ESTIMATED]
    assert unknown
    assert told["settled_nano"] >= spent(rows) + len(unknown) * 10 * 10_000  # each may have made its ten tokens
    world.api.usual = Script()
    eventually(lambda: world.ask("api").status == 200, "an answer")


@budgets('day = { covers = ["api"], window = "day", limit_usd = 1000, at_limit = "block" }\n')
def test_what_a_killed_gateway_held_is_charged_in_full_and_a_restart_forgets_nothing(world: World) -> None:
    world.api.usual = Script(used=Used(input=20, output=10))
    world.ask("api")
    before = world.budget("day")["settled_nano"]
    world.api.usual = Script(delay_seconds=30)
    clients = []
    for _ in range(5):
        client = socket.create_connection(("127.0.0.1", world.gateway.port))
        client.sendall(post(CHAT, body("api"), world.gateway.key))
        clients.append(client)
    eventually(lambda: world.gateway.picture()["in_flight"] == 5, "requests under way")
    held = world.budget("day")["held_nano"]
    assert held >= 5 * 10 * 10_000
    world.gateway.end(signal.SIGKILL)
    for client in clients:
        client.close()
    world.gateway.start()
    rows = world.gateway.rows(6)
    assert [row.attempt.outcome for row in rows].count(Outcome.LOST) == 5
    told = world.budget("day")
    assert (told["settled_nano"], told["held_nano"]) == (before + held, 0)
    world.gateway.end()
    world.gateway.start()
    assert world.budget("day")["settled_nano"] == before + held
    world.gateway.command("verify")


@budgets('day = { covers = ["api"], window = "day", limit_usd = 4, at_limit = "block" }\n')
def test_two_gateways_in_a_handover_spend_no_more_than_one(world: World) -> None:
    world.api.usual = Script(used=Used(input=20, output=1_000), delay_seconds=0.02)
    statuses: list[int] = []
    replaced = threading.Event()

    def spend() -> None:
        while not replaced.is_set() or statuses[-1] != 429:
            statuses.append(world.ask("api", max_tokens=1_000).status)

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        world.gateway.command("gateway", "restart")
    eventually(lambda: world.budget("day")["held_nano"] < 200_000_000, "the end of the predecessors")
    replaced.set()
    for thread in threads:
        thread.join()
    assert set(statuses) == {200, 429}
    rows = world.gateway.rows(1)
    assert spent(rows) <= 4_000_000_000
    assert spent(rows) >= 3_900_000_000
    assert world.budget("day")["held_nano"] == 0


@budgets('tick = { covers = ["api"], window = "minute", limit_usd = 0.0015, at_limit = "block" }\n')
def test_an_edit_of_the_limit_takes_effect_without_a_restart_and_keeps_what_was_spent(world: World) -> None:
    while world.ask().status == 200:
        pass
    world.gateway.write(
        world.text('tick = { covers = ["api"], window = "minute", limit_usd = 0.5, at_limit = "block" }\n')
    )
    eventually(lambda: world.ask().status == 200, "the new limit")
    assert world.budget("tick")["limit_nano"] == 500_000_000


@budgets('day = { covers = ["api"], window = "day", limit_usd = 0.0015, at_limit = "block" }\n')
def test_a_limit_set_by_hand_is_live_at_once_and_ends_by_itself(world: World) -> None:
    while world.ask().status == 200:
        pass
    said = world.gateway.command("budget", "override", "day", "--limit", "5", "--for", "1h", "--yes")
    assert "live after" in said
    assert world.ask().status == 200
    assert world.budget("day")["limit_nano"] == 5_000_000_000
    world.gateway.command("budget", "undo", "day", "--yes")
    assert world.ask().status == 429
    world.gateway.command("budget", "override", "day", "--limit", "5", "--for", "2s", "--yes")
    assert world.ask().status == 200
    eventually(lambda: world.ask().status == 429, "the end of the override")

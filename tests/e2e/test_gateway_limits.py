"""What hard budgets count, refuse, move and say, through the real gateway."""

import asyncio
import json
from decimal import Decimal

import pytest

from tests.agent.waiting import eventually
from tests.e2e.spending import CHAT, MESSAGES, World, body, budgets, spent
from tests.parts.provider import Script
from tests.parts.provider_answers import Used
from tests.parts.provider_wire import many, post

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-limits"), pytest.mark.timeout(900)]
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
    'pair = { covers = ["api"], window = "week", limit_usd = 0.001, at_limit = "block", tag = "team=search" }\n'
)
def test_a_budget_counts_what_its_scope_spends_and_nothing_else(world: World) -> None:
    assert world.ask("chat", max_tokens=1_000).status == 402
    assert world.ask("api", max_tokens=1_000).status == 200
    assert world.ask("mini", max_tokens=1_000).status == 429
    assert world.budget("key")["settled_nano"] == 0
    for tag, status in (("night-batch", 429), ("team=search", 429), ("day-batch", 200), ("team=ads", 200)):
        tagged = post(CHAT, body("api", max_tokens=1_000), world.gateway.key, f"x-costtui-tag: {tag}")
        assert asyncio.run(many(world.gateway.port, [tagged]))[0].status == status
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

"""Hard budgets through the real gateway: nothing beyond the limit, nothing held for ever. COSTTUI_ROUNDS sets how many
seeds are tried (2)."""

import os
import random
import signal
import socket
import threading

import pytest

from costtui.domain.attempt import Outcome
from tests.agent.waiting import eventually
from tests.e2e.spending import CHAT, World, body, budgets, spent
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_wire import post

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "2"))
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-budgets"), pytest.mark.timeout(900)]


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
            replaced.wait(0.2)  # what is granted ahead lasts for 80 requests, and a slow machine's handover for seconds

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

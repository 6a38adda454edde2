"""The kernel as the witness: whatever is configured and whatever fails, the gateway connects to no address but those of
the targets that the request may reach.

Witnessed is every connect(2) of the real process and of its children, from its start to its end, over random
configurations (strategies, boundaries, rules, budgets that send elsewhere), with targets that refuse, fail, ask for
patience, reset, hang, cut and redirect, with all proxy variables set, and with a resolver that by turns says another
address of the same name. COSTTUI_WITNESS_RUNS sets how many configurations are tried (6): 500 take fifteen minutes.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from costtui.config.load import load
from tests.agent.waiting import eventually
from tests.e2e.witness import (
    ELSEWHERE,
    FAULTS,
    INSIDE,
    PROXY,
    Hosts,
    NameFile,
    TracedGateway,
    can_flip,
    can_trace,
    environment,
)
from tests.parts.provider_wire import many, post
from tests.policy.boundary_cases import Asking, allowed

RUNS = int(os.environ.get("COSTTUI_WITNESS_RUNS", "12"))
EDITED = 6
"""Every so many configurations one is edited while it is in force."""
TARGETS = "abcdef"
PRICED = "[prices]\n" + "".join(f"{name} = [{{ from = 2026-01-01, input = 1, output = 10 }}]\n" for name in "ace")
FLIPS = can_flip()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("boundary-witness"),
    pytest.mark.timeout(3_600),
    pytest.mark.skipif(not can_trace(), reason="strace is not installed, or may not trace"),
]


class World:
    """Six targets at an address each, of which every other one is an API."""

    def __init__(self, hosts: Hosts, folder: Path) -> None:
        self.hosts = hosts
        names = {f"{name}.inside.test": address for name, address in zip(TARGETS, INSIDE, strict=True)}
        folder.mkdir(exist_ok=True)
        self.names = NameFile(folder / "hosts", names)
        self.gateway = TracedGateway(folder, "", environment=environment(hosts.port))
        self.gateway.names = self.names if FLIPS else None

    def target(self, name: str, *, refusing: bool = False, named: bool = False) -> str:
        """A line of `[targets]`."""
        host = f"{name}.inside.test" if named else INSIDE[TARGETS.index(name)]
        kind = 'provider = "openai"' if name in "ace" else 'engine = "vllm"'
        port = self.hosts.refusing_port if refusing else self.hosts.port
        return (
            f'{name} = {{ {kind}, url = "http://{host}:{port}/v1", model = "m-{name}", first_byte_seconds = 0.3,'
            f' connect_seconds = 0.5, local = true, dialect = "both" }}\n'
        )

    def configure(self, dice: Random) -> None:
        """By chance: a route `r` with its limits, beside one that may go anywhere."""
        few = dice.sample(TARGETS, dice.randint(2, 5))
        targets = few[: dice.randint(2, len(few))]
        strategy = dice.choice(("idle-first", "idle-first", "cheapest", "weighted", "pinned"))
        text = "[targets]\n" + "".join(
            self.target(name, refusing=dice.random() < 0.15, named=FLIPS and dice.random() < 0.5) for name in TARGETS
        )
        text += f'[routes.r]\nstrategy = "{strategy}"\ntargets = {targets}\nboundary = {few}\n'
        if strategy == "weighted":
            text += f"weights = {{ {targets[0]} = 1, {targets[-1]} = 2 }}\n"
        if dice.random() < 0.5:
            inner = dice.sample(targets, dice.randint(1, len(targets)))
            text += f'[[routes.r.rules]]\ndata_class = "confidential"\ntargets = {inner}\n'
        text += f'[routes.any]\nstrategy = "idle-first"\ntargets = {list(TARGETS)}\n{PRICED}'
        if dice.random() < 0.25:
            elsewhere = ", ".join(f"{name} = {dice.choice([o for o in TARGETS if o != name])!r}" for name in TARGETS)
            text += (
                '[budgets]\nday = { covers = ["api"], window = "day", limit_usd = 0.000001, unpriced = "allow",'
                f' at_limit = "downgrade", downgrade = {{ {elsewhere} }} }}\n'
            )
        self.gateway.write(text)
        self.hosts.faults = {address: dice.choice(FAULTS) for address in INSIDE}

    def ask(self, count: int, model: str, data_class: str) -> list[int]:
        """Some at once; their statuses."""
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": 10}
        lines = [f"x-costtui-data-class: {data_class}"] if data_class else []
        request = post("/v1/chat/completions", body, self.gateway.key, *lines)
        return [each.status for each in asyncio.run(many(self.gateway.port, [request] * count))]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Hosts() as hosts:
        yield World(hosts, tmp_path_factory.mktemp("gateway") / "witnessed")


def phase(world: World, dice: Random) -> tuple[set[str], set[int]]:
    """Some requests of route `r`: addresses that they may reach, and how they were answered."""
    data_class = dice.choice(("", "confidential"))
    may = allowed(load(world.gateway.config, 0), Asking("r", "", "test", "", data_class, False, False), 0)
    statuses = {status for _ in range(3) for status in world.ask(6, "r", data_class)}
    return {INSIDE[TARGETS.index(name)] for name in may}, statuses


def reconfigure(world: World, dice: Random) -> None:
    """While it runs; until the new configuration is in force."""
    log = world.gateway.state_dir / "gateway.log"
    taken = log.read_text().count("configuration taken")
    world.configure(dice)
    eventually(lambda: log.read_text().count("configuration taken") > taken, "the new configuration")


def test_the_kernel_sees_no_connection_outside_what_a_request_may_reach(world: World) -> None:
    gateway, answered = world.gateway, Counter[int]()
    reached = several = 0
    for number in range(RUNS):
        dice = Random(number)
        world.configure(dice)
        with gateway, world.names.flipping({f"{name}.inside.test" for name in TARGETS}, dice):
            inside, statuses = phase(world, dice)
            before = len(gateway.connected())
            later: set[str] = set()
            if number % EDITED == 0:
                reconfigure(world, dice)
                later, more = phase(world, dice)
                statuses |= more
            gateway.end()
        connected = gateway.connected()
        assert set(connected[:before]) <= inside, (number, gateway.config.read_text())
        assert set(connected[before:]) <= later, (number, gateway.config.read_text())
        answered.update(statuses)
        reached += len(connected)
        several += len(set(connected)) > 1
    print(f"{RUNS} configurations: {reached} connections, {several} reached several targets, answers {dict(answered)}")
    assert answered[200] > 0
    assert several > 0


def test_the_witness_sees_whatever_is_connected_to(world: World) -> None:
    world.hosts.faults = {}
    route = '[routes.r]\nstrategy = "pinned"\ntargets = ["a"]\n'
    world.gateway.write("[targets]\n" + world.target("a") + world.target("b") + route)
    with world.gateway:
        assert world.ask(1, "b", "") == [200]
        world.gateway.end()
    assert world.gateway.connected() == [INSIDE[1]]


@pytest.mark.skipif(not FLIPS, reason="only root gives a process a hosts file of its own")
def test_a_name_in_a_boundary_is_called_at_its_inner_address_or_not_at_all(world: World) -> None:
    world.hosts.faults = {}
    route = '[routes.r]\nstrategy = "pinned"\ntargets = ["b"]\nboundary = ["b"]\n'
    world.gateway.write("[targets]\n" + world.target("b", named=True) + route)
    with world.gateway:
        assert world.ask(1, "r", "") == [200]
        with world.names.flipping({"b.inside.test"}, Random(1)):
            statuses = {status for _ in range(20) for status in world.ask(3, "r", "")}
        world.gateway.end()
    assert {200, 502} <= statuses <= {200, 502, 503}
    assert set(world.gateway.connected()) == {INSIDE[1]}
    assert not {PROXY, ELSEWHERE} & set(world.gateway.connected())

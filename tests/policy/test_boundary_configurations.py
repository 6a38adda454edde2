"""No attempt ever goes outside what its route allows, whatever is configured, edited, set by hand, spent or broken.

The gateway's own relay, exchange, router, breakers, retries, budgets and keeper are driven with requests as bytes;
only sockets and the clock are not real. COSTTUI_BOUNDARY_RUNS sets how many configurations are tried (2,000): 20,000
take two minutes.
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from costtui.config.model import Config, Route, Target
from costtui.domain.budget import AtLimit, Budget, Scope, ScopeKind
from costtui.domain.control import Kind, Revision
from costtui.domain.money import NanoUsd
from costtui.domain.rule import Rule
from costtui.domain.window import Window
from costtui.store.log import EventLog
from tests.policy.boundary_cases import NAMES, Asking, allowed, edited, random_asking, random_config
from tests.policy.boundary_gateway import FAULTS, NOON_MS, Books, Gateway

RUNS = int(os.environ.get("COSTTUI_BOUNDARY_RUNS", "2000"))
PARTS = 4
pytestmark = pytest.mark.timeout(1_200)


class Case:
    """One configuration with its requests; what happens in it follows from its number alone."""

    def __init__(self, number: int, books: Books, folder: Path, log: EventLog) -> None:
        self.dice = Random(number)
        self.seen: Counter[str] = Counter()
        self.gateway = Gateway(random_config(self.dice), books, folder, log, self.dice)
        self.gateway.between = self.meddle
        self._drained: set[str] = set()

    async def run(self) -> None:
        """Some requests, and something that happens between most of them."""
        for _ in range(self.dice.randint(2, 6)):
            for _ in range(self.dice.randint(0, 2)):
                self.happen()
            asking = random_asking(self.dice, self.gateway.config)
            await self.ask(asking, self.dice.choices(FAULTS, k=8))

    async def ask(self, asking: Asking, faults: list[str]) -> None:
        """One request: wherever its attempts go is within what was allowed when it came."""
        gateway, before = self.gateway, len(self.gateway.dialled)
        config = gateway.config
        may = allowed(config, asking, gateway.hour) - self._drained
        answer = await gateway.ask(asking, faults)
        went = gateway.dialled[before:]
        outside = [each for each in went if each.target not in may]
        assert not outside, (outside, may, asking, config)
        for each in went:
            target = next(one for one in config.targets if one.name == each.target)
            url = target.proxy or target.url or ""
            assert (each.host, each.port) == (url.split("/")[2].split(":")[0], int(url.split(":")[2].split("/")[0]))
        self.seen["attempts"] += len(went)
        self.seen["fallbacks"] += len({each.target for each in went}) > 1
        self.seen["nowhere"] += not went and answer.startswith(b"HTTP/1.1 503")

    def meddle(self) -> None:
        """While an attempt is under way: what it is then held to is what was in force when the request came."""
        if self.dice.random() < 0.05:
            self.gateway.edit(edited(self.dice, self.gateway.config))

    def happen(self) -> None:
        """Between two requests."""
        gateway, dice = self.gateway, self.dice
        match dice.randrange(5):
            case 0:
                gateway.seconds += dice.choice((0.5, 5.0, 3_600.0, 40_000.0))
                gateway.look()
            case 1:
                gateway.edit(edited(dice, gateway.config))
            case 2:
                self._drain(dice.choice(NAMES))
            case _:
                self._by_hand()

    def _by_hand(self) -> None:
        """A shift or a pin to any target at all, or the end of one."""
        dice, revisions = self.dice, self.gateway.by_hand.revisions
        kind = dice.choice((Kind.SHIFT, Kind.PIN, Kind.UNDO))
        route = dice.choice(self.gateway.config.routes).name
        names = dice.sample((*NAMES, "nobody"), 1 if kind is Kind.PIN else dice.randint(1, 3))
        parent = next((each.revision_id for each in reversed(revisions) if each.route == route), None)
        self._change(kind, route, tuple((name, dice.randint(0, 3)) for name in names), parent)

    def _drain(self, target: str) -> None:
        revisions = self.gateway.by_hand.revisions
        drains = [each for each in revisions if each.scope == ("", target)]
        parent = drains[-1].revision_id if drains else None
        kind = Kind.UNDO if target in self._drained else Kind.DRAIN
        self._drained ^= {target}
        self._change(kind, "", ((target, 0),), parent)

    def _change(self, kind: Kind, route: str, weights: tuple[tuple[str, int], ...], parent: int | None) -> None:
        revisions, now_ms = self.gateway.by_hand.revisions, self.gateway.clock_ms()
        until_ms = now_ms + 60_000 if route and self.dice.random() < 0.3 else None
        self.gateway.change(Revision(len(revisions) + 1, route, now_ms, "ana", "", kind, weights, until_ms, parent))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Books, Path, EventLog]]:
    folder = tmp_path_factory.mktemp("state")
    books = Books.open(folder, now_ms=NOON_MS, clock_ms=lambda: NOON_MS)
    assert isinstance(books, Books)
    with contextlib.closing(EventLog(folder / "log", lambda: NOON_MS)) as log:
        yield books, folder, log
    books.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_attempt_leaves_what_its_route_allows(parts: tuple[Books, Path, EventLog], part: int) -> None:
    async def all_of_it() -> Counter[str]:
        seen: Counter[str] = Counter()
        for number in range(part, RUNS, PARTS):
            case = Case(number, *parts)
            await case.run()
            seen += case.seen
        return seen

    books = parts[0]
    before = books.moved
    seen = asyncio.run(all_of_it())
    seen["moved"] = books.moved - before
    print(f"part {part} of {RUNS} configurations: {dict(seen)}")
    for what, least in {"attempts": 2.0, "fallbacks": 0.2, "nowhere": 0.2, "moved": 0.01}.items():
        assert seen[what] > least * RUNS / PARTS, "too little happened for this to show anything"


@pytest.mark.parametrize("at_limit", [AtLimit.DOWNGRADE, AtLimit.SELF_HOSTED_ONLY])
def test_a_spent_budget_sends_nothing_past_a_rule(parts: tuple[Books, Path, EventLog], at_limit: AtLimit) -> None:
    eu = Target("a", provider="azure", url="http://10.0.0.1:80/v1", model="m-a")
    cheap = replace(eu, name="b", provider="novita", url="http://10.0.0.2:80/v1", model="m-b")
    rented = replace(eu, name="c", provider=None, engine="vllm", url="http://10.0.0.3:80/v1", model="m-c", local=False)
    rule = Rule(frozenset({"a"}), data_class="confidential")
    scope = Scope(ScopeKind.PROVIDER, "azure")
    budget = Budget("day", ("api",), Window("day"), NanoUsd(1), at_limit, scope, downgrade=(("a", "b"),))
    weights = (("a", 1),)
    config = Config(
        targets=(eu, cheap, rented),
        routes=(Route("chat", "weighted", ("a", "b", "c"), weights=weights, rules=(rule,)),),
        budgets=(budget,),
    )
    books, folder, log = parts
    gateway = Gateway(config, books, folder, log, Random(1))
    secret = Asking("chat", "/v1/chat/completions", "team-a", "", "confidential", False, False)
    refused = asyncio.run(gateway.ask(secret, ()))
    assert refused.startswith(b"HTTP/1.1 429")
    assert not gateway.dialled
    asyncio.run(gateway.ask(secret._replace(data_class=""), ()))
    assert [each.target for each in gateway.dialled] == ["b" if at_limit is AtLimit.DOWNGRADE else "c"], "others go on"

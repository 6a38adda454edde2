"""Requests that end badly in every way leave nothing held, and are charged no less than the upstream made of them.

COSTTUI_ROUNDS sets how many rounds of 60 ends are tried (2): 84 are 5,040 and take ten minutes.
"""

import contextlib
import os
import random
import signal
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from costtui.store.ledger.schema import LEDGER
from tests.agent.waiting import eventually
from tests.e2e.spending import CHAT, World, spent
from tests.parts.provider import Provider, Script, Seen
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import post

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "2"))
ABREAST, EACH = 5, 10
"""Callers at a time, and ends of each in a round; as many again as one has are under way when the process ends."""
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-holds"), pytest.mark.timeout(1_800)]
USED = Used(input=20, output=10)
USED_NANO = 20 * 1_000 + 10 * 10_000
SCRIPTS = {
    "client leaves inside the request": Script(used=USED),
    "client leaves before the answer": Script(used=USED, delay_seconds=0.05),
    "client leaves inside the answer": Script(used=USED, pause_seconds=0.02),
    "client resets inside the answer": Script(used=USED, pause_seconds=0.02),
    "upstream fails before the first byte": Script(status=503),
    "upstream refuses": Script(status=400),
    "upstream resets before the first byte": Script(drop_request="rst"),
    "upstream resets after the first byte": Script(used=USED, cut_after=40, cut="rst"),
    "upstream says nothing": Script(drop_request="stall"),
    "good": Script(used=USED),
    "under way, nothing said": Script(used=USED, delay_seconds=60),
    "under way, much said": Script(used=USED, endless=True, pause_seconds=0.05),
}
ENDS = tuple(SCRIPTS)[:9]
UNDER_WAY = tuple(SCRIPTS)[10:]
"""Of these the process's own end is the end: SIGTERM by turns with SIGKILL."""
CONFIG = (
    "[targets]\n"
    + "".join(
        f't{number} = {{{{ provider = "openai", url = "{{url}}", model = "gpt-5", first_byte_seconds = 0.2 }}}}\n'
        for number in range(ABREAST)
    )
    + 'slow = {{ provider = "openai", url = "{url}", model = "gpt-5" }}\n[prices]\n'
    + "".join(
        f"{name} = [{{{{ from = 2026-01-01, input = 1, output = 10 }}}}]\n"
        for name in (*(f"t{number}" for number in range(ABREAST)), "slow")
    )
    + '[budgets]\nday = {{ covers = ["api"], window = "year", limit_usd = 1000, at_limit = "block" }}\n'
)


class Worked(World):
    """A gateway whose callers and upstream misbehave."""

    def __init__(self, api: Provider, gateway: GatewayProcess) -> None:
        self.api, self.gateway = api, gateway
        self.ended: list[str] = []
        api.choose = lambda seen: SCRIPTS[_how(seen)]

    def send(self, how: str, target: str) -> socket.socket:
        """A request that will end so."""
        body = {"model": target, "max_tokens": 10, "messages": [{"role": "user", "content": how}]}
        body["stream"] = "inside the answer" in how or how == UNDER_WAY[1]
        data = post(CHAT, body, self.gateway.key)
        client = socket.create_connection(("127.0.0.1", self.gateway.port), timeout=60)
        client.sendall(data[: len(data) // 2] if how == ENDS[0] else data)
        return client

    def end(self, how: str, target: str) -> bytes:
        """Ends as it is called; what came back."""
        with self.send(how, target) as client:
            if how in ENDS[:2]:
                return b""
            if how in ENDS[2:4]:
                said = client.recv(200)
                if how == ENDS[3]:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return said
            said = b""
            with contextlib.suppress(ConnectionError):
                while piece := client.recv(1 << 16):
                    said += piece
            return said

    def work(self, number: int, seed: int) -> None:
        """One caller's ends; a good request after each failure shows that nobody is refused for it."""
        dice, target = random.Random(seed), f"t{number}"
        for _ in range(EACH):
            how = dice.choice(ENDS)
            self.end(how, target)
            self.ended.append(how)
            if how.startswith("upstream"):
                answer = self.end("good", target)
                assert answer.startswith(b"HTTP/1.1 200"), (how, answer)

    def generated(self) -> int:
        """Nano-USD of all that the upstream made: an answer of which it sent anything is taken for whole."""
        return sum(USED_NANO for seen in self.api.seen if seen.sent and seen.script.status == 200)


def _how(seen: Seen) -> str:
    how: str = seen.asked["messages"][0]["content"]
    return how


@contextlib.contextmanager
def busy(gateway: GatewayProcess) -> Iterator[None]:
    """Meanwhile somebody else writes into the ledger, by turns for a fifth of a second."""
    stop = threading.Event()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(gateway.state_dir / LEDGER, isolation_level=None, timeout=30)) as other:
            while not stop.wait(0.1):
                other.execute("begin immediate")
                stop.wait(0.2)
                other.execute("rollback")

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def abreast(world: Worked, turn: int) -> None:
    """All callers at once."""
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            world.work(number, turn * ABREAST + number)
        except (AssertionError, OSError) as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(ABREAST)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]


def cut_off(world: Worked, number: signal.Signals) -> None:
    """The process ends while requests are under way, and another one takes its place."""
    clients = [world.send(UNDER_WAY[place % 2], "slow") for place in range(EACH)]
    eventually(lambda: world.gateway.picture()["in_flight"] == EACH, "requests under way")
    held = world.budget("day")["held_nano"]
    assert held >= EACH * USED_NANO
    world.gateway.end(number)
    for client in clients:
        client.close()
    world.ended += [str(number)] * EACH
    world.gateway.start()


def test_nothing_stays_held_however_requests_end_and_what_the_upstream_made_is_charged(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Provider() as api:
        text = CONFIG.format(url=api.url)
        gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"), text, "drain_seconds = 1")
        gateway.command("prices", "compile")
        world = Worked(api, gateway)
        began = time.monotonic()
        with gateway:
            for turn in range(ROUNDS):
                with busy(gateway) if turn % 4 == 1 else contextlib.nullcontext():
                    abreast(world, turn)
                eventually(lambda: gateway.picture()["in_flight"] == 0, "the end of all requests")
                assert world.budget("day")["held_nano"] == 0
                cut_off(world, signal.SIGKILL if turn % 2 else signal.SIGTERM)
            eventually(lambda: world.budget("day")["held_nano"] == 0, "nothing held")
            told = world.budget("day")
            rows = gateway.rows(1)
            seconds = time.monotonic() - began
            print(f"{len(world.ended)} ends, {len(api.seen)} seen upstream, {len(rows)} attempts, {seconds:.0f} s")
            print(f"settled {told['settled_nano']}, in the ledger {spent(rows)}, generated {world.generated()}")
            assert set(world.ended) == {*ENDS, str(signal.SIGTERM), str(signal.SIGKILL)}
            assert len(world.ended) == ROUNDS * (ABREAST * EACH + EACH)
            assert told["settled_nano"] >= spent(rows)
            assert told["settled_nano"] >= world.generated() > 0
            assert told["denied"] == 0
            gateway.end()
        gateway.command("verify")

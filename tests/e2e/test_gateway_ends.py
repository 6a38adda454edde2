"""The gateway killed, ended and replaced under load. COSTTUI_ROUNDS sets how often it is killed (4)."""

import asyncio
import http.client
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from costtui.domain.attempt import Outcome
from tests.agent.waiting import eventually
from tests.parts.provider import Provider, Script
from tests.parts.provider_answers import Used
from tests.parts.provider_gateway import GatewayProcess
from tests.parts.provider_wire import exchange, post

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "4"))
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("gateway-ends"), pytest.mark.timeout(900)]
CONFIG = """
[targets]
api = {{ provider = "openai", url = "{url}", model = "gpt-5" }}
[prices]
api = [{{ from = 2026-01-01, input = 1, output = 10 }}]
"""
PATH = "/v1/chat/completions"
BODY = {"model": "api", "messages": []}


@pytest.fixture
def api() -> Iterator[Provider]:
    with Provider() as server:
        server.usual = Script(used=Used(input=100, output=11))
        yield server


@pytest.fixture
def gateway(api: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    process = GatewayProcess(tmp_path_factory.mktemp("gateway"), CONFIG.format(url=api.url))
    process.command("prices", "compile")
    with process:
        yield process
        end_successor(process)


def end_successor(gateway: GatewayProcess) -> None:
    """A process that took over is no child of the test's."""
    try:
        pid = int(gateway.picture()["pid"])
    except FileNotFoundError:
        return
    if pid != gateway.pid:
        os.kill(pid, signal.SIGTERM)
        eventually(lambda: not os.path.exists(f"/proc/{pid}") or defunct(pid), "the end of the successor")


def defunct(pid: int) -> bool:
    """Whether it has ended and only its parent has not heard of it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Callers:
    """Clients on kept connections that ask all the time."""

    def __init__(self, gateway: GatewayProcess, count: int) -> None:
        self.answered: list[int] = []
        """Request ids of whole good answers."""
        self.failures: list[str] = []
        self._gateway = gateway
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]

    def __enter__(self) -> "Callers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        connection = self._connection()
        while not self._stop.is_set():
            try:
                connection.request("POST", PATH, json.dumps(BODY), self._headers)
                with connection.getresponse() as answer:
                    answer.read()
                    if answer.status == 200:
                        self.answered.append(int(answer.headers["x-costtui-request-id"], 16))
                    else:
                        self.failures.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                connection = self._connection()
                time.sleep(0.02)
        connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._gateway.port, timeout=30)

    @property
    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._gateway.key}", "content-type": "application/json"}


def test_what_was_answered_before_a_kill_is_in_the_ledger_once(api: Provider, gateway: GatewayProcess) -> None:
    dice = random.Random(ROUNDS)
    with Callers(gateway, 4) as callers:
        for _ in range(ROUNDS):
            already = len(callers.answered)
            eventually(lambda: len(callers.answered) > already + 20, "answers")  # noqa: B023 - looked at at once
            time.sleep(dice.uniform(0, 0.15))
            gateway.end(signal.SIGKILL)
            gateway.start()
    answered = callers.answered
    assert len(set(answered)) == len(answered) > 20 * ROUNDS
    gateway.end()
    rows = gateway.rows(len(answered))
    held = Counter(row.attempt.attempt_id for row in rows)
    assert set(held.values()) == {1}
    assert not set(answered) - held.keys()
    assert len(held) <= len(api.seen)
    assert {row.attempt.charge.nano for row in rows if row.attempt.charge and row.attempt.outcome is Outcome.OK} == {
        100 * 1_000 + 11 * 10_000
    }
    gateway.command("verify")


def test_a_restart_under_load_fails_no_request(api: Provider, gateway: GatewayProcess) -> None:
    with Callers(gateway, 4) as callers:
        for _ in range(2):
            already = len(callers.answered)
            eventually(lambda: len(callers.answered) > already + 20, "answers")  # noqa: B023 - looked at at once
            before = gateway.picture()["pid"]
            gateway.command("gateway", "restart")
            assert gateway.picture()["pid"] != before
        already = len(callers.answered)
        eventually(lambda: len(callers.answered) > already + 20, "answers of the last one")
    assert callers.failures == []
    assert gateway.process is not None
    assert gateway.process.wait(60) == 0
    held = [row.attempt.attempt_id for row in gateway.rows(len(callers.answered))]
    assert len(set(held)) == len(held)
    assert not set(callers.answered) - set(held)
    gateway.command("verify")


async def streams(gateway: GatewayProcess, count: int, then: signal.Signals) -> list[bytes]:
    """Begin `count` streams, send the signal once all of them run, and read them to their ends."""
    ends, begun = [], []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(post(PATH, BODY | {"stream": True}, gateway.key))
        begun.append(reader.readuntil(b"data: "))
        ends.append((reader, writer))
    await asyncio.gather(*begun)
    os.kill(gateway.pid, then)
    bodies = await asyncio.gather(*(reader.read() for reader, _ in ends))
    for _, writer in ends:
        writer.close()
    return list(bodies)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2])
def test_streams_that_run_are_finished_by_a_gateway_that_leaves(
    api: Provider, gateway: GatewayProcess, number: signal.Signals
) -> None:
    api.usual = Script(words=20, pause_seconds=0.1)
    bodies = asyncio.run(streams(gateway, 50, number))
    assert gateway.process is not None
    assert gateway.process.wait(60) == 0
    assert [body.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n") for body in bodies] == [True] * 50
    rows = gateway.rows(50)
    assert Counter(row.attempt.outcome for row in rows) == {Outcome.OK: 50}
    if number is signal.SIGUSR2:
        answer = asyncio.run(exchange(gateway.port, post(PATH, BODY, gateway.key)))
        assert answer.status == 200


def test_a_gateway_that_leaves_takes_no_new_connection(api: Provider, gateway: GatewayProcess) -> None:
    api.usual = Script(words=20, pause_seconds=0.2)

    async def run() -> None:
        running = asyncio.create_task(streams(gateway, 1, signal.SIGTERM))
        await asyncio.to_thread(eventually, lambda: not listening(gateway.port), "the end of listening")
        assert (await running)[0].endswith(b"0\r\n\r\n")

    asyncio.run(run())
    assert gateway.process is not None
    assert gateway.process.wait(60) == 0


def listening(port: int) -> bool:
    """By the kernel's table: a connection would be one more client."""
    with open("/proc/net/tcp") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    return any(line[1].endswith(f":{port:04X}") and line[3] == "0A" for line in lines)

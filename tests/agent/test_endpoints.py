"""Endpoints are paused and resumed once, as ordered by hand, with the key that may and no other."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from costtui.agent.endpoints import TOO_OLD_MS, Endpoints
from costtui.agent.log import Log
from costtui.config.model import Billing, Config
from costtui.domain.endpoint import Action, EndpointAck, EndpointOrder
from costtui.domain.secret import SecretRef
from costtui.egress.client import Egress
from costtui.store.controls import ControlsStore
from costtui.store.endpoints import acks, add_order, orders
from costtui.store.writer import TelemetryWriter
from tests.agent.test_bills import NOW, Recorder, Timer

READS = Billing("huggingface", SecretRef("env", "READ"), (("namespace", ("acme",)),))
MAY = Billing(*(READS.provider, READS.key, READS.filters), control_key=SecretRef("env", "WRITE"))
ENVIRON = {"READ": "hf_read_canary", "WRITE": "hf_write_canary"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TelemetryWriter]:
    ControlsStore.open(tmp_path).close()
    with closing(TelemetryWriter.open(tmp_path, now_ms=NOW)) as writer:
        yield writer


def order(state_dir: Path, action: Action = "pause", name: str = "acme/llama", at_ms: int = NOW) -> int:
    given = EndpointOrder(0, "huggingface", name, action, at_ms, "ana (laptop)", "weekend")
    return add_order(state_dir, given).order_id


def worked(
    state_dir: Path,
    store: TelemetryWriter,
    config: Config,
    reply: Callable[[httpx.Request, int], httpx.Response] = lambda *_: httpx.Response(200, content=b"{}"),
) -> tuple[dict[int, EndpointAck], list[httpx.Request]]:
    """Let the agent look once."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request, at_ms: int) -> httpx.Response:
        seen.append(request)
        return reply(request, at_ms)

    clock = Timer()

    async def run() -> None:
        log = Log(state_dir, clock)
        async with Egress(Recorder(clock, answer)) as egress:
            working = asyncio.create_task(Endpoints(state_dir, egress, store, clock, log, ENVIRON).run(config))
            await asyncio.sleep(0.2)
            working.cancel()
        log.close()

    asyncio.run(run())
    store.keep_endpoint_ack(EndpointAck(10_000, NOW, True, "a mark")).result(5)
    return {number: ack for number, ack in acks(state_dir).items() if number != 10_000}, seen


@pytest.mark.parametrize("action", ["pause", "resume", "scale-to-zero"])
def test_an_order_is_done_once_with_the_key_that_may(action: Action, store: TelemetryWriter, tmp_path: Path) -> None:
    number = order(tmp_path, action)
    found, asked = worked(tmp_path, store, Config(billing=(MAY,)))
    assert (found[number].done, found[number].told) == (True, "done")
    (request,) = asked
    assert request.method == "POST"
    assert str(request.url) == f"https://api.endpoints.huggingface.cloud/v2/endpoint/acme/llama/{action}"
    assert request.headers["authorization"] == "Bearer hf_write_canary"
    again, asked = worked(tmp_path, store, Config(billing=(MAY,)))
    assert (again, asked) == (found, [])


def test_a_billing_key_is_never_used_for_it(store: TelemetryWriter, tmp_path: Path) -> None:
    number = order(tmp_path)
    found, asked = worked(tmp_path, store, Config(billing=(READS,)))
    assert (asked, found[number].done) == ([], False)
    assert "control_key" in found[number].told


@pytest.mark.parametrize("name", ["acme/../admin", "acme/a b", "acme", "/x", "acme/x/y"])
def test_a_name_that_could_lead_elsewhere_asks_nobody(name: str, store: TelemetryWriter, tmp_path: Path) -> None:
    number = order(tmp_path, name=name)
    found, asked = worked(tmp_path, store, Config(billing=(MAY,)))
    assert (asked, found[number].done) == ([], False)


def test_an_order_of_long_ago_is_not_carried_out(store: TelemetryWriter, tmp_path: Path) -> None:
    number = order(tmp_path, at_ms=NOW - TOO_OLD_MS - 1)
    found, asked = worked(tmp_path, store, Config(billing=(MAY,)))
    assert (asked, found[number].done, "too old" in found[number].told) == ([], False, True)


def test_a_refusal_is_told_without_the_key(store: TelemetryWriter, tmp_path: Path) -> None:
    number = order(tmp_path)
    found, _ = worked(tmp_path, store, Config(billing=(MAY,)), lambda *_: httpx.Response(403))
    assert not found[number].done
    assert "refused the key" in found[number].told
    assert "canary" not in found[number].told + (tmp_path / "agent.log").read_text()


def test_orders_and_who_gave_them_stay(store: TelemetryWriter, tmp_path: Path) -> None:
    order(tmp_path, "pause")
    order(tmp_path, "resume")
    assert [(each.action, each.actor, each.reason) for each in orders(tmp_path)] == [
        ("pause", "ana (laptop)", "weekend"),
        ("resume", "ana (laptop)", "weekend"),
    ]
    with closing(ControlsStore.open(tmp_path)) as controls:
        assert [(row.actor, row.action, row.subject) for row in controls.audit(2)] == [
            ("ana (laptop)", "endpoint resume", "huggingface/acme/llama"),
            ("ana (laptop)", "endpoint pause", "huggingface/acme/llama"),
        ]

"""Hugging Face's endpoints: what they cost now, and what controls them; and the month's bill."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal

import httpx
import pytest

from costtui.domain.bill import BilledLine, BurnItem, Dimensions
from costtui.domain.money import NanoUsd
from costtui.egress.client import Egress
from costtui.errors import SourceError
from costtui.providers.contract import Query, Span
from costtui.providers.huggingface import Action, control
from costtui.providers.walk import Told, walk
from tests.egress.server import response, serving
from tests.providers.harness import FIXTURES, answer_of, case, tell


def _items(told: Told) -> dict[str, BurnItem]:
    return {row.name: row for row in told.rows if isinstance(row, BurnItem)}


def test_an_endpoint_costs_its_ready_replicas_times_the_price_of_its_instance() -> None:
    found = _items(tell("huggingface", "endpoints"))
    assert {name: (item.state, item.replicas, item.usd_per_hour) for name, item in found.items()} == {
        "acme/llama-3-3-70b-tgi": ("running", 1, Decimal(9)),
        "acme/mixtral-8x7b": ("scaledToZero", 0, Decimal(0)),
        "acme/embeddings": ("running", 3, Decimal("3.15")),
        "acme/judge": ("initializing", 1, Decimal("1.05")),
        "acme/old": ("paused", 0, Decimal(0)),
    }
    assert found["acme/embeddings"].model == "meta-llama/Llama-3.3-70B-Instruct"


def test_a_running_endpoint_whose_price_nobody_tells_is_unknown_and_a_paused_one_still_costs_nothing() -> None:
    prices = answer_of("huggingface", "prices")
    prices["vendors"][0]["regions"][0]["computes"].pop()
    told = tell("huggingface", "endpoints", prices=prices)
    found = _items(told)
    assert found["acme/embeddings"].usd_per_hour is None
    assert found["acme/embeddings"].replicas == 3
    assert found["acme/old"].usd_per_hour == 0
    assert told.missing == ("no price of nvidia-a10g is told",)


def test_endpoints_whose_prices_cannot_be_read_are_still_told_with_their_state() -> None:
    told = tell("huggingface", "endpoints", prices={"sorry": True})
    assert [item.usd_per_hour for item in _items(told).values()] == [None, 0, None, None, 0]
    assert told.missing[0] == "vendors is missing"


@pytest.mark.parametrize(
    ("status", "replicas", "usd_per_hour"),
    [
        ({"state": "running", "readyReplica": None}, None, None),
        ({"state": "running", "readyReplica": 0, "targetReplica": 1}, 0, Decimal(0)),
        ({"state": "running", "readyReplica": 1, "targetReplica": 2}, 1, Decimal(9)),
        ({"state": "updating", "readyReplica": 2, "targetReplica": 2}, 2, Decimal(18)),
        ({"state": "initializing", "readyReplica": 0, "targetReplica": 2}, 2, Decimal(18)),
        ({"state": "initializing", "readyReplica": 0}, None, None),
        ({"state": "failed", "readyReplica": 0, "targetReplica": 1}, 0, Decimal(0)),
        ({"state": "paused", "readyReplica": None}, 0, Decimal(0)),
        ({"state": "dreaming", "readyReplica": 1}, 1, Decimal(9)),
    ],
)
def test_a_state_says_how_many_replicas_cost(
    status: dict[str, object], replicas: int | None, usd_per_hour: Decimal | None
) -> None:
    items = answer_of("huggingface", "endpoints")
    items["items"] = [items["items"][0] | {"status": status}]
    item = tell("huggingface", "endpoints", endpoints=items).rows[0]
    assert isinstance(item, BurnItem)
    assert (item.state, item.replicas, item.usd_per_hour) == (status["state"], replicas, usd_per_hour)


def test_no_endpoints_at_all_are_nothing_and_no_fault() -> None:
    told = tell("huggingface", "endpoints", endpoints={"items": []})
    assert (told.rows, told.complete, told.missing) == ((), True, ())


def test_several_namespaces_are_read_one_after_another_each_with_its_own_prices() -> None:
    one = case("huggingface", "endpoints")
    account = replace(one.account, filters={"namespace": ("acme", "ops")})
    paths = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        name = "prices.json" if "/provider/" in request.url.path else "endpoints.json"
        body = json.loads((FIXTURES / "huggingface" / name).read_bytes())
        if request.url.path == "/v2/provider/ops":
            body["vendors"][0]["regions"][0]["computes"][0]["pricePerHour"] = 10
        return httpx.Response(200, content=json.dumps(body).encode())

    async def run() -> Told:
        async with Egress(httpx.MockTransport(answer)) as egress:
            return await walk(one.provider, one.feed, account, one.span, egress)

    found = _items(asyncio.run(run()))
    assert paths == ["/v2/provider/acme", "/v2/endpoint/acme", "/v2/provider/ops", "/v2/endpoint/ops"]
    assert found["acme/llama-3-3-70b-tgi"].usd_per_hour == 9
    assert found["ops/llama-3-3-70b-tgi"].usd_per_hour == 10


@pytest.mark.parametrize("namespace", [(), ("../admin",), ("a/b",), ("",), ("a?x=1",)])
def test_a_namespace_that_is_none_is_not_asked_for(namespace: tuple[str, ...]) -> None:
    one = case("huggingface", "endpoints")
    with pytest.raises(SourceError, match="namespace"):
        one.feed.first(replace(one.account, filters={"namespace": namespace}), one.span)


@pytest.mark.parametrize("action", ["pause", "resume", "scale-to-zero"])
def test_an_endpoint_is_controlled_by_one_post_without_a_body(action: Action) -> None:
    query = control(action, "llama-3-3-70b", "acme")
    assert query == Query(f"/v2/endpoint/acme/llama-3-3-70b/{action}", method="POST")

    async def run() -> bytes:
        async with serving(response(b"{}")) as (base, requests), Egress() as egress:
            await egress.ask(query.method, base + query.path, max_bytes=100, timeout_seconds=20)
            return requests[0]

    head, _, body = asyncio.run(run()).partition(b"\r\n\r\n")
    assert head.startswith(f"POST /v2/endpoint/acme/llama-3-3-70b/{action} ".encode())
    assert body == b""


@pytest.mark.parametrize(("name", "namespace"), [("a/../b", "acme"), ("a", ".."), ("", "acme"), ("a b", "acme")])
def test_a_name_that_no_endpoint_can_have_controls_none(name: str, namespace: str) -> None:
    with pytest.raises(SourceError, match="NAMESPACE/NAME"):
        control("pause", name, namespace)


def test_a_months_bill_is_what_was_used_beyond_what_is_included() -> None:
    (line,) = tell("huggingface", "billing").rows
    assert line == BilledLine(
        1_793_491_200_000,
        1_796_083_200_000,
        NanoUsd(450_000_000),
        Dimensions(item="Inference Providers"),
        Decimal(128),
        "requests",
    )


@pytest.mark.parametrize(("used", "nano"), [(1_999_999_999, 0), (2_000_000_001, 1), (None, None)])
def test_what_is_included_costs_nothing_and_what_is_not_told_is_unknown(used: int | None, nano: int | None) -> None:
    bill = answer_of("huggingface", "billing")
    bill["usage"]["inferenceProviders"]["usedNanoUsd"] = used
    (line,) = tell("huggingface", "billing", billing=bill).rows
    assert isinstance(line, BilledLine)
    assert line.nano == nano


def test_a_bill_of_another_month_than_was_asked_for_is_not_taken_for_it() -> None:
    bill = answer_of("huggingface", "billing")
    bill["usage"]["inferenceProviders"]["periodEnd"] = "2027-01-01T00:00:00Z"
    with pytest.raises(SourceError, match="not in the month asked for"):
        tell("huggingface", "billing", billing=bill)


def test_a_span_over_the_turn_of_a_month_asks_for_both_months() -> None:
    one = case("huggingface", "billing")
    first = one.feed.first(one.account, Span(1_796_000_000_000, 1_796_200_000_000))
    assert first.params == (("startDate", "1793491200"), ("endDate", "1796083200"))
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["startDate"])
        bill = answer_of("huggingface", "billing")
        end = "2026-12-01T00:00:00Z" if len(asked) == 1 else "2027-01-01T00:00:00Z"
        bill["usage"]["inferenceProviders"]["periodEnd"] = end
        return httpx.Response(200, content=json.dumps(bill).encode())

    async def run() -> Told:
        async with Egress(httpx.MockTransport(answer)) as egress:
            span = Span(1_796_000_000_000, 1_796_200_000_000)
            return await walk(one.provider, one.feed, one.account, span, egress)

    told = asyncio.run(run())
    assert asked == ["1793491200", "1796083200"]
    assert [row.until_ms for row in told.rows if isinstance(row, BilledLine)] == [1_796_083_200_000, 1_798_761_600_000]

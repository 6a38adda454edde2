"""Units that trap: cents, turned signs, other currencies, whole units with billionths; worked by hand."""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest

from costtui.config.billing import BILLED
from costtui.domain.bill import Balance, BilledLine, BillRow, BurnItem, Limit
from costtui.domain.secret import Secret
from costtui.egress.client import Egress
from costtui.errors import SourceError, SourceRefused
from costtui.providers.contract import Account, Span
from costtui.providers.registry import providers
from costtui.providers.walk import Told, walk

DAY_MS = 86_400_000
BEGIN = 1_795_305_600_000
"""2026-11-22 00:00 UTC."""


class Scripted(httpx.AsyncBaseTransport):
    """Answers in order and keeps the questions."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers, self.asked = answers, list[httpx.Request]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, content=json.dumps(self.answers[len(self.asked) - 1]).encode())


def told(
    name: str,
    feed: str,
    *answers: Any,
    base: str = "",
    rates: Mapping[str, str] | None = None,
    team: str = "team-1",
    days: int = 1,
) -> tuple[Told, list[httpx.Request]]:
    provider = providers()[name]
    (one,) = [each for each in (*provider.feeds, *provider.finer) if each.name == feed]
    account = Account(name, Secret("k"), base, {"namespace": (team,)} if team else {}, rates or {})
    transport = Scripted(list(answers))

    async def run() -> Told:
        async with Egress(transport) as egress:
            return await walk(provider, one, account, Span(BEGIN, BEGIN + days * DAY_MS), egress)

    return asyncio.run(run()), transport.asked


def amounts(found: Told) -> list[int | None]:
    return [row.nano for row in found.rows if isinstance(row, (Balance, BilledLine))]


def only(row: tuple[BillRow, ...]) -> int | None:
    assert len(row) == 1
    assert isinstance(row[0], (Balance, BilledLine, Limit))
    return row[0].nano


@pytest.mark.parametrize(
    ("name", "feed", "answer", "usd"),
    [
        ("xai", "balance", {"total": {"val": "-1000"}}, "10"),  # cents, and its sign is turned round
        ("xai", "balance", {"total": {"val": "250"}}, "-2.5"),
        ("deepinfra", "balance", {"stripe_balance": -12.34, "recent": 3.21}, "9.13"),
        ("openrouter", "credits", {"data": {"total_credits": 100.5, "total_usage": "25.75"}}, "74.75"),
        ("moonshot", "balance", {"code": 0, "data": {"available_balance": -0.42}}, "-0.42"),
        ("vastai", "credit", {"credit": 123.45, "balance": 7}, "123.45"),
        ("runpod", "balance", {"data": {"myself": {"clientBalance": 435.85}}}, "435.85"),
    ],
)
def test_a_balance_is_exact_in_dollars(name: str, feed: str, answer: Any, usd: str) -> None:
    assert only(told(name, feed, answer)[0].rows) == int(Decimal(usd) * 10**9)


def test_yuan_become_dollars_by_the_configured_rate_and_are_unknown_without_one() -> None:
    answer = {
        "balance_infos": [{"currency": "CNY", "total_balance": "110.00"}, {"currency": "USD", "total_balance": "1"}]
    }
    rated = told("deepseek", "balance", answer, rates={"CNY": "0.14"})[0]
    assert amounts(rated) == [15_400_000_000, 10**9]
    unrated = told("deepseek", "balance", answer)[0]
    assert amounts(unrated) == [None, 10**9]
    assert "CNY" in unrated.missing[0]


def test_moonshot_s_chinese_host_speaks_of_yuan() -> None:
    answer = {"code": 0, "data": {"available_balance": 100}}
    found, (asked,) = told("moonshot", "balance", answer, base="https://api.moonshot.cn", rates={"CNY": "0.14"})
    assert (only(found.rows), asked.url.host) == (14 * 10**9, "api.moonshot.cn")
    with pytest.raises(SourceRefused):
        told("moonshot", "balance", {"code": 5, "status": False, "data": {}})


def test_fireworks_adds_whole_units_and_billionths_day_by_day() -> None:
    def day(units: str, nanos: int) -> Any:
        cost = {"currencyCode": "USD", "units": units, "nanos": nanos}
        return {
            "lineItems": [{"category": "LLM output tokens", "groupingValue": "m", "quantity": 7, "totalCost": cost}]
        }

    found, asked = told("fireworks", "summary", day("1", 33_292_280), day("0", 5), team="acme", days=2)
    assert amounts(found) == [1_033_292_280, 5]
    assert [request.url.params["startTime"] for request in asked] == ["2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"]


@pytest.mark.parametrize(("name", "feed"), [("fireworks", "summary"), ("xai", "usage"), ("xai", "balance")])
@pytest.mark.parametrize("team", ["", "../../other", "a/b"])
def test_an_account_s_name_that_could_lead_elsewhere_is_refused_before_anything_is_asked(
    name: str, feed: str, team: str
) -> None:
    with pytest.raises(SourceError, match="namespace"):
        told(name, feed, {}, team=team)


def test_together_s_pages_follow_their_mark() -> None:
    def page(hour: int, cost: str, mark: str | None) -> Any:
        times = {"start_time": f"2026-11-22T{hour:02}:00:00Z", "end_time": f"2026-11-22T{hour + 1:02}:00:00Z"}
        item = {"product_name": "Serverless Inference - Output Tokens", "cost": cost, "quantity": "5"}
        whole = {"currency": "USD", "data": [{**times, "line_items": [item]}], "next_cursor": mark}
        return {**whole, "latest_window_end": "2026-11-22T12:00:00Z"}

    found, asked = told("together", "hours", page(10, "1.056", "c2"), page(11, "0.44", None))
    assert sum(row.nano or 0 for row in found.rows if isinstance(row, BilledLine)) == 1_496_000_000
    assert [request.url.params.get("after") for request in asked] == [None, "c2"]


def lambda_(*instances: tuple[str, int | None]) -> Any:
    return {
        "data": [
            {"id": state, "status": state, "instance_type": {} if cents is None else {"price_cents_per_hour": cents}}
            for state, cents in instances
        ]
    }


def vast(*instances: tuple[str, float]) -> Any:
    return {"instances": [{"id": 1, "actual_status": state, "dph_total": rate} for state, rate in instances]}


def runpod(*pods: tuple[str, str]) -> Any:
    return [{"id": state, "desiredStatus": state, "costPerHr": "9", "adjustedCostPerHr": rate} for state, rate in pods]


@pytest.mark.parametrize(
    ("name", "feed", "answer", "rates"),
    [
        ("lambda", "instances", lambda_(("booting", 249)), [Decimal("2.49")]),
        (
            "lambda",
            "instances",
            lambda_(("active", 100), ("active", None), ("terminated", None)),
            [Decimal(1), None, Decimal(0)],
        ),
        ("vastai", "instances", vast(("running", 2.5), ("exited", 2.5)), [Decimal("2.5"), None]),
        ("runpod", "pods", runpod(("RUNNING", "0.70"), ("EXITED", "0.70")), [Decimal("0.70"), None]),
        ("runpod", "pods", runpod(("RUNNING", "1"), ("TERMINATED", "1")), [Decimal(1), Decimal(0)]),
    ],
)
def test_what_is_down_costs_nothing_only_where_that_is_known(
    name: str, feed: str, answer: Any, rates: list[Decimal | None]
) -> None:
    """A stopped machine may still pay for its disk, which no answer prices."""
    rows = told(name, feed, answer)[0].rows
    assert [row.usd_per_hour for row in rows if isinstance(row, BurnItem)] == rates


def test_a_key_without_a_limit_has_none_and_that_is_no_lack() -> None:
    data = {"limit": None, "limit_remaining": None, "limit_reset": None, "usage": 3}
    found, _ = told("openrouter", "key", {"data": data})
    assert (found.rows, found.missing) == ((), ())


def test_the_configuration_knows_just_the_providers_and_filters_that_there_are() -> None:
    assert {name: provider.filters for name, provider in providers().items()} == dict(BILLED)

"""One walk of one feed, where the provider misbehaves between its pages."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest

from costtui.domain.bill import Balance, BilledLine
from costtui.domain.secret import Secret
from costtui.egress.client import Egress
from costtui.errors import SourceError
from costtui.providers.contract import Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look
from costtui.providers.walk import Told, address, walk
from tests.providers.harness import answer_of, tell

_SPAN = Span(0, 1)
_ACCOUNT = Account("acme", Secret("sk-canary"))


def _read(answer: Look, query: Query) -> Page:
    mark = answer.text("to", optional=True)
    rows = (Balance(answer.usd("usd")),)
    return Page(rows, None if mark is None else Query(mark))


_FEED = Feed("balance", "balance", 60, lambda _account, _span: Query("/start"), _read)
_PROVIDER = Provider("acme", "Acme", "https://api.acme.example", bearer, "a key", (_FEED,))


def _walked(*answers: object) -> Told:
    asked = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(next(asked)).encode())

    async def run() -> Told:
        async with Egress(httpx.MockTransport(answer)) as egress:
            return await walk(_PROVIDER, _FEED, _ACCOUNT, _SPAN, egress)

    return asyncio.run(run())


@pytest.mark.parametrize("path", [".evil.example/", "@evil.example/", ":444/", "evil"])
def test_an_answer_cannot_send_the_key_to_another_host(path: str) -> None:
    with pytest.raises(SourceError, match="not below its own"):
        _walked({"usd": 1, "to": path})


def test_a_path_that_looks_like_a_host_stays_below_the_provider() -> None:
    found = address(_PROVIDER, _FEED, _ACCOUNT, Query("//evil.example/x"))
    assert httpx.URL(found).host == "api.acme.example"


def test_parameters_cannot_leave_the_query() -> None:
    found = address(_PROVIDER, _FEED, _ACCOUNT, Query("/x", (("page", "a&b=#c/../é\r\nhost: evil"),)))
    assert httpx.URL(found).path == "/x"
    assert httpx.URL(found).params["page"] == "a&b=#c/../é\r\nhost: evil"


def test_a_balance_without_its_amount_is_an_error_and_no_unknown_balance() -> None:
    with pytest.raises(SourceError, match="usd is missing"):
        _walked({"balance": 4})


def test_a_page_that_fails_later_drops_what_came_before() -> None:
    with pytest.raises(SourceError, match="answered with an error"):
        _walked({"usd": 1, "to": "/second"}, {"error": {"message": "sk-canary is over its limit"}})


def test_a_later_page_without_its_lines_is_an_error_and_not_the_end() -> None:
    with pytest.raises(SourceError, match="data is missing"):
        tell("openai", "costs", costs_2={"object": "page", "has_more": False, "next_page": None})


def test_more_pages_without_a_mark_are_told_as_incomplete() -> None:
    page = answer_of("openai", "costs_2")
    told = tell("openai", "costs", costs_2=page | {"has_more": True})
    assert not told.complete
    assert told.missing == ("it says that there is more, and not where",)
    assert len(told.rows) == 5


def test_the_accounts_own_base_takes_the_place_of_the_providers() -> None:
    account = replace(_ACCOUNT, base="http://127.0.0.1:9/billing")
    assert address(_PROVIDER, _FEED, account, Query("/x")) == "http://127.0.0.1:9/billing/x"


def test_a_questions_own_headers_never_take_the_place_of_the_key() -> None:
    seen: dict[str, str] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        seen.update(request.headers)
        return httpx.Response(200, content=b'{"usd": 1}')

    def first(_account: Account, _span: Span) -> Query:
        return Query("/x", headers=(("authorization", "none"), ("beta", "yes")))

    async def run() -> Told:
        async with Egress(httpx.MockTransport(answer)) as egress:
            return await walk(_PROVIDER, replace(_FEED, first=first), _ACCOUNT, _SPAN, egress)

    asyncio.run(run())
    assert (seen["authorization"], seen["beta"]) == ("Bearer sk-canary", "yes")


def test_a_credit_is_kept_with_its_sign() -> None:
    rows = tell("openai", "costs").rows
    assert [row.nano for row in rows if isinstance(row, BilledLine) and row.dims.item.startswith("Credit")] == [
        -1_500_000_000
    ]


def test_a_line_that_could_not_be_read_is_not_gone() -> None:
    bills = answer_of("novita", "bills_llm")
    bills["bills"][0]["startTime"] = "soon"
    told = tell("novita", "bills", bills_llm=bills)
    assert len(told.rows) == 3
    assert told.missing == ("bills[].startTime is not a time",)
    assert not told.complete
    assert not told.whole


def test_a_line_that_lost_a_name_takes_the_place_of_those_that_had_it() -> None:
    page = answer_of("openai", "costs_1")
    for result in page["data"][0]["results"]:
        del result["line_item"]
    told = tell("openai", "costs", costs_1=page)
    assert told.missing == ("some of its lines cannot be told apart; they are added up",)
    assert told.whole


def test_an_empty_answer_takes_nothing_back() -> None:
    empty = {"object": "page", "data": [], "has_more": False, "next_page": None}
    told = tell("openai", "costs", costs_1=empty)
    assert (told.rows, told.complete, told.missing) == ((), True, ())
    assert not told.whole
    assert tell("openai", "costs").whole

"""Pages in any order, twice, overlapping or going round: the totals are those of the lines themselves."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costtui.domain.money import NANO_PER_USD
from costtui.egress.client import Egress
from costtui.providers.walk import MOST_PAGES, Told, walk
from tests.providers.harness import Case, case, measured

RUNS = int(os.environ.get("COSTTUI_PAGES_RUNS", "60"))
_DAY = 86_400
_FIRST = 1_795_305_600
_Line = tuple[int, str, str, int]
"""Day, line item, project, nano-dollars."""


@dataclass(frozen=True, slots=True)
class Book:
    """Pages in the order in which they are told; the last may point back to one of them."""

    pages: Sequence[Sequence[_Line]]
    back_to: int | None

    def body(self, number: int) -> bytes:
        """A page as OpenAI writes it: a bucket for each run of a day's lines."""
        buckets = [
            {"start_time": _FIRST + day * _DAY, "end_time": _FIRST + (day + 1) * _DAY, "results": [_result(line)]}
            for line in self.pages[number]
            for day in [line[0]]
        ]
        last = number == len(self.pages) - 1
        following = self.back_to if last else number + 1
        mark = None if following is None else f"page_{following}"
        return json.dumps({"data": buckets, "has_more": mark is not None, "next_page": mark}).encode()


def _result(line: _Line) -> dict[str, Any]:
    _, item, project, nano = line
    amount = f"{nano // NANO_PER_USD}.{nano % NANO_PER_USD:09d}" if nano >= 0 else f"-0.{-nano:09d}"
    return {"amount": {"value": amount, "currency": "usd"}, "line_item": item, "project_id": project}


class _Shelf(httpx.AsyncBaseTransport):
    """Tells a book page by page."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self.pages = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        mark = parse_qs(urlsplit(str(request.url)).query).get("page", ["page_0"])[0]
        self.pages += 1
        return httpx.Response(200, content=self._book.body(int(mark.removeprefix("page_"))))


@st.composite
def _books(draw: st.DrawFn) -> tuple[dict[tuple[int, str, str], int], Book]:
    """An account's lines, and a book in which each is at least once and no page holds one twice."""
    place = st.tuples(st.integers(0, 4), st.sampled_from(["gpt-5, input_tokens", "gpt-5, output_tokens", "Credit"]))
    places = draw(st.sets(st.tuples(place, st.sampled_from(["a", "b", "c"])), min_size=1, max_size=20))
    amounts = st.integers(-999_999_999, 10**14)
    lines = {(day, item, project): draw(amounts) for (day, item), project in sorted(places)}
    told = [(*key, nano) for key, nano in lines.items()]
    size = draw(st.integers(1, 6))
    pages = [told[start : start + size] for start in range(0, len(told), size)]
    pages += draw(st.lists(st.sampled_from(pages), max_size=4))
    pages = [list(dict.fromkeys([*page, *draw(st.lists(st.sampled_from(told), max_size=3))])) for page in pages]
    pages = [draw(st.permutations(page)) for page in draw(st.permutations(pages))]
    return lines, Book(pages, draw(st.none() | st.integers(0, len(pages) - 1)))


def _walked(one: Case, transport: httpx.AsyncBaseTransport) -> Told:
    async def run() -> Told:
        async with Egress(transport) as egress:
            return await walk(one.provider, one.feed, one.account, one.span, egress)

    return asyncio.run(run())


@settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck))
@given(_books())
def test_pages_in_any_order_twice_overlapping_or_going_round_change_no_total(
    told: tuple[dict[tuple[int, str, str], int], Book],
) -> None:
    lines, book = told
    shelf = _Shelf(book)
    found = _walked(case("openai", "costs"), shelf)
    assert sum(row.nano for row in found.rows if hasattr(row, "nano") and row.nano is not None) == sum(lines.values())
    assert len(found.rows) == len(lines)
    assert found.complete == (book.back_to is None)
    assert bool(found.missing) == (book.back_to is not None)
    assert shelf.pages <= len(book.pages) + 1


class _EverNew(httpx.AsyncBaseTransport):
    """Every page names one more, which nobody asked for yet."""

    def __init__(self) -> None:
        self.pages = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        book = Book([[(0, f"item {self.pages % 7}", "a", NANO_PER_USD)]], None)
        self.pages += 1
        page = json.loads(book.body(0)) | {"has_more": True, "next_page": f"page_{self.pages}"}
        return httpx.Response(200, content=json.dumps(page).encode())


def test_a_thousand_pages_are_the_most_and_that_there_were_more_is_said() -> None:
    endless = _EverNew()
    told = _walked(case("openai", "costs"), endless)
    assert endless.pages == MOST_PAGES == 1_000
    assert measured(told.rows) == {"rows": 7, "usd": "7"}
    assert not told.complete
    assert told.missing == ("it has over 1000 pages",)


def test_of_one_line_told_with_two_amounts_the_later_page_counts_and_it_is_said() -> None:
    told = _walked(case("openai", "costs"), _Shelf(Book([[(0, "x", "a", 5)], [(0, "x", "a", 7)]], None)))
    assert [row.nano for row in told.rows if hasattr(row, "nano")] == [7]
    assert told.missing == ("one line came twice with two amounts; the later one counts",)


def test_two_lines_of_one_page_that_cannot_be_told_apart_are_added_and_it_is_said() -> None:
    told = _walked(case("openai", "costs"), _Shelf(Book([[(0, "x", "a", 5), (0, "x", "a", 5)]], None)))
    assert [row.nano for row in told.rows if hasattr(row, "nano")] == [10]
    assert told.missing == ("some of its lines cannot be told apart; they are added up",)

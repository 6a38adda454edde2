"""A fake of every provider, which replays what `tests/fixtures/providers/NAME/expected.json` declares.

    {
      "source": "where the shapes come from, and when that was read",
      "hosts": ["api.openai.com"],               every host that the key may be sent to
      "auth": {"authorization": "Bearer KEY"},   headers that every question carries; KEY stands for the key
      "base": "https://…",                       only where the user gives the address
      "filters": {"projects": ["p1"]},           of the Account; may be left out, as may:
      "usd_per_unit": {"CNY": "0.14"},
      "feeds": {
        "costs": {
          "from": "2026-11-21", "until": "2026-11-23",
          "asks": [
            {"path": "/v1/costs", "params": {"limit": "180", "group_by[]": ["a", "b"]}, "answer": "costs_1.json"},
            {"path": "/v1/costs", "params": {"page": "p2"}, "answer": "costs_2.json"},
            {"method": "POST", "path": "/graphql", "payload": {…}, "answer": "myself.json"}
          ],
          "told": {"rows": 3, "usd": "15.093725"}
        }
      }
    }

A question gets the answer of the most particular `ask` that fits: same method and path, and every parameter named there
has just these values; a `payload` must be the same. `told` is what `measured` gives, worked by hand, without its zeros.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

from costtui.domain.bill import Balance, BilledLine, BillRow, BurnItem, ListPrice, UsedLine
from costtui.domain.money import usd_from_nano
from costtui.domain.secret import Secret
from costtui.egress.client import Egress
from costtui.providers.contract import Account, Feed, Provider, Span
from costtui.providers.registry import providers
from costtui.providers.walk import Told, walk
from tests.egress.server import Answer, response, serving

FIXTURES = Path(__file__).parent.parent / "fixtures" / "providers"
KEY = "sk-billing-canary-7d1f02"


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that a feed asks, and the file that answers it."""

    method: str
    path: str
    params: Mapping[str, list[str]]
    payload: object
    answer: str

    def fits(self, asked: "Asked") -> bool:
        """Whether this is the question; parameters that are not declared may be anything."""
        same = (self.method, self.path) == (asked.method, asked.path)
        return same and all(asked.params.get(name) == told for name, told in self.params.items()) and self._said(asked)

    def _said(self, asked: "Asked") -> bool:
        return self.payload is None or self.payload == asked.payload


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that came."""

    method: str
    url: str
    path: str
    """Without the query, decoded."""
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]
    payload: object


@dataclass(frozen=True, slots=True)
class Case:
    """One feed of one provider, with what is declared for it."""

    provider: Provider
    feed: Feed
    account: Account
    span: Span
    asks: tuple[Ask, ...]
    told: Mapping[str, int | str]
    auth: Mapping[str, str]
    hosts: frozenset[str]

    def __str__(self) -> str:
        return f"{self.provider.name}-{self.feed.name}"

    def answer(self, asked: Asked) -> str | None:
        """The file that answers; None: nobody declared such a question."""
        fitting = [ask for ask in self.asks if ask.fits(asked)]
        return max(fitting, key=lambda ask: len(ask.params)).answer if fitting else None

    def files(self) -> dict[str, bytes]:
        """Every answer, by file name, in the order of the questions."""
        folder = FIXTURES / self.provider.name
        return {ask.answer: (folder / ask.answer).read_bytes() for ask in self.asks}


@cache
def declared(name: str) -> Mapping[str, Any]:
    """What `expected.json` of a provider says."""
    found: Mapping[str, Any] = json.loads((FIXTURES / name / "expected.json").read_text("utf-8"))
    return found


def case(name: str, feed_name: str) -> Case:
    """One feed of one provider."""
    provider, said = providers()[name], declared(name)
    feed = next(feed for feed in all_feeds(provider) if feed.name == feed_name)
    script = said["feeds"][feed_name]
    account = Account(
        name,
        Secret(KEY),
        base=said.get("base", ""),
        filters={word: tuple(names) for word, names in said.get("filters", {}).items()},
        usd_per_unit=said.get("usd_per_unit", {}),
    )
    return Case(
        provider=provider,
        feed=feed,
        account=account,
        span=Span(_day(script["from"]), _day(script["until"])),
        asks=tuple(_ask(ask) for ask in script["asks"]),
        told=script["told"],
        auth={word: value.replace("KEY", KEY) for word, value in said["auth"].items()},
        hosts=frozenset(said["hosts"]),
    )


def feeds() -> list[tuple[str, str]]:
    """Every feed of every provider that tells something, by name, for `@pytest.mark.parametrize`."""
    return [(each.name, feed.name) for each in providers().values() for feed in all_feeds(each)]


def _ask(said: Mapping[str, Any]) -> Ask:
    params = {word: [value] if isinstance(value, str) else value for word, value in said.get("params", {}).items()}
    return Ask(said.get("method", "GET"), said["path"], params, said.get("payload"), said["answer"])


def all_feeds(provider: Provider) -> tuple[Feed, ...]:
    """Those that are added up, and the finer ones."""
    return *provider.feeds, *provider.finer


def _day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def measured(rows: tuple[BillRow, ...]) -> dict[str, int | str]:
    """The sums of what is known, by kind, and how many rows do not say; zeros are left out, so that `told` is short.

    `rows`; `usd` and `unknown` of lines; `input_tokens`, `cached_input_tokens`, `cache_write_tokens`,
    `cache_write_1h_tokens`, `output_tokens`, `requests`, `web_searches` of usage; `balance_usd`; `usd_per_hour`,
    `replicas`; `limit_usd`, `used_usd`; `input_usd_per_million`, `output_usd_per_million`.
    """
    found: dict[str, Any] = {"rows": len(rows)}

    def add(word: str, amount: Any) -> None:
        if amount is None:
            found["unknown"] = found.get("unknown", 0) + 1
        else:
            found[word] = found.get(word, 0) + amount

    for row in rows:
        if isinstance(row, BilledLine):
            add("usd", row.nano)
        elif isinstance(row, UsedLine):
            for word, count in _counts(row).items():
                add(word, count)
            found["requests"] = found.get("requests", 0) + (row.requests or 0)
        elif isinstance(row, Balance):
            add("balance_usd", row.nano)
        elif isinstance(row, BurnItem):
            add("usd_per_hour", row.usd_per_hour)
            add("replicas", row.replicas)
        elif isinstance(row, ListPrice):
            add("input_usd_per_million", row.input)
            add("output_usd_per_million", row.output)
        else:
            add("limit_usd", row.nano)
            add("used_usd", row.used_nano or 0)
    for word in ("usd", "balance_usd", "limit_usd", "used_usd"):
        if word in found:
            found[word] = str(usd_from_nano(found[word]))
    for word in ("usd_per_hour", "input_usd_per_million", "output_usd_per_million"):
        if word in found:
            found[word] = f"{found[word].normalize():f}"
    return {word: value for word, value in found.items() if word == "rows" or value not in (0, "0")}


def _counts(row: UsedLine) -> dict[str, int | None]:
    usage = row.usage
    if usage is None:
        return {"usage": None}
    words = ("input", "cached_input", "cache_write", "cache_write_1h", "output")
    tokens: dict[str, int | None] = {f"{word}_tokens": getattr(usage, f"{word}_tokens") for word in words}
    return tokens | {"web_searches": usage.web_searches}


@dataclass(slots=True)
class Fake:
    """A provider on 127.0.0.1."""

    base: str
    """For `Account.base`."""
    asked: list[Asked] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Questions that nobody declared, or without the key: they got a 400 or 401."""
    fault: Callable[[bytes], Answer] = response
    """From the declared answer to what is sent."""


@asynccontextmanager
async def fake(case: Case) -> AsyncIterator[Fake]:
    """A real HTTP server that replays the case, or what its `fault` makes of each answer."""
    known = Fake("")
    files = case.files()

    prefix = urlsplit(case.account.base).path

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked = _asked(request)
        asked = replace(asked, path=asked.path.removeprefix(prefix))
        known.asked.append(asked)
        found = case.answer(asked)
        if any(asked.headers.get(word) != value for word, value in case.auth.items()):
            known.strange.append(f"{asked.method} {asked.url} without its key")
            await response(b"{}", "401 Unauthorized")(request, writer)
        elif found is None:
            known.strange.append(f"{asked.method} {asked.url} {asked.payload}")
            await response(b"{}", "400 Bad Request")(request, writer)
        else:
            await known.fault(files[found])(request, writer)

    async with serving(answer) as (base, _):
        known.base = base + prefix
        yield known


def _asked(request: bytes) -> Asked:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return _question(method, target, headers, body)


def _question(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Asked:
    parts = urlsplit(url)
    params = parse_qs(parts.query, keep_blank_values=True)
    return Asked(method, url, unquote(parts.path), params, headers, json.loads(body) if body else None)


class Recording(httpx.AsyncBaseTransport):
    """Answers without a socket, and keeps what was asked and of which address."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._files = case.files()
        self.instead: Mapping[str, bytes] = {}
        """Bodies by file name, sent instead of what is declared."""
        self.asked: list[Asked] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The declared answer, or a 400 where nobody declared the question."""
        asked = _question(request.method, str(request.url), request.headers, request.content)
        base = urlsplit(self._case.account.base).path
        asked = replace(asked, path=asked.path.removeprefix(base))
        self.asked.append(asked)
        found = self._case.answer(asked)
        if found is None:
            return httpx.Response(400)
        return httpx.Response(200, content=self.instead.get(found, self._files[found]))


async def told_by(server: Fake, case: Case, egress: Egress, timeout_seconds: float = 20.0) -> Told:
    """Walk the feed over a fake's answers."""
    account = replace(case.account, base=server.base)
    return await walk(case.provider, case.feed, account, case.span, egress, timeout_seconds=timeout_seconds)


@asynccontextmanager
async def replaying(case: Case) -> AsyncIterator[Callable[[Mapping[str, bytes]], Awaitable[Told]]]:
    """What walks the feed over its fixtures without a socket, again and again, each time with some of them replaced."""
    recording = Recording(case)
    account = replace(case.account, base=case.account.base or "http://127.0.0.1")
    async with Egress(recording) as egress:

        async def told(answers: Mapping[str, bytes]) -> Told:
            recording.instead = answers
            return await walk(case.provider, case.feed, account, case.span, egress)

        yield told


async def replay(case: Case, answers: Mapping[str, bytes]) -> Told:
    """Walk the feed over its fixtures once, some of them replaced, without a socket."""
    async with replaying(case) as told:
        return await told(answers)


def tell(name: str, feed_name: str, **answers: object) -> Told:
    """What a feed tells; an answer may be replaced by its file name without `.json`: `tell("x", "costs", costs_1={})`.

    bytes are sent as they are, anything else as JSON.
    """
    given = {
        f"{word}.json": value if isinstance(value, bytes) else json.dumps(value).encode()
        for word, value in answers.items()
    }
    return asyncio.run(replay(case(name, feed_name), given))


def answer_of(name: str, file: str) -> Any:
    """A fixture's answer as Python has it, to be changed and given to `tell`."""
    return json.loads((FIXTURES / name / f"{file}.json").read_bytes())


def bodies(case: Case) -> Iterator[tuple[str, Any]]:
    """Every answer of a case by its file name, as Python has it."""
    for name, body in case.files().items():
        yield name, json.loads(body)

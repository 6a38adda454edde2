"""The agent reads bills at a polite pace, again and again, and a fault never takes away what was read."""

import asyncio
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from costtui.agent.bill_schedule import after_failure, due_ms, retry_after_seconds, spans
from costtui.agent.bills import Bills
from costtui.agent.log import Log
from costtui.config.model import Billing
from costtui.domain.billed import FeedState
from costtui.domain.secret import SecretRef
from costtui.egress.client import Egress
from costtui.errors import SourceBusy, SourceError, SourceGone, SourceRefused
from costtui.providers.contract import Span
from costtui.providers.registry import providers
from costtui.store.bills import BillReader
from costtui.store.writer import TelemetryWriter

DAY_MS, HOUR_MS, MINUTE_MS = 86_400_000, 3_600_000, 60_000
NOW = 20_500 * DAY_MS + 9 * HOUR_MS
USD = 1_000_000_000
OPENAI = Billing("openai", SecretRef("env", "ADMIN"))
COSTS, USAGE = providers()["openai"].feeds[:2]
NEVER = FeedState("openai", "costs")
Reply = Callable[[httpx.Request, int], httpx.Response]


class Timer:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at_ms = NOW

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic(self) -> float:
        return self.at_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.at_ms += max(int(seconds * 1000), 1)
        await asyncio.sleep(0)


class Recorder(httpx.AsyncBaseTransport):
    """Answers as told and remembers when it was asked for what."""

    def __init__(self, clock: Timer, reply: Reply) -> None:
        self.clock, self.reply = clock, reply
        self.asked: list[tuple[int, httpx.URL]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((self.clock.at_ms, request.url))
        found = self.reply(request, self.clock.at_ms)
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    def of(self, path: str) -> list[int]:
        """When a path was asked."""
        return [at_ms for at_ms, url in self.asked if url.path == path]


class Agent:
    """Bills with a store, over a scripted provider."""

    def __init__(self, state_dir: Path, reply: Reply) -> None:
        self.clock, self.closed = Timer(), False
        self.recorder = Recorder(self.clock, reply)
        self.writer = TelemetryWriter.open(state_dir, now_ms=NOW)
        self.reader = BillReader(state_dir)
        self.log = Log(state_dir, self.clock)
        egress = Egress(self.recorder)
        parts = (egress, self.writer, self.clock, self.log, self.reader.feeds(), {"ADMIN": "sk-admin-canary"})
        self.bills = Bills(*parts, sleep=self.clock.sleep)

    def run(self, hours: float, feed: str = "costs", billing: Billing = OPENAI) -> None:
        """Let one feed be read for so long."""

        async def reading() -> None:
            tasks = self.bills.tasks(billing)
            mine = asyncio.create_task(tasks.pop(f"bill:{billing.provider}/{feed}"))
            for other in tasks.values():
                other.close()
            end_ms = self.clock.at_ms + int(hours * HOUR_MS)
            while self.clock.at_ms < end_ms:  # noqa: ASYNC110 - time passes by sleeping alone
                await asyncio.sleep(0)
            mine.cancel()

        asyncio.run(reading())
        self.writer.keep_feed(FeedState("none", "none")).result(5)

    def close(self) -> None:
        """End; once is enough."""
        if not self.closed:
            self.closed = True
            self.writer.close()
            self.log.close()

    def amounts(self) -> list[int | None]:
        """Of all lines."""
        return [kept.line.nano for kept in self.reader.lines(0, self.clock.at_ms + DAY_MS, provider="openai")]


def bucket(day_ms: int, usd: str) -> dict[str, object]:
    result = {"amount": {"value": usd, "currency": "usd"}, "line_item": "gpt-5, output_tokens"}
    return {"start_time": day_ms // 1000, "end_time": (day_ms + DAY_MS) // 1000, "results": [result]}


def page(*buckets: dict[str, object]) -> httpx.Response:
    return httpx.Response(200, content=json.dumps({"object": "page", "data": buckets, "has_more": False}).encode())


YESTERDAY = NOW // DAY_MS * DAY_MS - DAY_MS


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Callable[[Reply], Agent]]:
    made: list[Agent] = []

    def make(reply: Reply) -> Agent:
        made.append(Agent(tmp_path, reply))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_a_bill_is_read_at_once_and_then_at_its_own_pace(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda *_: page(bucket(YESTERDAY, "12.5")))
    found.run(hours=5)
    times = found.recorder.of("/v1/organization/costs")
    assert times[0] == NOW
    assert {later - earlier for earlier, later in pairwise(times)} == {30 * MINUTE_MS}
    assert found.amounts() == [12_500_000_000]
    assert {url.host for _, url in found.recorder.asked} == {"api.openai.com"}


def test_35_days_are_read_once_a_day_and_three_once_an_hour(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda *_: page(bucket(YESTERDAY, "1")))
    found.run(hours=49)
    days = [(at_ms - int(url.params["start_time"]) * 1000) // DAY_MS for at_ms, url in found.recorder.asked]
    assert days.count(35) == 3
    assert days.count(3) in range(44, 48)
    assert set(days) == {1, 3, 35}


def test_corrections_of_the_first_third_and_thirtieth_day_are_found(agent: Callable[[Reply], Agent]) -> None:
    """10 $ at first, 12 a day later, 11.50 after three, less than nothing after thirty: a credit."""

    def reply(_: httpx.Request, at_ms: int) -> httpx.Response:
        age = (at_ms - NOW) // DAY_MS
        usd = "10" if age < 1 else "12" if age < 3 else "11.5" if age < 30 else "-0.5"
        return page(bucket(YESTERDAY, usd))

    found = agent(reply)
    found.run(hours=31 * 24)
    assert found.amounts() == [-500_000_000]
    changes = found.reader.adjustments(NOW)
    assert [change.nano for change in changes] == [-12 * USD, -500_000_000, 2 * USD]


def test_a_failing_provider_never_turns_what_it_said_into_nothing(agent: Callable[[Reply], Agent]) -> None:
    def reply(_: httpx.Request, at_ms: int) -> httpx.Response:
        if at_ms < NOW + HOUR_MS:
            return page(bucket(YESTERDAY, "12.5"))
        return httpx.Response(200, content=b"<html>log in</html>")

    found = agent(reply)
    found.run(hours=6)
    assert found.amounts() == [12_500_000_000]
    state = found.reader.feeds()["openai", "costs"]
    assert (state.read_ms, state.failures > 3) == (NOW + 30 * MINUTE_MS, True)
    assert "web page" in state.problem
    (health,) = [each for each in found.bills.health() if each.name == "bill:openai/costs"]
    assert (health.last_ok_ms, health.problem is None) == (NOW + 30 * MINUTE_MS, False)
    assert "sk-admin-canary" not in repr(state) + repr(health)


def test_an_empty_answer_takes_nothing_back(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda _, at_ms: page(bucket(YESTERDAY, "3")) if at_ms < NOW + HOUR_MS else page())
    found.run(hours=4)
    assert found.amounts() == [3 * USD]


def test_a_refused_key_is_shown_to_its_provider_at_most_once_a_minute(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda *_: httpx.Response(401))
    found.run(hours=6, feed="usage")
    times = found.recorder.of("/v1/organization/usage/completions")
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[:5] == [MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS, 8 * MINUTE_MS, 15 * MINUTE_MS]
    assert max(gaps) == 15 * MINUTE_MS


def test_a_provider_that_asks_for_patience_gets_an_hour_at_most(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda *_: httpx.Response(429, headers={"retry-after": "1000000000"}))
    found.run(hours=3.5, feed="usage")
    times = found.recorder.of("/v1/organization/usage/completions")
    assert [at_ms - NOW for at_ms in times] == [0, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]


def test_a_feed_that_does_not_exist_is_no_fault_and_is_asked_for_once_a_day(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda *_: httpx.Response(410))
    found.run(hours=49)
    assert len(found.recorder.asked) == 3
    assert found.reader.feeds()["openai", "costs"].gone
    assert [each.problem for each in found.bills.health() if each.name.endswith("costs")] == [None]


def test_a_key_that_is_not_there_asks_nobody(agent: Callable[[Reply], Agent]) -> None:
    found = agent(lambda *_: page())
    found.run(hours=1, billing=Billing("openai", SecretRef("env", "ABSENT")))
    assert found.recorder.asked == []
    assert "ABSENT" in found.reader.feeds()["openai", "costs"].problem


def test_what_was_read_before_a_restart_is_not_asked_for_again(agent: Callable[[Reply], Agent], tmp_path: Path) -> None:
    first = agent(lambda *_: page(bucket(YESTERDAY, "1")))
    first.run(hours=0.1)
    first.close()
    again = agent(lambda *_: page(bucket(YESTERDAY, "1")))
    again.run(hours=0.4)
    assert again.recorder.asked == []
    assert [each.last_ok_ms for each in again.bills.health() if each.name.endswith("costs")] == [NOW]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("1000000000", 10**9),
        ("9" * 40, 10**12 - 1),
        ("soon", 0),
        ("", 0),
        ("-5", 0),
        ("Fri, 20 Feb 2026 09:02:00 GMT", 120),
        ("Fri, 20 Feb 2026 08:00:00 GMT", 0),
    ],
)
def test_patience_is_asked_for_in_seconds_or_by_a_date(said: str, seconds: int) -> None:
    at_nine = 1_771_578_000_000
    assert retry_after_seconds(said, at_nine) == seconds


def test_usage_by_the_minute_goes_back_two_days_at_first_and_a_day_each_hour() -> None:
    assert spans(USAGE, FeedState("openai", "usage"), NOW) == (
        Span(NOW - 2 * DAY_MS, NOW - DAY_MS),
        Span(NOW - DAY_MS, NOW),
    )
    read = FeedState("openai", "usage", read_ms=NOW - MINUTE_MS, days_ms=NOW - MINUTE_MS)
    assert spans(USAGE, read, NOW) == (Span(NOW - HOUR_MS - MINUTE_MS, NOW),)
    stale = FeedState("openai", "usage", read_ms=NOW - 9 * DAY_MS, days_ms=NOW - 9 * DAY_MS)
    assert spans(USAGE, stale, NOW)[0].from_ms == NOW - 2 * DAY_MS
    due = FeedState("openai", "usage", read_ms=NOW - MINUTE_MS, days_ms=NOW - HOUR_MS)
    assert spans(USAGE, due, NOW) == (Span(NOW - DAY_MS, NOW),)


def test_each_further_failure_waits_longer_and_a_success_forgets_them() -> None:
    state, waits = NEVER, []
    for _ in range(8):
        state = after_failure(state, COSTS, SourceError("no way", ""), NOW)
        waits.append((state.not_before_ms - NOW) // 1000)
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]
    assert due_ms(COSTS, state) == NOW + 900_000
    assert after_failure(NEVER, COSTS, SourceRefused("no", ""), NOW).not_before_ms == NOW + 60_000
    assert after_failure(NEVER, COSTS, SourceBusy("", "", "90"), NOW).not_before_ms == NOW + 90_000
    assert after_failure(NEVER, COSTS, SourceGone("", ""), NOW).gone


def test_a_balance_has_no_span() -> None:
    (balance,) = [feed for feed in providers()["novita"].feeds if feed.kind == "balance"]
    assert spans(balance, FeedState("novita", "balance"), NOW) == (Span(NOW, NOW),)
    assert Decimal(balance.every_seconds) >= 60

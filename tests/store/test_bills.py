"""Providers' bills in the store: the last word counts, every word is kept."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.domain.bill import Balance, BilledLine, BillRow, BurnItem, Dimensions, Limit, UsedLine
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.store.bill_writing import sum_minutes
from costtui.store.bills import BillReader, one_feed
from costtui.store.writer import TelemetryWriter

DAY_MS = 86_400_000
NOW = 20_500 * DAY_MS
USD = 1_000_000_000


class Bills:
    """A store and its reader."""

    def __init__(self, state_dir: Path) -> None:
        self.writer = TelemetryWriter.open(state_dir, now_ms=NOW)
        self.reader = BillReader(state_dir)

    def told(self, *rows: BillRow, at_ms: int = NOW, days: int | None = None, feed: str = "costs") -> None:
        """One reading; `days`: all of the first so many days."""
        whole = None if days is None else (0, days * DAY_MS)
        answer = BillAnswer("openai", feed, rows, at_ms, whole)
        self.writer.keep_bill(answer, FeedState("openai", feed, read_ms=at_ms)).result(5)

    def amounts(self, **how: int) -> dict[str, int | None]:
        """By model."""
        return {kept.line.dims.model: kept.line.nano for kept in self.reader.lines(0, NOW, **how)}  # type: ignore[arg-type]  # integers


@pytest.fixture
def bills(tmp_path: Path) -> Iterator[Bills]:
    found = Bills(tmp_path)
    with closing(found.writer):
        yield found


def line(day: int, usd: str | None, model: str = "gpt-5", quantity: str | None = None) -> BilledLine:
    nano = None if usd is None else NanoUsd(int(Decimal(usd) * USD))
    count = None if quantity is None else Decimal(quantity)
    return BilledLine(day * DAY_MS, (day + 1) * DAY_MS, nano, Dimensions(model), count, "tokens" if count else "")


def test_reading_the_same_bill_again_and_again_changes_nothing(bills: Bills) -> None:
    for hour in range(5):
        bills.told(line(0, "1.5", quantity="12.5"), line(0, "-0.25", "credit"), at_ms=NOW + hour, days=1)
    assert bills.amounts() == {"gpt-5": 1_500_000_000, "credit": -250_000_000}
    assert [kept.as_of_ms for kept in bills.reader.history("openai", "costs", 0, DAY_MS)] == [NOW, NOW]
    assert bills.reader.adjustments(0) == []
    assert bills.reader.lines(0, NOW)[1].line.quantity in (None, Decimal("12.5"))


def test_a_late_correction_replaces_the_amount_and_what_was_said_before_is_kept(bills: Bills) -> None:
    """Five days of re-published buckets: on day one, three and thirty something changes, down too."""
    for day, usd in ((0, "10"), (1, "12"), (3, "11.5"), (30, "-1")):
        bills.told(line(0, usd), at_ms=NOW + day * DAY_MS)
    assert bills.amounts() == {"gpt-5": -1 * USD}
    assert [kept.line.nano for kept in bills.reader.history("openai", "costs", 0, DAY_MS)] == [
        10 * USD,
        12 * USD,
        11_500_000_000,
        -1 * USD,
    ]
    assert [change.nano for change in bills.reader.adjustments(NOW + DAY_MS)] == [
        -12_500_000_000,
        -500_000_000,
        2 * USD,
    ]
    assert bills.amounts(as_of_ms=NOW + 2 * DAY_MS) == {"gpt-5": 12 * USD}


def test_a_line_that_is_no_longer_published_costs_nothing_from_then_on(bills: Bills) -> None:
    bills.told(line(0, "1"), line(0, "2", "opus"), line(1, "3"), days=2)
    bills.told(line(0, "1"), at_ms=NOW + 1, days=1)
    gone = {kept.line.dims.model for kept in bills.reader.lines(0, NOW) if kept.gone}
    assert gone == {"opus"}
    assert sum(kept.line.nano or 0 for kept in bills.reader.lines(0, NOW)) == 4 * USD
    bills.told(line(0, "1"), line(0, "2", "opus"), at_ms=NOW + 2, days=1)
    assert not any(kept.gone for kept in bills.reader.lines(0, NOW))


def test_a_reading_that_broke_off_takes_nothing_away(bills: Bills) -> None:
    bills.told(line(0, "1"), line(0, "2", "opus"), days=1)
    bills.told(line(0, "1"), at_ms=NOW + 1)
    assert bills.amounts() == {"gpt-5": USD, "opus": 2 * USD}


def test_an_amount_that_is_not_said_is_unknown_and_not_nothing(bills: Bills) -> None:
    bills.told(line(0, None))
    assert bills.amounts() == {"gpt-5": None}
    bills.told(line(0, "2"), at_ms=NOW + 1)
    (change,) = bills.reader.adjustments(0)
    assert (change.before_nano, change.nano) == (None, None)


def test_two_feeds_that_tell_the_same_money_are_not_added(bills: Bills) -> None:
    bills.told(line(0, "2"), feed="costs")
    bills.told(line(0, "2"), feed="hours")
    lines = bills.reader.lines(0, NOW, provider="openai")
    assert [kept.feed for kept in one_feed(lines, ("hours", "costs"))] == ["hours"]
    assert one_feed(lines, ("absent",)) == []


def test_balances_and_rented_things_have_one_row_for_as_long_as_they_stay(bills: Bills) -> None:
    up = BurnItem("llama", "running", 2, Decimal("4.5"), "llama-3.3")
    bills.told(up, Balance(NanoUsd(5 * USD)), Limit(NanoUsd(USD), "month", True), feed="levels")
    bills.told(up, Balance(NanoUsd(4 * USD)), at_ms=NOW + 60_000, feed="levels")
    found = {type(level.row).__name__: level for level in bills.reader.levels()}
    assert (found["BurnItem"].row, found["BurnItem"].since_ms, found["BurnItem"].at_ms) == (up, NOW, NOW + 60_000)
    assert (found["Balance"].row, found["Balance"].since_ms) == (Balance(NanoUsd(4 * USD)), NOW + 60_000)
    assert found["Limit"].at_ms == NOW


def test_minutes_of_usage_become_hours_after_two_days_and_their_sums_stay(bills: Bills, tmp_path: Path) -> None:
    rows = [
        UsedLine(minute * 60_000, (minute + 1) * 60_000, Usage(100, 10, 5), 1, Dimensions("gpt-5"))
        for minute in range(90)
    ]
    bills.told(*rows, feed="usage")
    bills.writer.keep_feed(FeedState("openai", "usage")).result(5)
    import sqlite3

    with closing(sqlite3.connect(tmp_path / "telemetry.db")) as connection, connection:
        sum_minutes(connection, 2 * DAY_MS + 3_600_000)
        sum_minutes(connection, 2 * DAY_MS + 3_600_000)
    found = bills.reader.used(0, DAY_MS)
    assert len(found) == 1 + 30
    assert found[0] == ("openai", UsedLine(0, 3_600_000, Usage(6_000, 600, 300), 60, Dimensions("gpt-5")))
    assert sum(row.usage.input_tokens for _, row in found if row.usage is not None) == 9_000


def test_how_a_feed_is_doing_is_kept_beside_what_it_said(bills: Bills) -> None:
    bills.told(line(0, "1"))
    failed = FeedState("openai", "costs", NOW, failed_ms=NOW + 9, failures=3, problem="refused", missing=("data",))
    bills.writer.keep_feed(failed).result(5)
    assert bills.reader.feeds() == {("openai", "costs"): failed}
    assert bills.amounts() == {"gpt-5": USD}


def test_a_store_that_is_not_there_answers_with_nothing(tmp_path: Path) -> None:
    reader = BillReader(tmp_path / "nowhere")
    assert (reader.lines(0, NOW), reader.levels(), reader.feeds(), reader.used(0, NOW)) == ([], [], {}, [])

"""Bills in a month for finance: once, apart, and each line in one month alone."""

from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.domain.bill import BilledLine, Dimensions
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.calendar import month_of
from costtui.domain.finance import Finance
from costtui.domain.money import NanoUsd
from costtui.report.finance import BILLED, BY, FinanceReport, Names, finance_report
from costtui.report.finance_bills import BilledMonth, BilledRow, billed_month
from costtui.store.bills import BillReader
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter
from tests.report.billed import HOUR, OCTOBER, attempts, keep_ledger

USD = 1_000_000_000
DAY = 24 * HOUR
NOW = OCTOBER[1] + HOUR
PROVIDERS = ("openai", "together", "xai", "anthropic", "never")


def line(day: int, usd: int | None, model: str = "llama") -> BilledLine:
    """A UTC day of October, counted from 0; before it below 0."""
    begin = OCTOBER[0] + day * DAY
    return BilledLine(begin, begin + DAY, None if usd is None else NanoUsd(usd * USD), Dimensions(model))


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """openai is metered and billed; together and xai billed alone; anthropic's is the whole organisation's."""
    keep_ledger(tmp_path, attempts(), NOW)
    writer = TelemetryWriter.open(tmp_path, now_ms=NOW)
    together = (line(-1, 100), line(0, 3), line(30, 5), line(31, 200), line(4, -1, ""))
    for name, scope, lines in (
        ("openai", "part", (line(3, 40, "gpt-5"),)),
        ("together", "account", together),
        ("xai", "account", (line(3, None), line(4, 2, "grok"))),
        ("anthropic", "org", (line(3, 900, "opus"),)),
    ):
        state = FeedState(name, "costs", NOW, kind="spend", scope=scope, every_seconds=1_800, lag_seconds=86_400)
        writer.keep_bill(BillAnswer(name, "costs", lines, NOW), state).result(10)
    writer.close()
    return tmp_path


def told(state_dir: Path, month: tuple[int, int] = OCTOBER, now_ms: int = NOW) -> BilledMonth:
    with closing(LedgerReader(state_dir)) as ledger:
        return billed_month(BillReader(state_dir), ledger, PROVIDERS, month, now_ms)


def report(state_dir: Path, by: str) -> FinanceReport:
    with closing(LedgerReader(state_dir)) as ledger, closing(TelemetryReader(state_dir)) as telemetry:
        names = Names({}, "ada")
        return finance_report(ledger, telemetry, Finance(), names, by, OCTOBER, None, told(state_dir))


def test_a_bill_counts_where_nothing_was_metered_and_an_organisations_never(state_dir: Path) -> None:
    found = told(state_dir)
    assert set(found.rows) == {
        BilledRow("together", "llama", NanoUsd(3 * USD)),
        BilledRow("together", "llama", NanoUsd(5 * USD)),
        BilledRow("together", "", NanoUsd(-USD)),
        BilledRow("xai", "llama", None),
        BilledRow("xai", "grok", NanoUsd(2 * USD)),
    }
    assert len(found.rows) == 5
    assert found.notes == (
        "the bill of anthropic is a whole organisation's and left out: narrow it in [billing]",
        "1 lines of bills name no amount and are in no sum",
    )


def test_a_day_of_utc_is_in_the_local_month_that_holds_its_middle_and_in_no_other(state_dir: Path) -> None:
    # in Auckland, 13 hours ahead, the day of 31 October UTC has its middle on 1 November
    zone = ZoneInfo("Pacific/Auckland")
    months = [month_of(OCTOBER[0] + days * DAY, zone) for days in (-5, 5, 40)]
    sums = [sum(row.nano or 0 for row in told(state_dir, month, NOW + 40 * DAY).rows) // USD for month in months]
    assert sums == [0, 100 + 3 - 1 + 2, 5 + 200]


def test_a_bill_that_nobody_could_read_for_a_day_is_named_while_its_month_goes_on(state_dir: Path) -> None:
    later = OCTOBER[1] + 3 * DAY
    november = (OCTOBER[1], OCTOBER[1] + 30 * DAY)
    stale = [note for note in told(state_dir, november, later).notes if note.startswith("nobody could read")]
    assert [note.split()[6].rstrip(":") for note in stale] == ["together", "xai"]
    assert not [note for note in told(state_dir, OCTOBER, later).notes if note.startswith("nobody")]


@pytest.mark.parametrize(
    ("by", "lines"),
    [
        ("provider", {"together": 7 * USD, "xai": 2 * USD}),
        ("model", {"llama": 8 * USD, "grok": 2 * USD, BILLED: -USD}),
        ("team", {BILLED: 9 * USD}),
        ("route", {BILLED: 9 * USD}),
    ],
)
def test_what_was_billed_is_a_column_of_its_own(state_dir: Path, by: str, lines: dict[str, int]) -> None:
    found = report(state_dir, by)
    assert {line.name: line.billed.nano for line in found.lines if line.billed.known} == lines
    assert found.total.metered_nano == 2_000_000_005
    assert (found.total.billed.nano, found.total.billed.unknown) == (9 * USD, 1)


@pytest.mark.parametrize("by", BY)
def test_the_lines_sum_to_the_month(state_dir: Path, by: str) -> None:
    found = report(state_dir, by)
    assert sum(line.billed.nano for line in found.lines) == found.total.billed.nano == 9 * USD

"""Bills of providers that no gateway meters, as FOCUS rows."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.analysis.focus import COLUMNS
from costtui.cli.cells import csv_cell
from costtui.domain.bill import BilledLine, BillRow, Dimensions
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.finance import Finance
from costtui.domain.money import NanoUsd
from costtui.report.focus import Payer
from costtui.report.focus_bills import bill_rows
from costtui.store.bills import BillReader
from costtui.store.writer import TelemetryWriter
from tests.report.billed import HOUR, OCTOBER
from tests.report.focus_rules import broken

DAY = 24 * HOUR
PAYER = Payer("gpu-07", ZoneInfo("Asia/Tokyo"), Finance(), {})
"""Nine hours before UTC: a month of the host begins within a day of the bill."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TelemetryWriter]:
    with closing(TelemetryWriter.open(tmp_path, now_ms=OCTOBER[0])) as writer:
        yield writer


def told(store: TelemetryWriter, *rows: BillRow, feed: str = "costs", scope: str = "part", finer: bool = False) -> None:
    state = FeedState("openai", feed, OCTOBER[1], kind="spend", scope=scope, finer=finer)
    store.keep_bill(BillAnswer("openai", feed, rows, OCTOBER[1]), state).result(5)


def line(day: int, nano: int | None, dims: Dimensions, quantity: str = "", unit: str = "") -> BilledLine:
    begin = OCTOBER[0] + day * DAY
    amount = None if nano is None else NanoUsd(nano)
    return BilledLine(begin, begin + DAY, amount, dims, Decimal(quantity) if quantity else None, unit)


def rows(state_dir: Path, until_ms: int = OCTOBER[1]) -> list[dict[str, str]]:
    found = list(bill_rows(BillReader(state_dir), {"openai"}, PAYER, OCTOBER[0], until_ms))
    assert all(tuple(row) == COLUMNS for row in found)
    return [{name: csv_cell(value) for name, value in row.items()} for row in found]


def test_each_line_of_a_bill_is_a_row_that_keeps_every_rule(store: TelemetryWriter, tmp_path: Path) -> None:
    """2,000,000 tokens for 2.50 $ are 0.00000125 $ each; a credit of 5 $ has no unit price; one line has no amount."""
    gpt = Dimensions("gpt-5", "input", "proj_a", "key_1")
    told(
        store,
        line(0, 2_500_000_000, gpt, "2000000", "tokens"),
        line(1, -5_000_000_000, Dimensions(item="promotional credit")),
        line(2, None, Dimensions(item="web search")),
        line(30, 7, Dimensions("\x1b[31mgpt-5", item="monthly seat"), "3", "seats"),
    )
    found = rows(tmp_path)
    assert [problem for row in found for problem in broken(row)] == []
    assert [row["BilledCost"] for row in found] == ["2.5", "-5", "0", "0.000000007"]
    assert [row["x_CosttuiProvenance"] for row in found] == ["billed", "billed", "unknown", "billed"]
    assert [row["ChargeCategory"] for row in found] == ["Usage", "Credit", "Usage", "Usage"]
    assert [row["ListUnitPrice"] for row in found] == ["0.00000125", "", "", "0.000000007"]
    assert [row["ConsumedUnit"] for row in found] == ["Tokens", "", "Units", "Units"]
    assert (found[0]["SubAccountId"], found[0]["SkuId"]) == ("key_1", "openai/gpt-5/input")
    assert (found[0]["ChargePeriodStart"], found[3]["ChargePeriodEnd"]) == (
        "2026-10-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
    )
    assert "\x1b" not in "".join(found[3].values())


def test_a_line_that_reaches_out_of_the_span_is_left_to_the_next_one(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, line(0, 1, Dimensions("gpt-5")), line(1, 2, Dimensions("gpt-5")))
    assert [row["BilledCost"] for row in rows(tmp_path, OCTOBER[0] + DAY + HOUR)] == ["0.000000001"]


def test_the_last_word_on_a_line_is_the_one_that_is_exported(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, line(0, 1_000_000_000, Dimensions("gpt-5")))
    told(store, line(0, 1_250_000_000, Dimensions("gpt-5")))
    assert [row["BilledCost"] for row in rows(tmp_path)] == ["1.25"]


def test_an_organisations_bill_and_money_told_once_more_are_left_out(store: TelemetryWriter, tmp_path: Path) -> None:
    told(store, line(0, 3, Dimensions("gpt-5")), feed="costs", scope="org")
    assert rows(tmp_path) == []
    told(store, line(0, 3, Dimensions("gpt-5")), feed="costs")
    told(store, line(0, 3, Dimensions("gpt-5")), feed="details", finer=True)
    assert [row["BilledCost"] for row in rows(tmp_path)] == ["0.000000003"]

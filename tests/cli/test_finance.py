"""`costtui report --month` as whoever pays the bills runs it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from costtui.domain.attempt import Lane
from costtui.store.rows import Second
from costtui.store.writer import TelemetryWriter
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep, keep_four
from tests.cli.shell import Shell
from tests.cli.test_reconcile import bill, billed
from tests.report.billed import HOUR, known, terms
from tests.store.ledger.made import attempt

MONEY = (
    "api_metered_usd",
    "api_estimated_usd",
    "api_billed_usd",
    "self_hosted_share_usd",
    "gpu_rent_usd",
    "gpu_power_usd",
)
CONFIG = """
[finance]
gpu_host = "lambda"
invoices = {{ "{month}" = 5760.00 }}
teams = {{ search = ["key:k-11111111"] }}
"""


def this_month(days_ahead: int = 0) -> str:
    at = datetime.fromtimestamp(now_ms() / 1000, UTC) + timedelta(days=days_ahead)
    return f"{at:%Y-%m}"


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def keep_gpu(shell: Shell) -> None:
    """One GPU for 2.50 USD an hour since long ago."""
    writer = TelemetryWriter.open(shell.state_dir, now_ms=now_ms())
    writer.record(Second(now_ms(), known=(known(0),)))
    writer.keep_terms("GPU-0", terms("2.50"), now_ms() - 2_000 * HOUR).result(30)
    writer.close()


def test_csv_lines_of_kind_spend_sum_to_the_total_and_the_invoice_stands_beside_it(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    keep_gpu(shell)
    shell.config(CONFIG.format(month=this_month()))
    said = shell("report", "--month", this_month(), "--by", "team", "--csv")
    assert (said.code, said.err) == (0, "")
    rows = rows_of(said.out)
    by_line = {row["line"]: row for row in rows if row["line"] != "spend"}
    spend = [row for row in rows if row["line"] == "spend"]
    assert {row["team"]: row["api_metered_usd"] for row in spend} == {
        "search": "2",
        "(none)": "",
        "(holder not recorded)": "0",
    }
    for column in MONEY:
        assert sum(Decimal(row[column] or 0) for row in spend) == Decimal(by_line["total"][column]), column
    rent = Decimal(by_line["total"]["gpu_rent_usd"])
    assert rent > 0
    assert by_line["invoice"]["gpu_rent_usd"] == "5760"
    assert Decimal(by_line["difference"]["gpu_rent_usd"]) == 5760 - rent


def test_an_invoice_on_the_command_line_beats_the_configured_one(shell: Shell) -> None:
    keep_gpu(shell)
    shell.config(CONFIG.format(month=this_month()))
    document = json.loads(
        shell("report", "--month", this_month(), "--invoice", "0.000000001", "--json").out, parse_float=Decimal
    )
    bill = document["gpu_host"]
    assert document["schema"] == "costtui.finance/1"
    assert bill["invoice_usd"] == Decimal("0.000000001")
    assert bill["difference_usd"] == bill["invoice_usd"] - bill["accrued_usd"] - bill["corrections_usd"]


def test_the_table_names_what_has_no_price_and_says_how_far_the_invoice_is_off(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    keep_gpu(shell)
    shell.config(CONFIG.format(month=this_month()))
    said = shell("report", "--month", this_month())
    none = next(line for line in said.out.splitlines() if line.startswith("  (none)"))
    assert none.split()[1:5] == ["2", "?", "0.00", "1"]  # novita without a price and one of the own engine
    assert "invoice of lambda 5760.00 USD" in said.out
    assert "accrued" in said.out
    assert "never to be added" in said.out
    assert "not over yet" in said.out


def test_a_month_without_anything_says_so(shell: Shell) -> None:
    said = shell("report", "--month", "2020-02", "--by", "route")
    assert said.code == 0
    assert "nothing: no request in the ledger" in said.out
    assert "no ledger answers here" in said.out
    assert rows_of(shell("report", "--month", "2020-02", "--csv").out)[0]["line"] == "total"


def test_a_month_begins_where_the_host_lives(shell: Shell) -> None:
    shell.config('[host]\ntimezone = "Asia/Kolkata"\n')
    document = json.loads(shell("report", "--month", "2020-02", "--json").out)
    # midnight in Kolkata is 18:30 UTC of the day before
    assert (document["from"], document["to"]) == ("2020-01-31T18:30:00.000Z", "2020-02-29T18:30:00.000Z")


def test_what_ended_in_another_month_is_in_that_month(shell: Shell) -> None:
    zone_month = datetime(2026, 3, 1, tzinfo=UTC)
    edge_ms = int(zone_month.timestamp() * 1000)
    before, after = (attempt(n, 0, edge_ms - 1 + n, charge=charge(10 + n, 0, 0, 0, 0)) for n in (0, 1))
    lane = Lane(*OPENAI)
    keep(shell.state_dir, [(lane, before), (lane, after)], edge_ms + HOUR)
    for month, usd in (("2026-02", "0.00000001"), ("2026-03", "0.000000011")):
        assert rows_of(shell("report", "--month", month, "--csv").out)[-1]["api_metered_usd"] == usd


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--month", "2026-13"), "--month needs a month such as 2026-11"),
        (("--month", "26-11"), "--month needs a month"),
        (("--month", "2026-11-01"), "--month needs a month"),
        (("--month", "2025-01", "--by", "teem"), "did you mean 'team'?"),
        (("--month", "2025-01", "--since", "7d"), "do not go with it"),
        (("--month", "2025-01", "--boundary", "chat"), "do not go with it"),
        (("--month", "2025-01", "--invoice", "much"), "--invoice needs an amount"),
        (("--month", "2025-01", "--invoice", "-5"), "--invoice needs an amount"),
        (("--invoice", "5"), "say --month"),
        (("--by", "team"), "say --month"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_code_64(shell: Shell, arguments: tuple[str, ...], word: str) -> None:
    said = shell("report", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (64, "", 1)
    assert word in said.err


def test_a_month_to_come_is_refused(shell: Shell) -> None:
    later = this_month(days_ahead=62)
    said = shell("report", "--month", later)
    assert (said.code, said.err) == (64, f"costtui: --month {later} is still to come\n")


def test_a_provider_that_nobody_metered_stands_with_its_bill_and_a_metered_one_without(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())  # openai, 2 dollars
    bill(shell, billed(0, "40", 4_000_000))
    bill(shell, billed(0, "7.5", 1_000), provider="together")
    shell.config('[billing]\nopenai = { key = "env:K", projects = ["p"] }\ntogether = { key = "env:K" }\n')
    rows = rows_of(shell("report", "--month", this_month(), "--by", "provider", "--csv").out)
    found = {row["provider"]: (row["api_metered_usd"], row["api_billed_usd"]) for row in rows if row["line"] == "spend"}
    assert found == {"openai": ("2", "0"), "novita": ("", "0"), "together": ("0", "7.5"), "vllm": ("0", "0")}
    assert [row["api_billed_usd"] for row in rows if row["line"] == "total"] == ["7.5"]
    said = shell("report", "--month", this_month(), "--by", "team").out
    assert "(billed, past the gateway)" in said
    assert "API billed: by providers of whom the gateway metered nothing this month" in said

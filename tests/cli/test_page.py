"""`costtui report --html` and `--markdown` as a user runs them."""

import json
import subprocess
import sys
from decimal import Decimal

import msgspec

from costtui.domain.bill import BilledLine, Dimensions
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.report.money import iso
from costtui.report.words import fine
from tests.cli.clock import now_ms
from tests.cli.conftest import Publish
from tests.cli.ledger import LLAMA, OPENAI, charge, keep, keep_four
from tests.cli.shell import Shell
from tests.cli.test_idle import idle
from tests.cli.test_reconcile import bill
from tests.report.verdict_host import keep_host
from tests.store.ledger.made import attempt
from tests.tui.pictures import status
from tests.tui.pictures_budgets import hard_budgets

SELLERS = """
[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:8000/v1", model = "meta-llama/Llama-3.3-70B-Instruct" }
novita = { provider = "novita", model = "meta-llama/llama-3.3-70b-instruct", key = "env:K" }
"""
BUDGET = """
[budgets.api]
limit_usd = 600
window = "day"
covers = ["api"]
"""


def row_of(markdown: str, caption: str, name: str) -> list[str]:
    """Cells of one row of the table beneath a caption."""
    lines = markdown.partition(f"\n{caption}\n")[2].splitlines()
    found = next(line for line in lines if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in found.strip("|").split(" | ")]


def test_the_pages_totals_are_those_of_the_commands(shell: Shell) -> None:
    now = now_ms()
    idle(shell)
    keep(shell.state_dir, [(OPENAI, attempt(1, 0, now - 9, charge=charge(12_340_000_000, 0, 0, 0, 0)))], now)
    page = shell("report", "--markdown", "-", "--since", "7d")
    assert (page.code, page.err) == (0, "")
    spent = json.loads(shell("report", "--json", "--since", "7d").out, parse_float=Decimal)["api"]["usd"]
    lost = json.loads(shell("idle", "--json", "--since", "7d").out, parse_float=Decimal)["usd"]
    for by in ("provider", "model", "route"):
        assert row_of(page.out, f"APIs, by {by}", "total")[1] == f"{spent:.2f}" == "12.34"
    assert f"{lost:.2f} USD of rent" in page.out
    assert lost == Decimal("1.2")


def test_what_has_no_price_is_unknown_and_own_engines_are_apart(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    page = shell("report", "--markdown", "-", "--since", "24h").out
    assert row_of(page, "APIs, by provider", "novita")[1:3] == ["?", "unknown"]
    assert row_of(page, "APIs, by provider", "total")[1] == "≥2.00"
    assert row_of(page, r"Own engines: their share of rent and power, never to be added to what APIs cost", "total")


def test_nothing_to_show_is_said_with_what_to_do(shell: Shell) -> None:
    said = shell("report", "--html", "-")
    assert said.code == 0
    assert "costtui gateway" in said.out
    assert "costtui agent start" in said.out


def test_the_file_is_its_owners_alone_and_replaces_the_one_before(shell: Shell) -> None:
    path = shell.home / "page.html"
    path.write_text("before")
    said = shell("report", "--html", str(path), f"--markdown={shell.home}/page.md")
    assert (said.code, said.out, said.err) == (0, "", "")
    assert path.read_text().startswith("<!doctype html>")
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in shell.home.iterdir() if each.is_file()) == ["page.html", "page.md"]


def test_a_directory_and_another_format_are_refused(shell: Shell) -> None:
    refused = shell("report", "--html", str(shell.home))
    assert (refused.code != 0, "is a directory" in refused.err) == (True, True)
    missing = shell("report", "--html", str(shell.home / "none" / "page.html"))
    assert (missing.code != 0, "cannot be written" in missing.err) == (True, True)
    assert shell("report", "--html", "-", "--json").code == 64


def test_the_headline_is_what_status_says(shell: Shell, publish: Publish) -> None:
    publish(status())
    told = json.loads(shell("status", "--json").out, parse_float=Decimal)
    page = shell("report", "--markdown", "-").out
    for name, amount in (
        ("now, USD an hour", told["burn"]["total_usd_per_hour"]),
        ("today, USD", told["today"]["total_usd"]),
        ("this month, USD", told["month"]["total_usd"]),
    ):
        row = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
        assert f"{amount:.2f}" in row.split(" | ")[1]


def test_what_lies_ahead_is_what_the_other_commands_say(shell: Shell) -> None:
    idle(shell)
    keep_four(shell.state_dir, now_ms())
    page = shell("report", "--markdown", "-", "--since", "7d").out
    scopes = json.loads(shell("forecast", "--json").out, parse_float=Decimal)["scopes"]
    assert row_of(page, "APIs, USD", "all APIs")[1] == f"≥{scopes[0]['spent_usd']:.2f}"
    bill = json.loads(shell("tco", "--json").out, parse_float=Decimal)
    known = [part for part in bill["parts"] if part["usd_per_month"] is not None]
    assert known
    for part in known:
        assert row_of(page, "Parts, USD", part["part"].replace("[", "\\["))[2] == f"{part['usd_per_month']:,.0f}"
    assert row_of(page, "Parts, USD", "at least")[2] == f"{bill['total']['usd_per_month']:,.0f}"
    for each in json.loads(shell("advice", "--json", "--since", "7d").out, parse_float=Decimal)["advice"]:
        assert each["usd_per_month"] is None or f"\\~{each['usd_per_month']:.2f}" in page
    assert "Own GPUs against APIs" in page


def test_the_same_traffic_elsewhere_is_what_compare_says(shell: Shell) -> None:
    shell.config(SELLERS)
    now, model = now_ms(), "meta-llama/Llama-3.3-70B-Instruct"
    usage = Usage(1_000_000, 100_000, 300_000, 0)
    keep(shell.state_dir, [(LLAMA._replace(model=model), attempt(1, 0, now - 9_000, usage=usage))], now)
    assert shell("prices", "compile").code == 0
    page = shell("report", "--markdown", "-", "--since", "1h").out
    told = json.loads(shell("compare", "--last", "hour", "--json").out, parse_float=Decimal)["models"]
    priced = {each["model"]: [offer for offer in each["offers"] if offer["usd"] is not None] for each in told}
    assert len(priced[model]) >= 3
    section = page.partition(f"\n{model}: ")[2].splitlines()
    for offer in priced[model][:5]:
        row = next(line for line in section if line.startswith(f"| {offer['seller']} |"))
        assert offer["usd"] >= Decimal("0.1")
        assert f"{offer['usd']:.2f}" in row


def test_budgets_are_those_of_the_forecast(shell: Shell, publish: Publish) -> None:
    shell.config(BUDGET)
    publish(msgspec.structs.replace(status(budgets=hard_budgets()), at=iso(now_ms()) or ""))
    page = shell("report", "--markdown", "-").out
    (told,) = json.loads(shell("forecast", "--json").out, parse_float=Decimal)["budgets"]
    row = row_of(page, "Budgets", "api")
    assert row[3] == f"{told['limit_usd']:.2f}"
    assert told["used_usd"] == 120
    assert row[2].lstrip("≥\\~") == f"{told['used_usd']:.2f}"


def test_where_own_gpus_pay_is_what_breakeven_says(shell: Shell, publish: Publish) -> None:
    now = now_ms()
    shell.config(SELLERS)
    assert shell("prices", "compile").code == 0
    keep_host(shell.state_dir, end_ms=now - now % 3_600_000)
    publish(status())
    told = json.loads(shell("breakeven", "--json").out, parse_float=Decimal)
    priced = [each for each in told["against"] if each["blended_usd_per_million"] is not None]
    assert told["usd_per_month"] is not None
    assert priced
    page = shell("report", "--markdown", "-").out
    for each in priced[:3]:
        row = row_of(page, "Against each price, at the mix of today's tokens", each["price"]["name"])
        assert row[2] == fine(each["blended_usd_per_million"])


def test_who_billed_without_the_gateway_stands_apart_and_in_no_sum(shell: Shell) -> None:
    now = now_ms()
    shell.config('[billing]\nanthropic = { key = "env:ADMIN", workspaces = ["w"] }\nopenai = { key = "env:ADMIN" }\n')
    day = now // 86_400_000 * 86_400_000 - 2 * 86_400_000
    for provider in ("anthropic", "openai"):
        line = BilledLine(day, day + 86_400_000, NanoUsd(7_000_000_000), Dimensions("m"))
        bill(shell, line, provider=provider)
    keep(shell.state_dir, [(OPENAI, attempt(1, 0, now - 9, charge=charge(12_340_000_000, 0, 0, 0, 0)))], now)
    page = shell("report", "--markdown", "-", "--since", "7d").out
    caption = "Billed by providers of whom the gateway metered nothing in the span, in no sum above"
    assert row_of(page, caption, "anthropic")[1:3] == ["7.00", "billed"]
    assert row_of(page, caption, "total")[1] == "7.00"
    assert "| openai |" not in page.partition(caption)[2].partition("\n\n\n")[0].partition("## ")[0]
    assert row_of(page, "APIs, by provider", "total")[1] == "12.34"


def test_parts_that_nobody_knows_stand_in_the_bill_as_unknown(shell: Shell) -> None:
    idle(shell)
    bill_of = json.loads(shell("tco", "--json").out)
    lacking = [part["part"] for part in bill_of["parts"] if part["usd_per_month"] is None]
    page = shell("report", "--markdown", "-").out
    assert lacking
    for name in lacking:
        assert row_of(page, "Parts, USD", name.replace("[", "\\["))[1:4] == ["?", "?", "?"]


def test_a_table_of_spend_loads_nothing_of_the_page(shell: Shell) -> None:
    program = (
        "import sys; from costtui.__main__ import main; sys.argv = ['costtui', 'report']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([name for name in sys.modules if 'page' in name and 'costtui' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=shell.environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"

"""`costtui report --html` and `--markdown` as a user runs them."""

import json
from decimal import Decimal

from tests.cli.clock import now_ms
from tests.cli.conftest import Publish
from tests.cli.ledger import OPENAI, charge, keep, keep_four
from tests.cli.shell import Shell
from tests.cli.test_idle import idle
from tests.store.ledger.made import attempt
from tests.tui.pictures import status


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

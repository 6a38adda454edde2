"""`costtui report` as a user runs it."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from costtui.cli.cells import csv_cell
from costtui.cli.since import since_ms
from costtui.controls.keys import add_key
from costtui.errors import UsageError
from costtui.store.controls import ControlsStore
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep, keep_four
from tests.cli.shell import Shell
from tests.store.ledger.made import attempt


def report(shell: Shell, *arguments: str) -> dict[str, Any]:
    said = shell("report", "--json", *arguments)
    assert (said.code, said.err) == (0, "")
    document: dict[str, Any] = json.loads(said.out, parse_float=Decimal)
    return document


def test_a_report_adds_apis_up_to_the_nano_dollar_and_own_engines_apart(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    document = report(shell)
    # 1.250000001 + 0.749999999 = 2 exactly; the unpriced one is counted and not in it
    assert document["api"] == {"usd": 2, "requests": 3, "unpriced": 1, "saved_usd": 0}
    assert document["self_hosted"] == {"usd": Decimal("0.000000042"), "requests": 1, "unpriced": 0, "saved_usd": 0}
    assert [(row["provider"], row["usd"], row["unpriced"]) for row in document["rows"]] == [
        ("openai", 2, 0),
        ("novita", None, 1),
        ("vllm", Decimal("0.000000042"), 0),
    ]
    assert [row["provenance"] for row in document["rows"]] == ["metered", "unknown", "accrued"]


def test_the_smallest_amount_is_written_with_all_its_digits(shell: Shell) -> None:
    now = now_ms()
    keep(shell.state_dir, [(OPENAI, attempt(1, 0, now - 9, charge=charge(9_007_199_254_740_993, 0, 0, 1, 0)))], now)
    # a float would have said 9007199.254740994
    assert '"usd":9007199.254740994' in shell("report", "--json").out
    assert ",9007199.254740994," in shell("report", "--csv").out
    assert report(shell)["rows"][0]["output_usd"] == Decimal("0.000000001")
    assert ",0.000000001," in shell("report", "--csv").out


def test_by_kind_the_parts_sum_to_the_whole(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    rows = [row for row in report(shell, "--by", "kind")["rows"] if row["billed_as"] == "api"]
    assert {row["kind"]: (row["tokens"], row["usd"]) for row in rows} == {
        "input": (1_950, 1),  # three requests: 3,000 less 900 cached less 150 written
        "cached_input": (900, Decimal("0.000000001")),
        "cache_write": (150, 0),
        "output": (300, Decimal("0.999999999")),
        "flat": (None, 0),
    }
    assert sum(row["usd"] for row in rows) == 2


@pytest.mark.parametrize(
    ("by", "labels"),
    [
        ("route", [("code",), ("chat",), ("chat",)]),
        ("model,target", [("gpt-5", "gpt-5"), ("llama-3.3-70b", "novita"), ("llama-3.3-70b", "llama")]),
        ("provenance", [("metered",), ("unknown",), ("accrued",)]),
    ],
)
def test_a_report_is_by_what_one_asks_for(shell: Shell, by: str, labels: list[tuple[str, ...]]) -> None:
    keep_four(shell.state_dir, now_ms())
    document = report(shell, "--by", by)
    assert [tuple(row[name] for name in by.split(",")) for row in document["rows"]] == labels


def test_a_key_is_named_and_never_shown(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    store = ControlsStore.open(shell.state_dir)
    key, value = add_key(store, "ci", "a test", now_ms())
    store.close()
    mine = attempt(9, 0, now_ms() - 5, charge=charge(7, 0, 0, 0, 0))
    keep(shell.state_dir, [(OPENAI._replace(key_id=key.key_id), mine)], now_ms())
    said = shell("report", "--by", "key")
    assert f"ci        {key.key_id}" in said.out
    assert value.reveal() not in said.out


def test_the_table_says_what_is_unknown(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    said = shell("report", "--by", "target")
    assert said.code == 0
    novita = next(line for line in said.out.splitlines() if "novita" in line)
    assert novita.split()[-3:] == ["1", "?", "unknown"]
    assert "total 2 USD and 1 attempts without a price" in said.out
    assert "never to be added" in said.out


def test_csv_has_one_header_and_no_cell_for_what_is_unknown(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    rows = list(csv.DictReader(io.StringIO(shell("report", "--csv").out)))
    assert [(row["provider"], row["usd"]) for row in rows] == [
        ("openai", "2"),
        ("novita", ""),
        ("vllm", "0.000000042"),
    ]


def test_an_empty_ledger_is_said_in_words_and_makes_an_empty_document(shell: Shell) -> None:
    assert "nothing in the ledger since" in shell("report").out
    document = report(shell)
    assert (document["rows"], document["api"]["usd"]) == ([], 0)
    assert shell("report", "--csv").out == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--by", "provder"), "did you mean 'provider'?"),
        (("--by", "kind,route"), "stands alone"),
        (("--since", "yesterday"), "--since needs"),
        (("--json", "--csv"), "do not go together"),
        (("now",), "unexpected 'now'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_code_64(shell: Shell, arguments: tuple[str, ...], word: str) -> None:
    said = shell("report", *arguments)
    assert (said.code, said.out, said.err.count("\n")) == (64, "", 1)
    assert word in said.err


def test_a_day_begins_where_the_host_lives(shell: Shell) -> None:
    from zoneinfo import ZoneInfo

    berlin, now = ZoneInfo("Europe/Berlin"), 1_795_435_200_000  # 2026-11-23 12:00 UTC, 13:00 in Berlin
    assert since_ms("2026-11-23", now, berlin) == 1_795_388_400_000  # 22 November 23:00 UTC
    assert since_ms("today", now, berlin) == 1_795_388_400_000
    assert since_ms("month", now, berlin) == 1_793_487_600_000  # 31 October 23:00 UTC
    assert since_ms("1d", now, berlin) == now - 86_400_000
    with pytest.raises(UsageError):
        since_ms("2026-11-24", now, berlin)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "＝", "＠", "|", "\x00="])
def test_a_text_that_a_spreadsheet_would_run_becomes_text(start: str) -> None:
    assert csv_cell(f"{start}HYPERLINK(1)").startswith("'")


def test_numbers_stay_numbers_in_csv() -> None:
    assert [csv_cell(value) for value in (-5, Decimal("-0.5"), Decimal("1E-9"), None)] == [
        "-5",
        "-0.5",
        "0.000000001",
        "",
    ]

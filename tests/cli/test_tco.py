"""`costtui tco` as a user runs it, on a host that was watched for four days."""

import json
from decimal import Decimal

import pytest

from tests.cli.shell import Shell
from tests.report.verdict_host import keep_host

CONFIG = """
[[gpus]]
match = [2, 3]
usd_each = 30000
life_years = 4
residual_percent = 20
power = { usd_per_kwh = 0.10, pue = 1.4 }

[targets.llama]
engine = "vllm"
url = "http://127.0.0.1:8000"
model = "meta/llama-70b"
gpus = [0, 1]
capacity_output_tokens_per_second = 2500
prefill_tokens_per_second = 10000

[tco]
staff_fte = 0.25
staff_usd_per_fte_year = 150000
network_usd_per_month = 400
"""


@pytest.fixture
def host(shell: Shell) -> Shell:
    keep_host(shell.state_dir)
    shell.config(CONFIG)
    return shell


def test_parts_add_up_to_the_nano_dollar_and_what_is_unknown_is_named(host: Shell) -> None:
    document = json.loads(host("tco", "--json").out, parse_float=Decimal)
    assert document["schema"] == "costtui.tco/1"
    for period in ("usd_per_hour", "usd_per_month", "usd_per_year"):
        parts = [part[period] for part in document["parts"] if part[period] is not None]
        assert document["total"][period] == sum(parts)
    months = {part["part"]: part["usd_per_month"] for part in document["parts"]}
    assert months["staff"] == 3125
    assert months["power A100"] == Decimal("20.44")
    assert months["financing A100"] is None
    assert "financing A100" in document["without"]
    assert document["staff"]["usd_per_month"] == 3125


def test_every_input_says_its_source_and_what_a_tenth_of_it_moves(host: Shell) -> None:
    inputs = {each["name"]: each for each in json.loads(host("tco", "--json").out, parse_float=Decimal)["inputs"]}
    assert inputs["staff_fte"]["source"] == "configured"
    assert inputs["staff_fte"]["ten_percent_more_usd_per_month"] == Decimal("312.5")
    assert inputs["watts A100"]["source"] == "measured"
    assert inputs["setup_usd"] == {
        "name": "setup_usd",
        "value": None,
        "unit": "$",
        "source": "?",
        "note": "set [tco] setup_usd",
        "ten_percent_less_usd_per_month": None,
        "ten_percent_more_usd_per_month": None,
        "parts": ["setup"],
    }


def test_the_text_shows_both_bases_and_never_a_zero_for_what_is_unknown(host: Shell) -> None:
    said = host("tco")
    assert (said.code, said.err) == (0, "")
    assert "at least" in said.out
    assert "allocation" in said.out
    assert "usage" in said.out
    row = next(line for line in said.out.splitlines() if line.strip().startswith("financing A100"))
    assert row.split()[2:5] == ["?", "?", "?"]
    assert "set [tco] staff" not in said.out


def test_claims_are_judged_by_the_hosts_numbers(host: Shell) -> None:
    document = json.loads(host("tco", "--claims", "--json").out)
    assert document["schema"] == "costtui.claims/1"
    verdicts = {each["figure"]: each["verdict"] for each in document["claims"]}
    assert len(verdicts) == 14
    assert verdicts["a card costs $30,000 to $40,000"] == "holds"
    assert verdicts["$860 K against $345 K saves 55 %"] == "fails"
    assert verdicts["own engines answer within 10 ms"] == "?"
    assert host("tco", "--claims").out.count("\n") > 28


def test_a_host_that_nobody_watched_knows_nothing_and_says_so(shell: Shell) -> None:
    document = json.loads(shell("tco", "--json").out)
    assert document["total"] == {"usd_per_hour": None, "usd_per_month": None, "usd_per_year": None}
    assert document["usd_per_million_tokens"]["allocation"] is None
    assert "is not known" in shell("tco").out


def test_a_setting_that_does_not_exist_is_named(shell: Shell) -> None:
    shell.config("[tco]\nstaf_fte = 1\n")
    said = shell("tco")
    assert said.code == 78
    assert "staff_fte" in said.err

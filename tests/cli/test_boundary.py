"""`costtui report --boundary` as an auditor runs it."""

import csv
import io
import json

import pytest

from costtui.domain.attempt import Outcome
from tests.cli.clock import now_ms
from tests.cli.ledger import LLAMA, NOVITA, OPENAI, keep
from tests.cli.shell import Shell
from tests.store.ledger.made import attempt

CONFIG = """
[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:8001/v1" }
novita = { provider = "novita", model = "m" }
gpt-5 = { provider = "openai", model = "gpt-5" }
[routes.chat]
strategy = "idle-first"
targets = ["llama"]
boundary = ["llama"]
[routes.code]
strategy = "idle-first"
targets = ["gpt-5"]
"""


@pytest.fixture
def host(shell: Shell) -> Shell:
    """Three attempts of chat at its own engine, an hour ago one at an API, two of code, one from the cache."""
    now = now_ms()
    shell.config(CONFIG)
    cached = attempt(6, 0, now - 30_000, outcome=Outcome.CACHED)
    rows = [(NOVITA, attempt(1, 0, now - 3_600_000))]
    rows += [(LLAMA, attempt(number, 0, now - 60_000)) for number in (2, 3, 4)]
    rows += [(OPENAI, attempt(5, 0, now - 40_000)), (OPENAI, cached)]
    keep(shell.state_dir, rows, now)
    return shell


def test_a_route_that_stayed_inside_has_a_verdict_and_exit_0(host: Shell) -> None:
    said = host("report", "--boundary", "chat", "--since", "30m")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].endswith("; boundary: llama")
    assert lines[2].split() == [
        "llama",
        "vllm",
        "llama-3.3-70b",
        "on",
        "premises",
        "127.0.0.1:8001",
        "3",
        "0",
        "inside",
    ]
    assert "verdict: KEPT: all 3 attempts of chat went to targets of its boundary (llama); none left it" in lines


def test_a_route_that_left_it_exits_1_in_every_format(host: Shell) -> None:
    said = host("report", "--boundary", "chat", "--since", "1d")
    assert said.code == 1
    assert "verdict: BROKEN: 1 of 4 attempts of chat left its boundary (llama): novita" in said.out
    told = host("report", "--boundary", "chat", "--since", "1d", "--json")
    document = json.loads(told.out)
    assert (told.code, document["schema"], document["verdict"]) == (1, "costtui.boundary/1", "broken")
    assert (document["attempts"], document["outside"], document["boundary"]) == (4, 1, ["llama"])
    assert {row["target"]: (row["place"], row["boundary"]) for row in document["rows"]} == {
        "llama": ("on premises", "inside"),
        "novita": ("elsewhere", "OUTSIDE"),
    }
    table = host("report", "--boundary", "chat", "--since", "1d", "--csv")
    rows = list(csv.DictReader(io.StringIO(table.out)))
    assert table.code == 1
    assert {(row["target"], row["attempts"], row["boundary"], row["verdict"]) for row in rows} == {
        ("llama", "3", "inside", "broken"),
        ("novita", "1", "OUTSIDE", "broken"),
    }


def test_without_a_boundary_the_attempts_are_listed_all_the_same(host: Shell) -> None:
    said = host("report", "--boundary", "code")
    assert said.code == 0
    assert "verdict: NO BOUNDARY: code has no boundary: 1 of 1 attempts were not certainly on premises" in said.out
    assert json.loads(host("report", "--boundary", "code", "--json").out)["from_cache"] == 1


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("--boundary", "nope"), 64, "report: no route nope; known: chat, code"),
        (("--boundary", "chat", "--by", "key"), 64, "report: --boundary and --by do not go together"),
        (("--boundary", "chat", "--json", "--csv"), 64, "report: --json and --csv do not go together"),
        (("--boundary",), 64, "--boundary needs a value"),
    ],
)
def test_what_makes_no_sense_is_refused(host: Shell, words: tuple[str, ...], code: int, what: str) -> None:
    said = host("report", *words)
    assert said.code == code
    assert what in said.err


def test_without_a_ledger_nothing_is_certified(shell: Shell) -> None:
    shell.config(CONFIG)
    said = shell("report", "--boundary", "chat")
    assert said.code == 74
    assert "no ledger answers" in said.err
    assert said.out == ""

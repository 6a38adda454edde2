"""`costtui breakeven` as a user runs it."""

import json
from decimal import Decimal

from tests.cli.shell import Shell

CASE = ["gpus=2", "gpus-per-replica=2", "usd-per-gpu-hour=2.5", "prefill=10000", "decode=2500", "mix=3:1", "volume=50M"]


def test_a_what_if_needs_no_host_and_names_every_price(shell: Shell) -> None:
    said = shell("breakeven", "--what-if", *CASE, "price=gpt-5:1.25/10", "price=novita:0.135/0.40")
    assert (said.code, said.err) == (0, "")
    assert "3,650 $/month, capacity 494 Mtok/day" in said.out
    row = next(line for line in said.out.splitlines() if "own GPUs pay now" in line).split()
    assert row[:4] == ["gpt-5", "3.44", "34.9", "7%"]
    assert row[4] == "+15.1"
    assert "never with 2 GPUs" in said.out
    assert "equal quality is assumed" in said.out
    assert "latency objective" in said.out


def test_json_is_exact_and_unknown_is_null(shell: Shell) -> None:
    document = json.loads(shell("breakeven", "--json", "--what-if", *CASE, "price=x:1.25/10").out, parse_float=Decimal)
    assert document["schema"] == "costtui.breakeven/1"
    against = document["against"][0]
    assert against["blended_usd_per_million"] == Decimal("3.4375")
    assert against["verdict"] == "pays now"
    assert against["flips_at"] == document["at"]
    assert document["usd_per_month"] == 3650
    empty = json.loads(shell("breakeven", "--json").out)
    assert empty["usd_per_month"] is None
    assert {each["verdict"] for each in empty["against"]} == {"?"}
    assert "staff" in empty["left_out"]


def test_a_host_that_knows_nothing_says_what_to_give(shell: Shell) -> None:
    said = shell("breakeven")
    assert said.code == 0
    assert "not known: gpus, usd-per-gpu-hour" in said.out


def test_a_typing_error_is_answered_with_what_is_known(shell: Shell) -> None:
    assert "did you mean 'volume'" in shell("breakeven", "--what-if", "volum=3").err
    assert shell("breakeven", "--what-if").code == 64
    assert shell("breakeven", "volume=3").code == 64

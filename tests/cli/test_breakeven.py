"""`costtui breakeven` as a user runs it."""

import json
import subprocess
import sys
from datetime import datetime
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


def test_growth_that_nobody_measured_is_not_taken_for_none(shell: Shell) -> None:
    words = [*CASE[:-1], "volume=10M", "price=1.25/10"]
    assert "when is not known" in shell("breakeven", "--what-if", *words).out
    assert "never at the present growth" in shell("breakeven", "--what-if", *words, "growth=0").out
    # 34.9 M are needed, 24.9 M more: 25 days at a million a day
    said = json.loads(shell("breakeven", "--json", "--what-if", *words, "growth=1M").out)
    days = datetime.fromisoformat(said["against"][0]["flips_at"]) - datetime.fromisoformat(said["at"])
    assert days.days == 24


def test_a_typing_error_is_answered_with_what_is_known(shell: Shell) -> None:
    assert "did you mean 'volume'" in shell("breakeven", "--what-if", "volum=3").err
    assert shell("breakeven", "--what-if").code == 64
    assert shell("breakeven", "volume=3").code == 64


def test_neither_command_imports_what_is_slow_to_start(shell: Shell) -> None:
    for verb in ("breakeven", "tco"):
        program = (
            f"import sys; from costtui.__main__ import main; sys.argv = ['costtui', '{verb}']\n"
            "try: main()\nexcept SystemExit: pass\n"
            "print([name for name in ('textual', 'rich', 'httpx', 'asyncio', 'plotille') if name in sys.modules])"
        )
        argv, environment = [sys.executable, "-c", program], shell.environment()
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout.splitlines()[-1] == "[]"

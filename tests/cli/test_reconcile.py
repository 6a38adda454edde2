"""`costtui reconcile` as a user runs it, over a real ledger and real bills."""

import json
from decimal import Decimal
from typing import Any

from costtui.domain.attempt import Attempt
from costtui.domain.bill import Balance, BilledLine, BillRow, BurnItem, Dimensions
from costtui.domain.billed import BillAnswer, FeedState
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.store.writer import TelemetryWriter
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep
from tests.cli.shell import Shell
from tests.store.ledger.made import attempt

DAY_MS = 86_400_000
USD = 1_000_000_000
KEYS = """
[billing]
openai = { key = "env:ADMIN", projects = ["p"] }
siliconflow = { key = "env:ADMIN" }
"""


def today() -> int:
    return now_ms() // DAY_MS * DAY_MS


def spent(day: int, number: int, usd: int, tokens: int) -> Attempt:
    """One answer of that day, `day` days ago: all of it output."""
    at_ms = today() - day * DAY_MS + 3_600_000
    return attempt(number, 0, at_ms, usage=Usage(0, tokens), charge=charge(0, 0, 0, usd * USD, 0))


def billed(day: int, usd: str, tokens: int, key: str = "") -> BilledLine:
    begin = today() - day * DAY_MS
    dims = Dimensions("gpt-5", "output", key=key)
    return BilledLine(begin, begin + DAY_MS, NanoUsd(int(Decimal(usd) * USD)), dims, Decimal(tokens), "tokens")


def bill(shell: Shell, *rows: BillRow, feed: str = "costs", kind: str = "spend", **more: Any) -> None:
    """The agent read this ten minutes ago."""
    at_ms = now_ms() - 600_000
    writer = TelemetryWriter.open(shell.state_dir, now_ms=now_ms())
    provider = more.pop("provider", "openai")
    state = FeedState(provider, feed, at_ms, kind=kind, scope="part", every_seconds=1_800, lag_seconds=86_400, **more)
    writer.keep_bill(BillAnswer(provider, feed, rows, at_ms), state).result(10)
    writer.close()


def reconciled(shell: Shell, *arguments: str, code: int = 0) -> dict[str, Any]:
    said = shell("reconcile", "--since", "9d", "--json", *arguments)
    assert (said.code, said.err) == (code, "")
    document: dict[str, Any] = json.loads(said.out, parse_float=Decimal)
    assert document["schema"] == "costtui.reconcile/1"
    return {each["provider"]: each for each in document["providers"]}


def test_each_planted_cause_is_named_with_its_amount(shell: Shell) -> None:
    """Four days ago both agree; three days ago a key outside the gateway bought half as much; yesterday is open."""
    shell.config(KEYS)
    rows = [spent(day, 10 - day, 40, 4_000_000) for day in (4, 3, 1)]
    keep(shell.state_dir, [(OPENAI, row) for row in rows], now_ms())
    bill(shell, billed(4, "40", 4_000_000), billed(3, "40", 4_000_000, "key_a"), billed(3, "20", 2_000_000, "key_b"))
    found = reconciled(shell, code=1)["openai"]["closed"]
    assert (found["metered_usd"], found["billed_usd"], found["difference_usd"]) == (80, 100, 20)
    (part,) = found["parts"]
    assert (part["cause"], part["usd"]) == ("outside", 20)
    assert "6000000 tokens billed, 4000000 metered, at the same price" in part["evidence"]
    assert found["covered_ratio"] == Decimal("0.8")
    said = shell("reconcile", "--since", "9d", "--provider", "openai")
    assert "traffic outside the gateway +20.00 $" in said.out
    assert "key_b" in said.out
    assert said.code == 1  # a quarter more was billed than metered


def test_two_sides_that_agree_are_a_success(shell: Shell) -> None:
    shell.config(KEYS)
    keep(shell.state_dir, [(OPENAI, spent(3, 1, 40, 4_000_000))], now_ms())
    bill(shell, billed(3, "40", 4_000_000))
    said = shell("reconcile", "--since", "9d")
    assert (said.code, "both sides agree" in said.out) == (0, True)


def test_a_misread_unit_is_disputed_and_its_amount_is_not_shown(shell: Shell) -> None:
    shell.config(KEYS)
    keep(shell.state_dir, [(OPENAI, spent(day, 9 - day, 40, 4_000_000)) for day in (4, 3)], now_ms())
    bill(shell, *(billed(day, "4000", 4_000_000) for day in (4, 3)))
    found = reconciled(shell, code=1)["openai"]
    assert (found["closed"]["disputed_factor"], found["month"]["billed_usd"]) == (100, None)
    said = shell("reconcile", "--since", "9d")
    assert "DISPUTED" in said.out
    assert "8000" not in said.out


def test_a_provider_without_a_billing_api_is_named_with_the_reason_and_is_no_error(shell: Shell) -> None:
    shell.config(KEYS)
    writer = TelemetryWriter.open(shell.state_dir, now_ms=now_ms())
    why = "SiliconFlow shut its billing API down"
    writer.keep_feed(FeedState("siliconflow", "", gone=True, problem=why)).result(10)
    writer.close()
    found = reconciled(shell)["siliconflow"]
    assert (found["age"], found["problem"], found["month"]["billed_usd"]) == ("unsupported", why, None)


def test_a_figure_that_nobody_could_read_for_two_days_is_unknown_and_not_the_last_one(shell: Shell) -> None:
    shell.config(KEYS)
    bill(shell, billed(3, "40", 4_000_000))
    writer = TelemetryWriter.open(shell.state_dir, now_ms=now_ms())
    old = FeedState("openai", "costs", now_ms() - 2 * DAY_MS, kind="spend", every_seconds=1_800, problem="refused")
    writer.keep_feed(old).result(10)
    writer.close()
    found = reconciled(shell, code=0)["openai"]
    assert (found["age"], found["month"]["billed_usd"], found["problem"]) == ("stale", None, "refused")


def test_balances_and_burn_rates_stand_beside_the_bill_and_in_no_sum(shell: Shell) -> None:
    shell.config(KEYS)
    bill(shell, Balance(NanoUsd(5 * USD)), provider="novita", feed="balance", kind="balance")
    up = BurnItem("llama-tgi", "running", 2, Decimal("9.00"))
    bill(shell, up, BurnItem("old", "paused", 0, Decimal(0)), provider="huggingface", feed="endpoints", kind="burn")
    found = reconciled(shell)
    assert found["novita"]["balances"] == [{"name": "", "usd": 5}]
    assert [item["usd_per_hour"] for item in found["huggingface"]["burning"]] == [9, 0]
    assert found["novita"]["month"]["billed_usd"] is None
    assert found["huggingface"]["closed"] is None


def test_a_provider_that_is_not_known_is_refused_with_the_nearest(shell: Shell) -> None:
    shell.config(KEYS)
    said = shell("reconcile", "--provider", "openia")
    assert (said.code, "openai" in said.err) == (64, True)


def test_without_keys_and_traffic_it_says_what_to_do(shell: Shell) -> None:
    said = shell("reconcile")
    assert (said.code, said.err) == (0, "")
    assert "[billing]" in said.out

"""`costtui forecast` as it is typed."""

import json
from datetime import UTC
from decimal import Decimal

import msgspec

from costtui.analysis.forecast import Exhaustion
from costtui.cli.forecast_text import budget_table
from costtui.domain.budget import Budget
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.report.exhaustion import NO_AGENT, BudgetOutlook
from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep, keep_four
from tests.cli.shell import Shell
from tests.store.ledger.made import attempt
from tests.tui.pictures_budgets import budgets

DAY = 86_400_000
FRIDAY_MS = 1_795_780_800_000
"""2026-11-27 12:00 UTC."""


def test_a_dollar_a_day_is_expected_to_go_on_and_the_band_is_narrow(shell: Shell) -> None:
    now = now_ms()
    rows = [
        (OPENAI, attempt(n, 0, now - (31 - n) * DAY, charge=charge(0, 0, 0, 0, 1_000_000_000))) for n in range(1, 31)
    ]
    keep(shell.state_dir, rows, now)
    document = json.loads(shell("forecast", "--json").out, parse_float=Decimal)
    whole, openai = document["scopes"]
    assert (whole["scope"], openai["scope"]) == ("all APIs", "openai")
    assert whole["spent_usd"] < whole["month_end_usd"] or whole["low_usd"] == whole["spent_usd"]
    assert whole["low_usd"] <= whole["month_end_usd"] <= whole["high_usd"]
    assert 27 <= whole["month_end_usd"] <= 33
    assert openai["month_end_usd"] == whole["month_end_usd"]


def test_before_two_weeks_of_metering_the_month_end_is_not_known(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    whole = json.loads(shell("forecast", "--json").out)["scopes"][0]
    assert (whole["month_end_usd"], whole["unpriced_attempts"]) == (None, 1)
    assert "?" in shell("forecast").out


def test_any_scope_can_be_asked_for_and_another_word_is_refused(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    for by, name in (("route", "code"), ("model", "gpt-5"), ("key", "k-11111111"), ("tag", "(no tag)")):
        document = json.loads(shell("forecast", "--by", by, "--json").out)
        assert document["by"] == by
        assert [each["scope"] for each in document["scopes"]][:2] == ["all APIs", name]
    said = shell("forecast", "--by", "rout")
    assert (said.code, "did you mean" in said.err, "route" in said.err) == (64, True, True)


def test_budgets_stand_below_and_without_an_agent_nobody_knows_when_they_are_gone(shell: Shell) -> None:
    keep_four(shell.state_dir, now_ms())
    shell.config('[budgets]\nteam = { covers = ["api"], window = "month", limit_usd = 9, tag = "batch" }\n')
    (budget,) = json.loads(shell("forecast", "--json").out)["budgets"]
    assert (budget["budget"], budget["scope"], budget["limit_usd"]) == ("team", "tag batch", 9)
    assert (budget["by_week"], budget["at_present_burn"], budget["reason"]) == (None, None, NO_AGENT)
    said = shell("forecast").out
    assert f"team: {NO_AGENT}" in said
    assert "tag batch, month" in said


def test_a_budget_lasts_is_gone_or_is_gone_at_the_latest_then() -> None:
    budget = Budget("team", ("api",), Window("month"), NanoUsd(9_000_000_000))
    standing = msgspec.structs.replace(budgets()[1], runs_out_at=None, unknown=())
    friday = Exhaustion(FRIDAY_MS, FRIDAY_MS - DAY, None)

    def line(sooner: bool = False, **changes: object) -> str:
        found = msgspec.structs.replace(standing, **changes)
        shown = BudgetOutlook(budget, found, None if found.state == "over" else friday, "", sooner)
        return budget_table([shown], "2026-11-23T12:00:00Z", UTC).splitlines()[1]

    assert line().split("12000.00")[1].split() == ["lasts", "Fri", "12:00", "Thu", "12:00", "…", "lasts"]
    assert line(sooner=True, unknown=("api",)).split("12000.00")[1].split()[:4] == ["?", "≤", "Fri", "12:00"]
    assert line(state="over").split("12000.00")[1].split() == ["gone", "gone"]

"""`costtui forecast` as it is typed."""

import json
from decimal import Decimal

from tests.cli.clock import now_ms
from tests.cli.ledger import OPENAI, charge, keep, keep_four
from tests.cli.shell import Shell
from tests.store.ledger.made import attempt

DAY = 86_400_000


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

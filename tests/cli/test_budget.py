"""`costtui budget` as it is typed: limits by hand, previewed, asked for and acknowledged."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from costtui.cli import budget
from costtui.cli.given import parse
from costtui.errors import CosttuiError, UsageError
from costtui.store.controls import ControlsStore

CONFIG = """
[budgets]
day = { covers = ["api"], window = "day", limit_usd = 100, at_limit = "block" }
team = { covers = ["api"], window = "rolling 24h", limit_usd = 20, at_limit = "block", key = "team-a", shadow = true }
"""
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    places = ["--config", str(config), "--state-dir", str(tmp_path / "state")]

    def say(*words: str) -> str:
        assert budget.run(parse(["budget", *words, *places], {"HOME": str(tmp_path), "USER": "ann"})) == 0
        return capsys.readouterr().out

    return say


def listed(told: Told) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(told("list", "--json"))["budgets"]}


def test_every_budget_is_listed_with_what_is_known_of_it(told: Told) -> None:
    rows = listed(told)
    assert rows["day"]["limit_usd"] == rows["day"]["configured_usd"] == 100
    assert (rows["team"]["scope"], rows["team"]["window"], rows["team"]["shadow"]) == (
        "key team-a",
        "rolling 24h",
        True,
    )
    assert rows["day"]["used_usd"] is None, "there is no agent"
    assert rows["day"]["held_usd"] is None, "there is no gateway"
    table = told()
    assert "day            everything           day             $100.00          ?         -  block" in table
    assert "block (shadow)" in table


def test_an_override_is_shown_made_listed_and_taken_back(told: Told, tmp_path: Path) -> None:
    made = told("override", "day", "--limit", "250", "--for", "3h", "--reason", "launch", "--yes")
    assert "budget day: $100.00 -> $250.00, until 20" in made
    assert "no gateway is running: it holds from the next start on; `costtui budget undo day` takes it back" in made
    row = listed(told)["day"]
    assert (row["limit_usd"], row["configured_usd"]) == (250, 100)
    assert row["overridden_until"] is not None
    assert "by hand: " in told()
    with closing(ControlsStore.open(tmp_path / "state")) as store:
        (revision,) = store.state().revisions
    assert (revision.reason, revision.weights) == ("launch", (("budget:day", 250_000_000_000),))
    assert "the configured limit again" in told("undo", "day", "--yes")
    assert listed(told)["day"]["limit_usd"] == 100
    assert listed(told)["day"]["overridden_by"] is None


def test_a_limit_that_is_set_holds_until_it_is_undone_and_json_says_what_was_made(told: Told) -> None:
    said = json.loads(told("set", "team", "--limit", "$30.5", "--yes", "--json"))
    assert said["made"]["budget"] == "team"
    assert (said["made"]["limit_usd"], said["made"]["until"], said["live_ms"]) == (30.5, None, None)
    assert listed(told)["team"]["limit_usd"] == 30.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["override", "dya", "--limit", "5", "--yes"], "no budget dya; known: day, team"),
        (["override", "day", "--yes"], "needs --limit USD"),
        (["override", "--limit", "5", "--yes"], "needs the name of a budget"),
        (["override", "day", "--limit", "much", "--yes"], "an amount in USD such as 250, not 'much'"),
        (["override", "day", "--limit", "0", "--yes"], "more than 0"),
        (["override", "day", "--limit", "1e99", "--yes"], "an amount in USD"),
        (["override", "day", "--limit", "5", "--for", "soon", "--yes"], "needs a duration such as 2h"),
        (["set", "day", "--limit", "5", "--for", "2h", "--yes"], "budget override"),
        (["override", "day", "--limit", "5"], "--yes makes the change without asking"),
        (["lsit"], "did you mean 'list'"),
    ],
)
def test_what_cannot_be_meant_is_named(told: Told, words: list[str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        told(*words)
    assert said in str(error.value)


def test_nothing_is_undone_where_nothing_was_changed(told: Told) -> None:
    with pytest.raises(CosttuiError, match="there is nothing to undo"):
        told("undo", "day", "--yes")

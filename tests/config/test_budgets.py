"""`[budgets]`: what it says becomes values, and what cannot be meant is named with its key."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from costtui.config.load import load
from costtui.domain.budget import EVERYTHING, AtLimit, Budget, Scope, ScopeKind
from costtui.domain.window import Window
from costtui.errors import ConfigError

BASE = """
[host]
timezone = "Europe/Berlin"
[targets]
gpt5 = { provider = "openai", model = "gpt-5", key = "env:KEY" }
mini = { provider = "openai", model = "gpt-5-mini", key = "env:KEY" }
[routes.chat]
strategy = "pinned"
targets = ["gpt5", "mini"]
[budgets]
"""
HOUR_MS = 3_600_000


def read(tmp_path: Path, line: str) -> Budget:
    path = tmp_path / "config.toml"
    path.write_text(BASE + f"b = {{ {line} }}\n")
    (budget,) = load(path, 0).budgets
    return budget


@pytest.mark.parametrize(
    ("line", "window"),
    [
        ('window = "minute"', Window("minute")),
        ('window = "quarter", timezone = "Asia/Kolkata"', Window("quarter", zone=ZoneInfo("Asia/Kolkata"))),
        ('window = "week", week_start = "sunday", reset_hour = 6', Window("week", reset_hour=6, week_start=6)),
        ('window = "rolling 24h"', Window("rolling", length_ms=24 * HOUR_MS)),
        ('window = "rolling 7d"', Window("rolling", length_ms=7 * 24 * HOUR_MS)),
        ('window = "prepaid", from = 2026-11-01', Window("prepaid", from_ms=1_793_487_600_000)),
    ],
)
def test_a_window_is_read_with_its_zone_hour_and_weekday(tmp_path: Path, line: str, window: Window) -> None:
    assert read(tmp_path, f'covers = ["api"], limit_usd = 5, {line}').window == window


@pytest.mark.parametrize(
    ("line", "scope"),
    [
        ("", EVERYTHING),
        (', route = "chat"', Scope(ScopeKind.ROUTE, "chat")),
        (', key = "team-a"', Scope(ScopeKind.KEY, "team-a")),
        (', provider = "openai"', Scope(ScopeKind.PROVIDER, "openai")),
        (', model = "gpt-5-mini"', Scope(ScopeKind.MODEL, "gpt-5-mini")),
        (', tag = "night-batch"', Scope(ScopeKind.TAG, "night-batch")),
        (', tag = "team=search"', Scope(ScopeKind.TAG, "team=search")),
        (', tag = "owner=ada@x.example"', Scope(ScopeKind.TAG, "owner=ada@x.example")),
    ],
)
def test_a_budget_counts_everything_or_one_route_key_provider_model_or_tag(
    tmp_path: Path, line: str, scope: Scope
) -> None:
    assert read(tmp_path, f'covers = ["api"], window = "day", limit_usd = 5{line}').scope == scope


def test_what_happens_at_the_limit_is_read(tmp_path: Path) -> None:
    budget = read(
        tmp_path,
        'covers = ["api"], window = "day", limit_usd = 0.000000001, at_limit = "downgrade",'
        ' downgrade = { gpt5 = "mini" }, shadow = true, unbounded = "bound", unpriced = "allow", stages = [25, 75]',
    )
    assert budget.limit == 1
    assert budget.at_limit is AtLimit.DOWNGRADE
    assert budget.downgrade == (("gpt5", "mini"),)
    assert (budget.shadow, budget.unbounded, budget.unpriced, budget.stages) == (True, "bound", "allow", (25, 75))
    assert budget.hard


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('covers = ["api"], window = "days", limit_usd = 1', "must be one of minute, hour"),
        ('covers = ["api"], window = "rolling 9999d", limit_usd = 1', "longer than a year"),
        ('covers = ["api"], window = "prepaid", limit_usd = 1', "belong together"),
        ('covers = ["api"], window = "day", from = 2026-11-01, limit_usd = 1', "belong together"),
        ('covers = ["api"], window = "hour", reset_hour = 3, limit_usd = 1', "windows of a day or longer"),
        ('covers = ["api"], window = "day", week_start = "sunday", limit_usd = 1', "for a window of a week"),
        ('covers = ["api"], window = "day", timezone = "Mars/Base", limit_usd = 1', "Europe/Berlin"),
        ('covers = ["api"], window = "day", route = "chta", limit_usd = 1', 'did you mean "chat"?'),
        ('covers = ["api"], window = "day", provider = "opnai", limit_usd = 1', 'did you mean "openai"?'),
        ('covers = ["api"], window = "day", tag = "a b", limit_usd = 1', "letters, digits"),
        ('covers = ["api"], window = "day", tag = "team=", limit_usd = 1', 'one pair such as "team=search"'),
        ('covers = ["api"], window = "day", tag = "=search", limit_usd = 1', 'not "=search"'),
        ('covers = ["api"], window = "day", tag = "team=a,owner=b", limit_usd = 1', "one pair"),
        ('covers = ["api"], window = "day", tag = "a=b=c", limit_usd = 1', "b.tag: must be one word"),
        (f'covers = ["api"], window = "day", tag = "team={"a" * 60}", limit_usd = 1', "up to 64"),
        ('covers = ["api"], window = "day", route = "chat", key = "a", limit_usd = 1', "a budget has one scope"),
        ('covers = ["gpu", "api"], window = "day", key = "a", limit_usd = 1', "rent and power belong to no one"),
        ('covers = ["api"], window = "day", limit_usd = 1, stages = [80, 50]', "ascending whole percentages"),
        ('covers = ["api"], window = "day", limit_usd = 1, stages = [0]', "ascending whole percentages"),
        ('covers = ["api"], window = "day", limit_usd = 1, shadow = "yes"', "true or false"),
        ('covers = ["api"], window = "day", limit_usd = 1, unbounded = "alow"', "bound"),
    ],
)
def test_what_cannot_be_meant_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, line)
    assert "budgets.b" in str(error.value)
    assert said in str(error.value)

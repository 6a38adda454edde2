"""Exit codes of `status --check`, worst first: 2 over, 3 cannot tell, 1 near, 0 ok."""

from typing import Any

import pytest

from costtui.cli.check import exit_code

GOOD: dict[str, Any] = {
    "agent": {"state": "running"},
    "burn": {"total_usd_per_hour": 19.92, "api_usd_per_hour": None},
    "gpus": [{"state": "busy"}, {"state": "empty"}],
    "budgets": [{"state": "ok", "runs_out_at": None}],
    "warnings": [{"level": "info"}],
}
OVER = {"budgets": [{"state": "ok", "runs_out_at": None}, {"state": "over", "runs_out_at": None}]}
WARN = {"budgets": [{"state": "warn", "runs_out_at": None}]}
SOON = {"budgets": [{"state": "ok", "runs_out_at": "2026-11-23T22:00:00Z"}]}
DEAD = {"agent": {"state": "dead"}}
LATE = {"agent": {"state": "late"}}
NONE = {"agent": {"state": "none"}}
BLIND = {"gpus": [{"state": "busy"}, {"state": "unknown"}]}
RATELESS = {"burn": {"total_usd_per_hour": None}}
ALARM = {"warnings": [{"level": "alarm"}]}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, 0),
        ({"gpus": []}, 0),
        (WARN, 1),
        (SOON, 1),
        (ALARM, 1),
        (OVER, 2),
        (OVER | DEAD, 2),
        (OVER | BLIND | ALARM, 2),
        (DEAD, 3),
        (LATE, 3),
        (NONE, 3),
        (BLIND, 3),
        (RATELESS, 3),
        (WARN | DEAD, 3),
        (ALARM | BLIND, 3),
    ],
)
def test_over_goes_before_unknown_and_unknown_before_near(changes: dict[str, Any], code: int) -> None:
    assert exit_code(GOOD | changes) == code

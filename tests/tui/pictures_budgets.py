"""Budgets as they stand at that moment."""

import msgspec

from costtui.report.budgets import BudgetStanding
from tests.tui.pictures_host import USD


def budgets() -> tuple[BudgetStanding, ...]:
    """One that will end, one that is fine."""
    return (
        BudgetStanding(
            name="daily",
            covers=("gpu", "power", "api"),
            window="day",
            limit_usd=USD(380),
            used_usd=USD("209.16"),
            used_ratio=0.55,
            state="warn",
            runs_out_at="2026-11-23T21:17:00Z",
            projected_usd=USD("418.32"),
            resets_at="2026-11-23T23:00:00Z",
            unknown=("api", "rate of GPU 7"),
        ),
        BudgetStanding(
            name="team-a",
            covers=("gpu",),
            window="month",
            limit_usd=USD(12_000),
            used_usd=USD("4810.5"),
            used_ratio=0.4,
            state="ok",
            runs_out_at=None,
            projected_usd=USD(9800),
            resets_at="2026-11-30T23:00:00Z",
        ),
    )


def hard_budgets() -> tuple[BudgetStanding, ...]:
    """With what the gateway holds: one over, one by hand, one in shadow, one of which nothing is known."""
    month = budgets()[1]
    return (
        *budgets(),
        msgspec.structs.replace(
            month,
            name="api",
            covers=("api",),
            window="day",
            scope="everything",
            at_limit="downgrade",
            limit_usd=USD(250),
            used_usd=USD(120),
            used_ratio=0.48,
            held_usd=USD("37.5"),
            settled_usd=USD("121.4"),
            denied=12,
            overridden_by="ana",
            overridden_until="2026-11-23T16:30:00Z",
            configured_usd=USD(200),
        ),
        msgspec.structs.replace(
            month,
            name="batch",
            covers=("api",),
            window="rolling 24h",
            scope="tag night-batch",
            at_limit="block",
            limit_usd=USD(50),
            used_usd=USD("50.25"),
            used_ratio=1.005,
            state="over",
            held_usd=USD(0),
            denied=3,
            shadow=True,
            resets_at="",
            projected_usd=None,
        ),
        msgspec.structs.replace(
            month,
            name="all",
            covers=("gpu", "api"),
            at_limit="block",
            used_usd=None,
            used_ratio=None,
            state="unknown",
            projected_usd=None,
            set_aside_usd=USD(9_600),
        ),
    )

"""When budgets are gone by the shape of the week: worked by hand at noon of Monday, 2026-11-23."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from costtui.analysis.forecast import Exhaustion
from costtui.domain.budget import EVERYTHING, Budget, Scope, ScopeKind
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.report.exhaustion import (
    NO_AGENT,
    NO_API,
    NO_RATE,
    NO_SHAPE,
    NO_WEEK,
    NOT_KNOWN,
    BudgetOutlook,
    budget_outlooks,
    legs,
)
from costtui.report.schema import Status
from tests.report.scene import HOUR, MIDNIGHT
from tests.report.test_forecast import past_of
from tests.tui.pictures import carried
from tests.tui.pictures_budgets import budgets

ZONE = ZoneInfo("UTC")
STANDING = msgspec.structs.replace(budgets()[1], name="b", unknown=(), runs_out_at=None)
OPENAI = Scope(ScopeKind.PROVIDER, "openai")
KEY = Scope(ScopeKind.KEY, "team-a")
MONTH = Window("month")


def picture(used: str | None, limit: int, *, gpu: str | None = "0.125", **standing: object) -> Status:
    """A dollar a day for openai, and three of rent."""
    amount = None if used is None else Decimal(used)
    found = msgspec.structs.replace(STANDING, used_usd=amount, limit_usd=Decimal(limit), **standing)
    whole = carried()
    burn = msgspec.structs.replace(whole.burn, gpu_usd_per_hour=None if gpu is None else Decimal(gpu))
    at = "2026-11-23T12:00:00.000Z"
    return msgspec.structs.replace(whole, at=at, budgets=(found,), burn=burn)


def outlook(
    state_dir: Path,
    shown: Status | None,
    scope: Scope = OPENAI,
    window: Window = MONTH,
    covers: tuple[str, ...] = ("api",),
) -> BudgetOutlook:
    budget = Budget("b", covers, window, NanoUsd(26_000_000_000), scope=scope)
    (found,) = budget_outlooks((budget,), shown, past_of(state_dir), {"k-11111111": "team-a"}, ZONE)
    return found


def at(month: int, day: int, hour: int = 0) -> Exhaustion:
    found = int(datetime(2026, month, day, hour, tzinfo=UTC).timestamp() * 1_000)
    return Exhaustion(found, found, found)


@pytest.mark.parametrize("scope", [OPENAI, KEY, Scope(ScopeKind.ROUTE, "code"), Scope(ScopeKind.TAG, "")])
def test_four_dollars_last_half_of_today_three_days_and_half_of_friday(tmp_path: Path, scope: Scope) -> None:
    assert outlook(tmp_path, picture("22", 26), scope)[2:] == (at(11, 27, 12), "", False)


def test_what_is_more_than_the_window_costs_lasts_and_a_prepaid_sum_goes_on(tmp_path: Path) -> None:
    shown = picture("22", 40)  # half a day and seven to come: 7.5 of 18
    assert outlook(tmp_path, shown)[2:] == (Exhaustion(None, None, None), "", False)
    prepaid = Window("prepaid", from_ms=MIDNIGHT - 48 * HOUR)
    assert outlook(tmp_path, shown, window=prepaid).by_week == at(12, 11, 12)


def test_rent_goes_on_beside_it_as_now(tmp_path: Path) -> None:
    # four dollars a day of ten: two and a half days
    assert outlook(tmp_path, picture("22", 32), covers=("gpu", "api")).by_week == at(11, 26)


def test_the_band_is_that_of_its_own_weekdays(tmp_path: Path) -> None:
    told = outlook(tmp_path, picture("42", 54), EVERYTHING).by_week
    # 0.75 by tonight, 1.5 till Thursday, 2 on Friday, Saturday and Sunday: 11.25; half of Monday's 1.5
    assert told is not None
    assert told.middle_ms == at(11, 30, 12).middle_ms
    assert told.latest_ms is None  # at the month's end 12.75 - 3.747
    assert told.earliest_ms is not None
    # 5.25 + 1.28 x sqrt(8/7 x 3.5) = 7.81 by Friday, 7.25 + 2.90 = 10.15 by Saturday, 12.46 by Sunday
    assert at(11, 28).middle_ms < told.earliest_ms < at(11, 30).middle_ms  # type: ignore[operator]  # both are known


@pytest.mark.parametrize(
    ("shown", "scope", "window", "covers", "reason"),
    [
        (None, OPENAI, MONTH, ("api",), NO_AGENT),
        (picture(None, 26), OPENAI, MONTH, ("api",), NOT_KNOWN),
        (picture("2", 26), OPENAI, Window("hour"), ("api",), NO_WEEK),
        (picture("2", 26), OPENAI, Window("rolling", length_ms=24 * HOUR), ("api",), NO_WEEK),
        (picture("2", 26), EVERYTHING, MONTH, ("gpu",), NO_API),
        (picture("2", 26, gpu=None), EVERYTHING, MONTH, ("gpu", "api"), NO_RATE),
        (picture("2", 26), Scope(ScopeKind.ROUTE, "chat"), MONTH, ("api",), NO_SHAPE),
    ],
)
def test_where_nobody_knows_it_says_why(
    tmp_path: Path, shown: Status | None, scope: Scope, window: Window, covers: tuple[str, ...], reason: str
) -> None:
    assert outlook(tmp_path, shown, scope, window, covers)[2:4] == (None, reason)


def test_what_is_gone_is_gone_and_what_is_partly_unknown_is_gone_at_the_latest_then(tmp_path: Path) -> None:
    gone = outlook(tmp_path, picture("27", 26, state="over"))
    assert (gone.over, gone.by_week, gone.reason) == (True, None, "")
    partly = outlook(tmp_path, picture("22", 26, unknown=("api:openai",)))
    assert (partly.by_week, partly.sooner) == (at(11, 27, 12), True)


def test_the_days_ahead_are_local_ones_and_that_of_a_changed_clock_is_an_hour_shorter() -> None:
    zone = ZoneInfo("Europe/Berlin")
    begins = int(datetime(2026, 3, 28, 12, tzinfo=zone).timestamp() * 1_000)
    days = list(legs(begins, begins + 48 * HOUR, zone))
    assert [(day.ends_ms - day.begins_ms, day.weekday, day.day_ms) for day in days] == [
        (12 * HOUR, 5, 24 * HOUR),
        (23 * HOUR, 6, 23 * HOUR),
        (13 * HOUR, 0, 24 * HOUR),
    ]

"""Limits of budgets that people set by hand, for a while or for good."""

from costtui.domain.budget import AtLimit, Budget
from costtui.domain.control import BUDGET_SCOPE, Kind, Revision
from costtui.domain.money import NanoUsd
from costtui.domain.window import Window
from costtui.policy.limits import Limit, limits_in_force

NOW = 1_795_435_200_000
HOUR = 3_600_000
DAY = Budget("day", ("api",), Window("day"), NanoUsd(100), AtLimit.BLOCK)
MONTH = Budget("month", ("api",), Window("month"), NanoUsd(900), AtLimit.BLOCK)


def revision(number: int, name: str, nano: int, until_ms: int | None = None, **more: object) -> Revision:
    parent = more.get("parent")
    assert parent is None or isinstance(parent, int)
    kind = Kind.UNDO if "undo" in more else Kind.BUDGET
    return Revision(number, "", NOW - HOUR, "ann", "", kind, ((f"{BUDGET_SCOPE}{name}", nano),), until_ms, parent)


def test_a_limit_by_hand_holds_until_its_end_and_then_the_configured_one_does() -> None:
    by_hand = revision(1, "day", 250, NOW + HOUR)
    found = limits_in_force((DAY, MONTH), [by_hand], NOW)
    assert found.by_name == {"day": Limit(NanoUsd(250), by_hand), "month": Limit(NanoUsd(900), None)}
    assert found.nano == {"day": 250, "month": 900}
    assert found.next_change_ms == NOW + HOUR
    later = limits_in_force((DAY, MONTH), [by_hand], NOW + HOUR)
    assert later.nano == {"day": 100, "month": 900}
    assert later.next_change_ms is None


def test_an_undo_brings_back_what_held_before() -> None:
    first, second = revision(1, "day", 250), revision(2, "day", 500, parent=1)
    undone = revision(3, "day", 500, undo=True, parent=2)
    assert limits_in_force((DAY,), [first, second], NOW).nano == {"day": 500}
    assert limits_in_force((DAY,), [first, second, undone], NOW).nano == {"day": 250}
    assert limits_in_force((DAY,), [first, revision(2, "day", 250, undo=True, parent=1)], NOW).nano == {"day": 100}


def test_a_limit_of_a_budget_that_is_gone_is_left_out_and_said() -> None:
    found = limits_in_force((MONTH,), [revision(1, "day", 250)], NOW)
    assert found.nano == {"month": 900}
    assert found.warnings == (
        "the limit of budget day by ann is of a budget that is not configured any more: left out",
    )

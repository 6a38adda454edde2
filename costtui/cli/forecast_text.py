"""When budgets are gone, for people and for programs."""

from collections.abc import Sequence
from datetime import tzinfo

from costtui.domain.clean import clean
from costtui.report.exhaustion import NOT_BY_WEEK, BudgetOutlook
from costtui.report.money import iso, usd
from costtui.report.words import UNKNOWN, clock, money

BUDGETS = ("budget", "of", "used $", "limit $", "at this burn", "by the week's shape", "between")
LASTS = "lasts"
OVER = "gone"
LEGEND = (
    "lasts: not within its window, a prepaid sum not within a year. At this burn: as in the last hour, as screens and\n"
    "alerts tell. By the week's shape: each day to come costs its weekday's mean, in a band that holds eight of ten.\n"
    "≤: at the latest then, for part of what it counts is not known."
)


def budget_fields(each: BudgetOutlook) -> dict[str, object]:
    """One budget; a moment is null where it lasts, `by_week` where nobody knows, and `reason` says why."""
    found, ahead = each.standing, each.by_week
    return {
        "budget": clean(each.budget.name),
        "scope": clean(each.budget.scope.text),
        "window": each.budget.window.text,
        "limit_usd": usd(each.budget.limit) if found is None else found.limit_usd,
        "used_usd": None if found is None else found.used_usd,
        "resets_at": None if found is None else found.resets_at or None,
        "state": "unknown" if found is None else found.state,
        "at_present_burn": None if found is None or found.used_usd is None else {"runs_out_at": found.runs_out_at},
        "by_week": None
        if ahead is None
        else {
            "runs_out_at": iso(ahead.middle_ms),
            "earliest": iso(ahead.earliest_ms),
            "latest": iso(ahead.latest_ms),
            "at_the_latest": each.sooner,
        },
        "reason": each.reason or None,
    }


def budget_table(budgets: Sequence[BudgetOutlook], today: str | None, zone: tzinfo) -> str:
    """A line each."""
    rows = [BUDGETS, *(budget_cells(each, today, zone) for each in budgets)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(BUDGETS))]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in rows]
    reasons = {f"{clean(each.budget.name)}: {each.reason}": None for each in budgets if each.reason}
    return "\n".join([*lines, *reasons, LEGEND])


def _padded(row: tuple[str, ...], widths: Sequence[int]) -> list[str]:
    return [
        text.rjust(width) if 1 < place < 4 else text.ljust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]


def budget_cells(each: BudgetOutlook, today: str | None, zone: tzinfo) -> tuple[str, ...]:
    """One budget beneath `BUDGETS`."""
    found, ahead, budget = each.standing, each.by_week, each.budget
    limit = usd(budget.limit) if found is None else found.limit_usd
    used = None if found is None else found.used_usd
    partly = found is not None and bool(found.unknown)

    def told(at: str | None, *, sooner: bool) -> str:
        """A moment at which it is gone; of what is partly unknown nobody can say that it lasts."""
        return f"{'≤ ' if sooner else ''}{clock(at, zone, today)}" if at else UNKNOWN if sooner else LASTS

    burn = UNKNOWN if found is None or used is None else told(found.runs_out_at, sooner=partly)
    week, between = "-" if each.reason in NOT_BY_WEEK else UNKNOWN, ""
    if ahead is not None:
        week = told(iso(ahead.middle_ms), sooner=each.sooner)
        between = f"{told(iso(ahead.earliest_ms), sooner=False)} … {told(iso(ahead.latest_ms), sooner=False)}"
    if each.over:
        burn, week, between = OVER, OVER, ""
    name, of = clean(budget.name), f"{clean(budget.scope.text)}, {budget.window.text}"
    return name, of, money(used, more=partly and used is not None), money(limit), burn, week, between

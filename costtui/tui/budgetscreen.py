"""Screen 6: budgets: how full each is, what is held of it, and when it runs out."""

from costtui.report.budgets import BudgetStanding
from costtui.report.schema import Status
from costtui.report.words import money
from costtui.tui.line import Line, Role, Row, Run
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

_COLUMNS = (
    Column("BUDGET", 12),
    Column("of", 18, least=100),
    Column("window", 11),
    Column("limit $", 10, right=True),
    Column("used $", 10, right=True),
    Column("held $", 9, right=True, least=92),
    Column("full", 0),
)
_BAR = 20
_WIDE = 100
"""From here on the columns have what stands below a row otherwise."""
_ROLES: dict[str, Role] = {"ok": "good", "warn": "warn", "over": "bad", "unknown": "dim"}


def budget_screen(scene: Scene, status: Status, selected: str | None) -> Body:
    """The body; `b` changes the limit of the selected budget for a while."""
    names = [budget.name for budget in status.budgets]
    current = selected if selected in names else names[0] if names else None
    rows: list[Row] = []
    for budget in status.budgets:
        rows.append(Row(_line(scene, budget, chosen=budget.name == current), budget.name))
        rows += [Row((Run(scene.glyphs.own(f"   {text}"), role),)) for text, role in _more(scene, budget)]
    if not rows:
        rows = [Row((Run(" no budget is configured: [budgets] in the configuration", "dim"),))]
    return Body((title_line(_COLUMNS, scene.width, scene.glyphs),), tuple(rows))


def _line(scene: Scene, budget: BudgetStanding, *, chosen: bool) -> Line:
    held = budget.held_usd
    cells = (
        Cell(budget.name, "strong"),
        Cell(budget.scope),
        Cell(budget.window),
        Cell(money(budget.limit_usd), "key" if budget.overridden_by else "money"),
        Cell(scene.glyphs.own(_used(budget)), "money"),
        Cell("-" if held is None else money(held), "money"),
        Cell(scene.glyphs.own(_full(scene, budget)), _ROLES.get(budget.state, "plain")),
    )
    return row_line(cells, _COLUMNS, scene.width, scene.glyphs, selected=chosen)


def _used(budget: BudgetStanding) -> str:
    """A sum of which a part is not known is at least that."""
    return money(budget.used_usd, more=bool(budget.unknown) and budget.used_usd is not None)


def _full(scene: Scene, budget: BudgetStanding) -> str:
    """Used and held apart, as far as they fit the bar."""
    if budget.used_ratio is None:
        return "?"
    held = float(budget.held_usd / budget.limit_usd) if budget.held_usd and budget.limit_usd > 0 else 0.0
    used = min(max(round(budget.used_ratio * _BAR), 0), _BAR)
    more = min(round(held * _BAR), _BAR - used)
    full, part, empty = ("#", "=", ".") if scene.glyphs.ascii_only else ("█", "▒", "·")
    return f"{full * used}{part * more}{empty * (_BAR - used - more)} {budget.used_ratio * 100:.0f} %"


def _more(scene: Scene, budget: BudgetStanding) -> list[tuple[str, Role]]:
    """What happens at the limit, when it resets and runs out; who set the limit; what was refused."""
    resets = f"resets {scene.clock(budget.resets_at)}" if budget.resets_at else "never resets"
    shadow = ", but only in shadow: nothing is refused" if budget.shadow else ""
    pace = " at this burn" if scene.width >= _WIDE else ""
    runs_out = f" · runs out {scene.clock(budget.runs_out_at)}{pace}" if budget.runs_out_at else ""
    ends = f" · {money(budget.projected_usd)} $ at its end" if budget.projected_usd is not None else ""
    of = "" if budget.scope == "everything" or scene.width >= _WIDE else f"{budget.scope} · "
    holds = "" if not budget.held_usd or scene.width >= _WIDE else f" · {money(budget.held_usd)} $ held"
    text = f"{of}{budget.at_limit} at the limit{shadow} · {', '.join(budget.covers)} · {resets}{runs_out}{holds}{ends}"
    told: list[tuple[str, Role]] = [(text, "warn" if budget.runs_out_at or budget.state == "over" else "dim")]
    if budget.overridden_by:
        until = f"until {scene.clock(budget.overridden_until)}" if budget.overridden_until else "until undone"
        told.append(
            (f"limit by hand: {budget.overridden_by} {until}, then {money(budget.configured_usd)} $ again", "key")
        )
    if budget.set_aside_usd:
        told.append((f"{money(budget.set_aside_usd)} $ set aside for the window's rent and power", "dim"))
    if budget.denied:
        what = "would have been refused or moved" if budget.shadow else "refused or moved"
        told.append((f"{budget.denied} requests {what} in this window", "bad"))
    return told

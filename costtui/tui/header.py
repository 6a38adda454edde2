"""The two lines that stay on every screen: what is spent, how much of it is idle, will it stay in budget."""

from collections.abc import Sequence
from dataclasses import dataclass

from costtui.report.budgets import BudgetStanding
from costtui.report.schema import Status
from costtui.report.words import money, percent, short_money
from costtui.tui.line import Line, Role, Run, cropped, width_of
from costtui.tui.scene import Scene

SIMULATED_WIDTH = 100
"""Narrower screens say it in three letters."""
_EVERYTHING = {"gpu", "power", "api"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A piece of the header; where space is short the highest `rank` leaves first."""

    text: str
    rank: int
    role: Role = "plain"
    joint: str = "  "


def header(scene: Scene) -> tuple[Line, Line]:
    """Both lines, exactly as wide as the screen. An amount that does not fit goes: part of it is another one."""
    if scene.status is None:
        return _line([Phrase("costtui: no agent has written here yet", 0, "strong")], scene, right=scene.time), _line(
            [Phrase("start one: costtui agent start", 1)], scene
        )
    spending, asking = _spending(scene, scene.status), _asking(scene, scene.status)
    return _line(spending, scene, right=scene.time), _line(asking, scene)


def agent_phrase(scene: Scene, status: Status) -> Phrase | None:
    """Says so when the figures are old, with the time that they are of."""
    if status.agent.state == "running":
        return None
    words = {"late": "AGENT LATE", "dead": "AGENT DEAD"}.get(status.agent.state, "NO AGENT")
    return Phrase(f"{words}: figures of {scene.clock(status.at)}", 0, "alarm")


def past_phrase(scene: Scene) -> Phrase | None:
    """Says that the screen is of another moment."""
    return Phrase(f"PAST {scene.back}", 0, "alarm") if scene.back else None


def budget_phrase(scene: Scene, budgets: Sequence[BudgetStanding]) -> Phrase | None:
    """The worst news that a budget has; one in shadow mode has none."""
    budgets = [budget for budget in budgets if not budget.shadow]
    if not budgets:
        return None
    over = [budget for budget in budgets if budget.state == "over"]
    if over:
        return Phrase(f"OVER {over[0].name}", 2, "alarm")
    ending = sorted((budget.runs_out_at, budget.name) for budget in budgets if budget.runs_out_at is not None)
    if ending:
        return Phrase(f"OVER at {scene.clock(ending[0][0])}", 2, "alarm")
    if any(budget.state == "unknown" for budget in budgets):
        return Phrase("budget ?", 3, "warn")
    return Phrase("in budget", 5, "good")


def _spending(scene: Scene, status: Status) -> list[Phrase]:
    burn = status.burn
    known = (("GPU", burn.gpu_usd_per_hour), ("power", burn.power_usd_per_hour), ("API", burn.api_usd_per_hour))
    api = status.api
    unpriced = burn.api_usd_per_hour is not None and api is not None and bool(api.unknown)
    estimated = api is not None and api.provenance == "estimated"
    listed = any(gpu.rate_source == "list price" for gpu in status.gpus)
    marks = {"GPU": " list"} if listed else {}
    parts = [
        f"API {money(amount, more=unpriced, estimated=estimated)}"
        if name == "API"
        else f"{name} {money(amount)}{marks.get(name, '')}"
        for name, amount in known
        if name != "power" or amount is None or amount > 0
    ]
    open_end = any(amount is None for _, amount in known) or bool(status.unknown)
    total = money(burn.total_usd_per_hour, more=open_end)
    old: Role = "strong" if status.agent.state == "running" else "old"
    phrases = [past_phrase(scene) or agent_phrase(scene, status), budget_phrase(scene, status.budgets)]
    if status.host.simulated:
        phrases.append(Phrase("SIMULATED" if scene.width >= SIMULATED_WIDTH else "SIM", 0, "warn"))
    return [
        *(phrase for phrase in phrases if phrase is not None),
        Phrase(status.host.name, 6),
        Phrase(f"{total} $/h", 0, old),
        Phrase(f"= {' + '.join(parts)}", 4, joint=" "),
    ]


def _asking(scene: Scene, status: Status) -> list[Phrase]:
    burn = status.burn
    phrases = [Phrase(f"idle {money(burn.idle_usd_per_hour)} $/h", 0, "warn" if burn.idle_usd_per_hour else "plain")]
    if burn.idle_usd_per_hour is not None and burn.gpu_usd_per_hour:
        phrases.append(Phrase(f"{percent(burn.idle_usd_per_hour / burn.gpu_usd_per_hour)} of rent", 4, joint=", "))
    if burn.lost_usd_per_hour is None or burn.lost_usd_per_hour > 0:
        role: Role = "bad" if burn.lost_usd_per_hour else "plain"
        phrases.append(Phrase(f"lost {money(burn.lost_usd_per_hour)}", 3, role, " · "))
    phrases += _today(status)
    if scene.slow_seconds:
        phrases.append(Phrase(f"link slow: {scene.slow_seconds} s", 2, "warn", " · "))
    if scene.choices.needle and not scene.choices.editing:
        phrases.append(Phrase(f"filter: {scene.choices.needle}", 2, "key", " · "))
    return phrases


def _today(status: Status) -> list[Phrase]:
    spent = ("≥" if status.today.unknown else "") + short_money(status.today.total_usd)
    daily = next((budget for budget in status.budgets if budget.window == "day"), None)
    whole = daily is not None and set(daily.covers) >= _EVERYTHING
    limit = f" of {short_money(daily.limit_usd)}" if daily is not None and whole else ""
    phrases = [Phrase(f"today {spent}{limit}", 1, joint=" · ")]
    if status.today.projected_usd is not None:
        phrases.append(Phrase(f"~{short_money(status.today.projected_usd)} by midnight", 3, joint=", "))
    if daily is not None and not whole:
        used = f"{daily.name} {short_money(daily.used_usd)} of {short_money(daily.limit_usd)}"
        phrases.append(Phrase(used, 5, joint=" · "))
    return phrases


def _joined(phrases: Sequence[Phrase], scene: Scene) -> Line:
    runs = [Run(" ")]
    for position, phrase in enumerate(phrases):
        if position:
            runs.append(Run(scene.glyphs.own(phrase.joint)))
        runs.append(Run(scene.glyphs.own(phrase.text), phrase.role))
    return tuple(runs)


def _line(phrases: Sequence[Phrase], scene: Scene, right: str = "") -> Line:
    kept, corner = list(phrases), f" {right} " if right else ""
    while len(kept) > 1 and width_of(_joined(kept, scene)) + len(corner) > scene.width:
        if corner and max(phrase.rank for phrase in kept) <= 2:
            corner = ""
            continue
        worst = max(phrase.rank for phrase in kept)
        last = max(index for index, phrase in enumerate(kept) if phrase.rank == worst)
        del kept[last]
    line = _joined(kept, scene)
    gap = scene.width - width_of(line) - len(corner)
    if gap >= 0:
        return (*line, Run(" " * gap + corner, "plain"))
    return cut(line, scene.width, scene.glyphs.ellipsis)


def cut(line: Line, width: int, ellipsis: str) -> Line:
    """A line in at most `width` cells."""
    runs: list[Run] = []
    left = width
    for run in line:
        if left <= 0:
            break
        text = cropped(run.text, left, ellipsis)
        runs.append(Run(text, run.role))
        left = left - width_of((runs[-1],)) if text == run.text else 0
    return tuple(runs)

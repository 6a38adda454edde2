"""Screen 1: GPUs, engines, API, budgets and warnings, as much as fits."""

from collections.abc import Sequence
from dataclasses import dataclass

from costtui.report.schema import ApiPrice, Engine, Status
from costtui.report.words import fine, percent, provider_words, short_money
from costtui.tui.figures import gib, steady_rate, steady_watts, sum_of
from costtui.tui.groups import Group, grouped, worst_first
from costtui.tui.line import Line, Role, Row, Run, cropped
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line
from costtui.tui.traffic import api_line, decision_block, route_block

_COLUMNS = (
    Column("GPU", 4),
    Column("state", 13),
    Column("cap", 4, right=True, least=56),
    Column("GB", 4, right=True, least=60),
    Column("idle $ today", 12, right=True, least=48),
    Column("$/h", 6, right=True, least=100),
    Column("W", 5, right=True, least=100),
    Column("tok/s", 6, right=True, least=100),
    Column("serves / held by", 0),
)
_ENGINES = (
    Column("ENGINE", 16),
    Column("state", 11),
    Column("in/s", 5, right=True, least=70),
    Column("out/s", 5, right=True, least=60),
    Column("queue", 6, right=True, least=60),
    Column("KV", 4, right=True, least=100),
    Column("cached", 6, right=True, least=100),
    Column("$/Mtok", 7, right=True),
    Column("in use", 7, right=True, least=70),
    Column("cheapest API for this mix", 0),
)
_BUDGETS = (
    Column("BUDGET", 16),
    Column("of", 9, least=60),
    Column("used", 9, right=True),
    Column("limit", 9, right=True),
    Column("", 5, right=True, least=48),
    Column("", 0),
)
LEAST_DECISIONS = 4
"""Lines, with the title, that they get before engines do."""
MOST_DECISIONS = 6
"""Each may be another one every second: six of 110 cells are a quarter of what the screen may send."""
SPACED = 5
"""Lines kept for the space between blocks before decisions get more."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is between the header and the bottom: lines that stay, rows that scroll, lines that stay below them."""

    above: tuple[Line, ...]
    rows: tuple[Row, ...]
    below: tuple[Line, ...] = ()


def overview(scene: Scene, status: Status, height: int, selected: str | None) -> Body:
    """The body in `height` lines; GPUs come first, then the warning, then what else fits."""
    groups = grouped(status, scene.choices)
    crowded = len(groups) + 1 > height - 1
    if crowded and scene.choices.sort == "index":
        groups = worst_first(groups)
    current = selected if any(group.key == selected for group in groups) else (groups[0].key if groups else None)
    rows = tuple(Row(_gpu_line(scene, group, group.key == current), group.key) for group in groups)
    if not rows:
        rows = (Row((Run(" no GPU matches the filter" if scene.choices.needle else " no GPU seen", "dim"),)),)
    below = _below(scene, status, height - 1 - len(rows))
    return Body((title_line(_COLUMNS, scene.width, scene.glyphs),), rows, below)


def _below(scene: Scene, status: Status, room: int) -> tuple[Line, ...]:
    """Blocks in the order of their worth, shown in the order of the screen."""
    warnings = _warning_lines(scene, status)[: max(room, 1)]
    left = room - len(warnings)
    api, left = _taken([api_line(scene, status)], left)
    routes, left = _taken(route_block(scene, status), left)
    budgets, left = _taken(_budget_lines(scene, status), left)
    decided = decision_block(scene, status)[: MOST_DECISIONS + 1]
    decisions, left = _taken(decided[:LEAST_DECISIONS], left)
    engines, left = _taken(_engine_lines(scene, status), left)
    more = decided[len(decisions) : len(decisions) + max(left - SPACED, 0)] if decisions else []
    blocks = (engines, api, routes, [*decisions, *more], budgets, warnings)
    return _spaced(tuple(map(tuple, blocks)), left - len(more))


def _taken(lines: list[Line], left: int) -> tuple[list[Line], int]:
    """As many of a block's lines as there is room for, a title never alone; and the room that then is left."""
    kept = lines if len(lines) <= left else _shortened(lines, left)
    return kept, left - len(kept)


def _spaced(blocks: Sequence[Sequence[Line]], spare: int) -> tuple[Line, ...]:
    """Blocks one under the other, with an empty line before each as long as there are any to spare."""
    lines: list[Line] = []
    for block in blocks:
        if block and spare > 0:
            lines.append(())
            spare -= 1
        lines += block
    return tuple(lines)


def _shortened(lines: list[Line], room: int) -> list[Line]:
    return lines[:room] if room >= min(len(lines), 2) else []


def _gpu_line(scene: Scene, group: Group, selected: bool) -> Line:
    word, role = scene.glyphs.state(group.state)
    gpus, lost = group.gpus, group.state == "lost"
    ratios = [gpu.capacity_ratio for gpu in gpus if gpu.capacity_ratio is not None]
    memory = [gpu.memory_used_bytes for gpu in gpus if gpu.memory_used_bytes is not None]
    watts = [gpu.power_watts for gpu in gpus if gpu.power_watts is not None]
    engine = group.engine
    cells = (
        Cell(f" {group.label}" if group.child else group.label, "strong"),
        Cell(word, role),
        Cell("?" if lost else percent(max(ratios)) if ratios else "-"),
        Cell(gib(sum(memory) // len(memory)) if memory else "?"),
        Cell(scene.glyphs.own(sum_of(gpu.idle_usd_today for gpu in gpus)), "money"),
        Cell(scene.glyphs.own(sum_of(gpu.usd_per_hour for gpu in gpus)), "money"),
        Cell(steady_watts(sum(watts)) if watts else "?"),
        Cell(steady_rate(engine.output_tokens_per_second) if engine and not group.child else "-"),
        Cell(scene.glyphs.own(serves(scene, group)), "bad" if lost else "plain"),
    )
    return row_line(cells, _COLUMNS, scene.width, scene.glyphs, selected=selected)


def serves(scene: Scene, group: Group) -> str:
    """What the GPUs do for their money, or why nothing is known about it."""
    gpu, engine = group.gpus[0], group.engine
    since = scene.clock(gpu.since)
    if group.state == "lost":
        return f"since {since}, paid {sum_of(gpu.lost_usd_today for gpu in group.gpus)} $: {gpu.reason or 'reset it'}"
    if group.state == "empty":
        return f"since {since}" + (f", {gpu.reason}" if gpu.reason else "")
    if group.state in ("busy", "low") and engine is not None:
        return f"{model_of(engine)} {fine(engine.usd_per_million_tokens.allocation)} $/Mtok{beside(engine)}"
    if group.state == "idle loaded" and engine is not None:
        never = "no request of late" if engine.output_tokens_today else "never asked"
        asked = f"no request since {scene.clock(engine.last_request_at)}" if engine.last_request_at else never
        return f"{model_of(engine)}, {asked}"
    return gpu.reason or holders(group) or "?"


def holders(group: Group) -> str:
    """Owner and command of the first process, and how many more there are."""
    processes = [process for gpu in group.gpus for process in gpu.processes or ()]
    if not processes:
        return ""
    first = processes[0]
    more = f" +{len(processes) - 1}" if len(processes) > 1 else ""
    return f"{first.owner or '?'}: {first.command or first.reason or f'pid {first.pid}'}{more}"


def model_of(engine: Engine) -> str:
    """The model's name without its maker."""
    return (engine.model or engine.name).rsplit("/", 1)[-1]


def beside(engine: Engine) -> str:
    """The cheapest API price in brackets."""
    api = engine.cheapest_api
    return "" if api is None else f" ({provider_words(api.provider)} {fine(api.usd_per_million_tokens)})"


def _engine_lines(scene: Scene, status: Status) -> list[Line]:
    if not status.engines:
        return []
    lines = [title_line(_ENGINES, scene.width, scene.glyphs)]
    return [*lines, *(_engine_line(scene, engine) for engine in status.engines)]


def _engine_line(scene: Scene, engine: Engine) -> Line:
    word, role = scene.glyphs.state(engine.state)
    cost = engine.usd_per_million_tokens
    queue = f"{_number(engine.running)}+{_number(engine.waiting)}"
    cells = (
        Cell(engine.name),
        Cell(word, role),
        Cell(steady_rate(engine.input_tokens_per_second)),
        Cell(steady_rate(engine.output_tokens_per_second)),
        Cell(queue),
        Cell(percent(engine.kv_usage_ratio)),
        Cell(percent(engine.prefix_cache_hit_ratio)),
        Cell(fine(cost.allocation), "money"),
        Cell(fine(cost.usage), "money"),
        Cell(scene.glyphs.own(_rival(engine.cheapest_api, engine.reason or cost.reason))),
    )
    return row_line(cells, _ENGINES, scene.width, scene.glyphs, selected=False)


def _rival(api: ApiPrice | None, reason: str) -> str:
    if api is None:
        return reason or "none priced"
    return f"{fine(api.usd_per_million_tokens)} {provider_words(api.provider)}" + (f" · {reason}" if reason else "")


def _number(count: int | None) -> str:
    return "?" if count is None else str(count)


def _budget_lines(scene: Scene, status: Status) -> list[Line]:
    if not status.budgets:
        return []
    lines = [title_line(_BUDGETS, scene.width, scene.glyphs)]
    for budget in status.budgets:
        role: Role = {"over": "alarm", "warn": "warn", "unknown": "bad"}.get(budget.state, "plain")  # type: ignore[assignment]  # a dict of literals is a dict of str
        ends = f"runs out {scene.clock(budget.runs_out_at)}" if budget.runs_out_at else ""
        missing = f"without {', '.join(budget.unknown)}" if budget.unknown else ""
        ahead = f"~{short_money(budget.projected_usd)} by the end" if budget.projected_usd is not None else ""
        resets = f"resets {scene.clock(budget.resets_at)}" if budget.resets_at else ""
        whose = "" if budget.scope == "everything" else budget.scope
        more = "≥" if budget.unknown and budget.used_usd is not None else ""
        cells = (
            Cell(budget.name),
            Cell(f"a {budget.window}"),
            Cell(scene.glyphs.own(more) + short_money(budget.used_usd), "money"),
            Cell(short_money(budget.limit_usd), "money"),
            Cell(percent(budget.used_ratio)),
            Cell(scene.glyphs.own(" · ".join(part for part in (whose, ends, ahead, missing, resets) if part)), role),
        )
        lines.append(row_line(cells, _BUDGETS, scene.width, scene.glyphs, selected=False))
    return lines


_LEVELS: dict[str, tuple[str, Role]] = {"critical": ("!!", "alarm"), "warn": ("!", "warn"), "info": ("-", "plain")}


def level_of(level: str) -> tuple[str, Role]:
    """Sign and role of a warning's level."""
    return _LEVELS.get(level, ("!", "warn"))


def _warning_lines(scene: Scene, status: Status) -> list[Line]:
    if not status.warnings:
        return []
    ranked = sorted(status.warnings, key=lambda warn: list(_LEVELS).index(warn.level) if warn.level in _LEVELS else 1)
    sign, role = level_of(ranked[0].level)
    more = f"  {len(ranked) - 1} more: w " if len(ranked) > 1 else ""
    room = max(scene.width - len(sign) - 2 - len(more), 0)
    text = cropped(scene.glyphs.own(ranked[0].text), room, scene.glyphs.ellipsis)
    return [(Run(f" {sign} ", role), Run(text), Run(more, "dim"))]

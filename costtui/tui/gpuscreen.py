"""Screen 2: one line per GPU with its readings, and below them all about the selected one."""

from costtui.report.schema import Gpu, Status
from costtui.report.words import duration, money, percent
from costtui.tui.figures import gib, kilowatt_hours, steady_watts, sum_of
from costtui.tui.groups import Group, single
from costtui.tui.line import Line, Role, Row, Run, wrapped
from costtui.tui.overview import Body, holders, serves
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

_SPARK_FROM = 100
"""Screen width from which ten minutes fit beside the readings in cells of twenty seconds."""
_FULL_SPARK_FROM = 150
"""The same in cells of ten seconds."""


def _columns(width: int) -> tuple[Column, ...]:
    spark = 0 if width < _SPARK_FROM else 60 if width >= _FULL_SPARK_FROM else 30
    return (
        Column("GPU", 3),
        Column("state", 13),
        Column("util", 4, right=True, least=30),
        Column("cap", 4, right=True, least=64),
        Column("GB", 7, right=True, least=50),
        Column("W", 4, right=True, least=50),
        Column("°C", 3, right=True, least=56),
        Column("kWh", 5, right=True, least=70),
        Column("$/h", 6, right=True, least=40),
        Column("10 minutes", max(spark, 1), least=_SPARK_FROM),
        Column("held by", 0),
    )


def gpu_screen(scene: Scene, status: Status, height: int, selected: str | None) -> Body:
    """The body in `height` lines; details take what the rows leave."""
    groups = single(status, scene.choices)
    current = next((group for group in groups if group.key == selected), groups[0] if groups else None)
    columns = _columns(scene.width)
    rows: list[Row] = []
    for group in groups:
        rows.append(Row(_line(scene, group, columns, group is current), group.key))
        rows += [Row(line) for line in _slices(group.gpus[0])]
    if not rows:
        rows = [Row((Run(" no GPU matches the filter" if scene.choices.needle else " no GPU seen", "dim"),))]
    title = title_line(columns, scene.width, scene.glyphs)
    room = height - 2 - len(rows)
    below = tuple(_details(scene, current)[: max(room, 0)]) if current is not None else ()
    return Body((_models_line(scene, status), title), tuple(rows), below)


def _models_line(scene: Scene, status: Status) -> Line:
    """Model and rate, once, because they repeat on every row."""
    kinds: dict[tuple[str, str], int] = {}
    for gpu in status.gpus:
        rate = "? $/h" if gpu.usd_per_hour is None else f"{money(gpu.usd_per_hour)} $/h {gpu.rate_source}"
        kinds[gpu.name, rate] = kinds.get((gpu.name, rate), 0) + 1
    texts = [f"{count} x {name} at {rate}" for (name, rate), count in kinds.items()]
    driver = f" · driver {status.host.driver}" if status.host.driver else ""
    text = wrapped(scene.glyphs.own(f"{'; '.join(texts)}{driver}"), scene.width)[0]
    return (Run(text, "strong"),)


def _line(scene: Scene, group: Group, columns: tuple[Column, ...], selected: bool) -> Line:
    gpu = group.gpus[0]
    word, role = scene.glyphs.state(gpu.state)
    spark = columns[9].width
    used = f"{gib(gpu.memory_used_bytes)}/{gib(gpu.memory_total_bytes)}"
    cells = (
        Cell(str(gpu.index), "strong"),
        Cell(word, role),
        Cell("?" if gpu.utilization_percent is None else f"{gpu.utilization_percent // 5 * 5}%"),
        Cell("-" if gpu.capacity_ratio is None else percent(gpu.capacity_ratio)),
        Cell(used),
        Cell(steady_watts(gpu.power_watts)),
        Cell("?" if gpu.temperature_celsius is None else str(gpu.temperature_celsius // 2 * 2)),
        Cell(kilowatt_hours(gpu.energy_joules_today)),
        Cell(money(gpu.usd_per_hour), "money"),
        Cell(scene.glyphs.spark(scene.histories.get(gpu.uuid, ()), spark), "good"),
        Cell(scene.glyphs.own(holders(group) or gpu.reason or "-")),
    )
    return row_line(cells, columns, scene.width, scene.glyphs, selected=selected)


def _slices(gpu: Gpu) -> list[Line]:
    return [
        (
            Run(
                f"     MIG {part.name}  {gib(part.memory_used_bytes)}/{gib(part.memory_total_bytes)} GB  {part.uuid}",
                "dim",
            ),
        )
        for part in gpu.mig
    ]


def _details(scene: Scene, group: Group) -> list[Line]:
    """All about the selected GPU, most wanted first."""
    gpu, spark = group.gpus[0], 60 if scene.width > 70 else 30
    texts = [
        f"GPU {gpu.index}  {gpu.name}  {gpu.uuid}",
        f"{serves(scene, group)}",
        f"rate {_rate(gpu)}",
        f"today: rent {money(gpu.rent_usd_today)} $ · idle {sum_of([gpu.idle_usd_today])} $ in "
        f"{duration(gpu.idle_seconds_today)} · lost {money(gpu.lost_usd_today)} $",
        f"time:  {_time_by_state(gpu)}",
        f"reads: {_readings(gpu)}",
        *(
            []
            if scene.width >= _SPARK_FROM
            else [f"10 min {scene.glyphs.spark(scene.histories.get(gpu.uuid, ()), spark)}"]
        ),
        *_processes(gpu),
    ]
    lines: list[Line] = [(Run("", "plain"),)]
    for position, text in enumerate(texts):
        role: Role = "strong" if position == 0 else "plain"
        pieces = wrapped(scene.glyphs.own(text), max(scene.width, 1), "       ")
        lines.extend((Run(piece, role),) for piece in pieces)
    return lines


def _rate(gpu: Gpu) -> str:
    if gpu.usd_per_hour is None:
        return f"unknown: {gpu.rate_note or 'no contract and no list price for this GPU'}"
    note = f" ({gpu.rate_note})" if gpu.rate_note else ""
    return f"{money(gpu.usd_per_hour)} $/h, {gpu.rate_source}{note}"


def _time_by_state(gpu: Gpu) -> str:
    return " · ".join(f"{state} {duration(seconds)}" for state, seconds in gpu.seconds_today.items() if seconds >= 1)


def _readings(gpu: Gpu) -> str:
    missing = [
        name
        for name, value in (
            ("utilisation", gpu.utilization_percent),
            ("memory", gpu.memory_used_bytes),
            ("power", gpu.power_watts),
            ("temperature", gpu.temperature_celsius),
            ("energy", gpu.energy_joules_today),
        )
        if value is None
    ]
    if not missing:
        return "all of them"
    return f"without {', '.join(missing)}: {gpu.reason or 'the driver does not say'}"


def _processes(gpu: Gpu) -> list[str]:
    if gpu.processes is None:
        return ["processes: ? the list could not be read"]
    return [
        f"pid {process.pid}  {process.owner or '?'}  {gib(process.memory_bytes)} GB  "
        f"{process.command or process.reason or '?'}"
        for process in gpu.processes
    ]

"""The map of idle hours: what each hour of the week cost while nobody asked, and which GPUs it was."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from costtui.analysis.idle_hours import DAYS, HOURS, IdleSum, band
from costtui.domain.money import NanoUsd
from costtui.report.idle import by_model, pause_words
from costtui.report.money import usd
from costtui.report.words import count, duration, money
from costtui.tui.line import Line, Role, Row, Run, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

if TYPE_CHECKING:
    from costtui.report.idle import IdleGpu, IdleReport

NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHADES, PLAIN = " ·░▒▓█", " .:-=#"
ROLES: tuple[Role, ...] = ("plain", "dim", "plain", "low", "warn", "bad")
BANDS = 5
_GPUS = (
    Column("GPU", 4),
    Column("idle", 8, right=True),
    Column("idle $", 10, right=True),
    Column("since", 9, right=True),
    Column("serves", 20, least=60),
    Column("would have bought", 0, least=76),
)


def idle_map(scene: Scene, found: "IdleReport") -> Body:
    """Seven days by 24 hours above, GPUs below, dearest idle first."""
    if not found.gpus:
        return Body((), (Row((Run(" no GPU was ever seen here: costtui agent start", "dim"),)),))
    rows = tuple(
        Row(_gpu_line(scene, gpu, found.to_ms, chosen=_key(gpu) == _chosen(scene, found)), _key(gpu))
        for gpu in found.gpus
    )
    above = (_head(found), *_map(scene, found), (), title_line(_GPUS, scene.width, scene.glyphs))
    told = [*pause_words(found), *_models(found)]  # the last stays where there is no room for all
    notes = [line for text in told for line in wrapped(scene.glyphs.own(text), max(scene.width - 1, 1))]
    return Body(above, rows, ((), *((Run(note, "dim"),) for note in notes)))


def _models(found: "IdleReport") -> list[str]:
    models = by_model(found)
    sums = (f"{model.rsplit('/', 1)[-1] or 'no model'} {_amount(each)} $" for model, each in models.items())
    return [f"by model: {'; '.join(sums)}"] if any(models) else []


def _amount(each: IdleSum) -> str:
    return "?" if each.idle_ms and each.unknown_ms == each.idle_ms else money(usd(each.nano))


def _key(gpu: "IdleGpu") -> str:
    return f"gpu:{gpu.index}"


def _chosen(scene: Scene, found: "IdleReport") -> str:
    keys = [_key(gpu) for gpu in found.gpus]
    return scene.choices.selected if scene.choices.selected in keys else keys[0]


def _head(found: "IdleReport") -> Line:
    whole, span = found.whole, duration((found.to_ms - found.from_ms) // 1000)
    unknown = f", {duration(whole.unknown_ms // 1000)} of it at no known rate" if whole.unknown_ms else ""
    text = f" {money(usd(whole.nano))} $ idle in {span}, {duration(whole.idle_ms // 1000)} of GPU time{unknown}"
    return (Run(text, "strong"),)


def _map(scene: Scene, found: "IdleReport") -> list[Line]:
    wide = 3 if scene.width >= 96 else 2 if scene.width >= 66 else 1
    most = max((each.nano for each in found.hours.values()), default=NanoUsd(0))
    named = 3 if wide == 1 else 2
    hours = "".join(f"{hour:<{wide * named}}" for hour in range(0, HOURS, named))
    lines: list[Line] = [(Run(f"     {hours}", "head"), Run("      $", "head"))]
    for day in range(DAYS):
        cells = [found.hours.get((day, hour), IdleSum()).nano for hour in range(HOURS)]
        whole = money(usd(NanoUsd(sum(cells))))
        drawn = [_cell(scene, band(nano, most, BANDS), wide) for nano in cells]
        lines.append((Run(f" {NAMES[day]} ", "plain"), *drawn, Run(f" {whole:>9}", "money")))
    return [*lines, _legend(scene, most)]


def _cell(scene: Scene, number: int, wide: int) -> Run:
    sign = _signs(scene)[number]
    return Run(sign * max(wide - 1, 1) + " " * min(wide - 1, 1), ROLES[number])


def _signs(scene: Scene) -> str:
    return PLAIN if scene.glyphs.ascii_only else SHADES


def _legend(scene: Scene, most: NanoUsd) -> Line:
    """Up to what each shade stands for."""
    if not most:
        return (Run(" no idle hour has a known rate", "dim"),)
    runs = [Run(" $ an hour of the week:", "dim")]
    for number in range(1, BANDS + 1):
        upto = money(usd(NanoUsd(most * number // BANDS)))
        runs += [Run(f"  {_signs(scene)[number]}", ROLES[number]), Run(f" to {upto}", "dim")]
    return tuple(runs)


def _gpu_line(scene: Scene, gpu: "IdleGpu", now_ms: int, *, chosen: bool) -> Line:
    amount = _amount(gpu.sum)
    since = "-"
    if gpu.since_ms is not None:
        began = datetime.fromtimestamp(gpu.since_ms / 1000, UTC).astimezone(scene.zone)
        since = f"{began:%a %H:%M}" if now_ms - gpu.since_ms < 7 * 86_400_000 else f"{began:%d %b}"
    bought = "" if gpu.bought_tokens is None else f"{count(gpu.bought_tokens)} output tokens at {gpu.seller}"
    cells = (
        Cell(str(gpu.index)),
        Cell(duration(gpu.sum.idle_ms // 1000)),
        Cell(amount, "money"),
        Cell(since, "warn" if gpu.since_ms is not None else "plain"),
        Cell(gpu.serves.rsplit("/", 1)[-1] or gpu.name),
        Cell(bought, "dim"),
    )
    return row_line(cells, _GPUS, scene.width, scene.glyphs, selected=chosen)

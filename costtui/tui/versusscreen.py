"""Screen 5: own GPUs against prices by the token: where they cross, what one may try, and the bill behind it."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from costtui.analysis.breakeven import DAYS_PER_MONTH, MILLION, Own
from costtui.analysis.breakeven_standing import OBJECTIVE, QUALITY, Against, Standing, Way, standing_of
from costtui.report.verdict import Situation
from costtui.report.verdict_steps import STEPPED, stepped
from costtui.report.verdict_words import dollars, mega, plain, verdict
from costtui.report.words import fine, percent
from costtui.tui.line import Line, Role, Row, Run, cropped, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line
from costtui.tui.tcoscreen import tco_screen
from costtui.tui.versuschart import Axes, Curve, Mark, chart

_WAYS = (
    Column("TODAY'S VOLUME BY", 25),
    Column("GPUs", 4, right=True, least=66),
    Column("$/month", 10, right=True),
    Column("$/Mtok", 7, right=True),
    Column("needs Mtok/day", 14, right=True),
    Column("of cap", 6, right=True, least=90),
    Column("own saves $", 11, right=True, least=100),
    Column("own GPUs", 0),
)
_TRY = (
    Column("TRY + -", 18),
    Column("value", 12, right=True),
    Column("unit", 14, least=70),
    Column("source", 10),
    Column("", 0),
)
_WORDS = {
    "volume": "volume",
    "utilisation": "utilisation",
    "gpus": "GPUs",
    "usd-per-gpu-hour": "price of a GPU",
    "fte": "staff",
    "price": "against",
    "model": "model",
}
_ROLES: dict[str, Role] = {"pays now": "good", "never": "bad", "not yet": "warn"}
ASSUMED = "assumed: equal quality, and your latency objective held at full load"
_HEAD_LINES = 3
_LEAST_CHART = 6


def versus_screen(scene: Scene, room: int) -> Body:
    """The body; `+` and `-` move the selected number, `g` turns to the bill, `l` to logarithms."""
    found = scene.situation
    if found is None:
        text = " what this host knows is read from a state directory and a configuration: one of them cannot be read"
        return Body((), (Row((Run(text, "dim"),)),))
    if scene.choices.page == "bill":
        return tco_screen(scene, found)
    standing = standing_of(stepped(found, dict(scene.choices.steps)))
    rows = [*_tries(scene, found, standing), *_table(scene, standing)]
    told = (ASSUMED, *(text for text in standing.caveats if text not in (QUALITY, OBJECTIVE)))
    notes = [line for text in told for line in wrapped(scene.glyphs.own(text), max(scene.width, 1))]
    high = max(room - _HEAD_LINES - len(rows) - 1, _LEAST_CHART)
    if scene.height < 20:
        high = 0
    above = (*_head(scene, standing), *_drawn(scene, standing, high))
    return Body(above, (*rows, *(Row((Run(note, "dim"),)) for note in notes)))


def _head(scene: Scene, standing: Standing) -> list[Line]:
    setting = standing.setting
    more = scene.glyphs.own("≥") if setting.left_out and standing.usd_per_month is not None else ""
    where = f"{setting.model.rsplit('/', 1)[-1]} on {plain(setting.value('gpus'))} GPUs"
    cost = f"{more}{dollars(standing.usd_per_month)} $/month, makes {mega(standing.capacity_tokens_per_day)} Mtok/day"
    used = f"today {mega(standing.volume_per_day)}, {percent(standing.utilisation)} of that"
    first = (Run(f" {cropped(where, 34)}: ", "strong"), Run(f"{cost}; {used}"))
    if not standing.against or scene.situation is None:
        return [first, (Run(" no price to replace is known", "dim"),)]
    chosen = standing.against[0]
    role = _ROLES.get(chosen.word, "plain")
    said = verdict(chosen, standing, scene.situation.at_ms)
    needs = f" ({mega(chosen.tokens_per_day)} Mtok/day, {percent(chosen.utilisation)})" if chosen.tokens_per_day else ""
    return [first, (Run(f" against {chosen.price.name}, {fine(chosen.blended)} $/Mtok: "), Run(f"{said}{needs}", role))]


def _drawn(scene: Scene, standing: Standing, height: int) -> list[Line]:
    own = standing.setting.own
    if height < _LEAST_CHART or own is None or not standing.against:
        return []
    chosen = standing.against[0]
    bought = Curve(chosen.price.name, "warn", "/", _bought(chosen))
    curves = [Curve("own GPUs", "good", "=", _timed(own)), bought]
    endpoint = standing.setting.endpoint
    if endpoint is not None:
        curves.append(Curve("endpoint", "other", "-", _timed(endpoint)))
    axes = _axes(standing, chosen, logarithmic=scene.choices.logarithmic)
    marks = []
    if standing.volume_per_day is not None:
        text = f"today {mega(standing.volume_per_day)}"
        marks.append(Mark(_millions(standing.volume_per_day), "^", text, "key"))
    if chosen.tokens_per_day is not None:
        sign = "x" if scene.glyphs.ascii_only else "╳"
        marks.append(Mark(_millions(chosen.tokens_per_day), sign, f"from {mega(chosen.tokens_per_day)}", "strong"))
    return chart(curves, axes, marks, (scene.width, height), ascii_only=scene.glyphs.ascii_only)


def _axes(standing: Standing, chosen: Against, *, logarithmic: bool) -> Axes:
    """Up to twice the larger of today and break-even; up to capacity where break-even is never."""
    volumes = [each for each in (standing.volume_per_day, chosen.tokens_per_day) if each]
    if chosen.word == "never" or not volumes:
        volumes.append((standing.capacity_tokens_per_day or MILLION) * Decimal("0.6"))
    most = _round_up(_millions(max(volumes)) * 2)
    least = min([_millions(min(volumes)) / 4, most / 100]) if logarithmic else 0.0
    return Axes(least, most, logarithmic)


def _round_up(millions: float) -> float:
    """To one digit and a half, so that the axis stays where it is while the volume creeps."""
    unit = 10.0 ** (len(str(int(max(millions, 1)))) - 1)
    return next(step * unit for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * unit >= millions or step == 10)


def _millions(tokens: Decimal) -> float:
    return float(tokens / MILLION)


def _timed(own: Own) -> Callable[[float], float]:
    return lambda volume: float(own.usd_for(Decimal(volume) * MILLION * DAYS_PER_MONTH))


def _bought(each: Against) -> Callable[[float], float]:
    return lambda volume: float(each.blended) * volume * float(DAYS_PER_MONTH)


def _short(name: str) -> str:
    return name.rsplit(" ", 1)[-1]


def _tries(scene: Scene, found: Situation, standing: Standing) -> list[Row]:
    keys = [f"try:{name}" for name in STEPPED if name != "model" or len(found.served) > 1]
    current = scene.choices.selected if scene.choices.selected in keys else keys[0]
    rows = [Row(title_line(_TRY, scene.width, scene.glyphs))]
    for key in keys:
        cells = _try_cells(scene, standing, key.removeprefix("try:"))
        rows.append(Row(row_line(cells, _TRY, scene.width, scene.glyphs, selected=key == current), key))
    return rows


def _try_cells(scene: Scene, standing: Standing, name: str) -> Sequence[Cell]:
    own = scene.glyphs.own
    steps = dict(scene.choices.steps).get(name, 0)
    tried: Role = "key" if steps else "plain"
    if name == "utilisation":
        said = ("what-if" if steps else "", "of what the GPUs can make")
        return (Cell(_WORDS[name]), Cell(percent(standing.utilisation), tried), Cell("of capacity"), *map(Cell, said))
    if name == "price":
        first = standing.against[0] if standing.against else None
        shown = "?" if first is None else fine(first.blended)
        who = "" if first is None else f"{first.price.name} {first.price.source}"
        return (
            Cell(_WORDS[name]),
            Cell(shown, tried),
            Cell("$/Mtok"),
            Cell("what-if" if steps else ""),
            Cell(own(who)),
        )
    if name == "model":
        return (Cell(_WORDS[name]), Cell(_short(standing.setting.model), tried), Cell(""), Cell(""), Cell(""))
    each = standing.setting.inputs[name]
    value = mega(each.value) if name == "volume" else plain(each.value)
    unit = "Mtok/day" if name == "volume" else each.unit
    return (Cell(_WORDS[name]), Cell(value, tried), Cell(unit), Cell(each.source.value), Cell(own(each.note)))


def _table(scene: Scene, standing: Standing) -> list[Row]:
    """The three ways; on a low screen the drawn price alone."""
    against = {each.price.name: each for each in standing.against}
    drawn = standing.against[0].price.name if standing.against else ""
    ways = [way for way in standing.ways if scene.height >= 30 or way.name not in against or way.name == drawn]
    rows = [Row(title_line(_WAYS, scene.width, scene.glyphs))]
    return [*rows, *(Row(_way_line(scene, standing, way, against.get(way.name))) for way in ways)]


def _word(standing: Standing, each: Against) -> str:
    """`never` is said of the GPUs that there are: more of them may carry what is fixed."""
    if each.word != "never" or each.stair is None:
        return each.word
    return f"never with {plain(standing.setting.value('gpus'))}; {each.stair.gpus} would"


def _way_line(scene: Scene, standing: Standing, way: Way, each: Against | None) -> Line:
    needs = "-" if each is None else "never" if each.word == "never" else mega(each.tokens_per_day)
    role = _ROLES.get(each.word, "plain") if each else "plain"
    cells = (
        Cell(way.name, "strong" if each is None else "plain"),
        Cell("-" if way.gpus is None else str(way.gpus)),
        Cell(dollars(way.usd_per_month), "money"),
        Cell(fine(way.usd_per_million), "money"),
        Cell(needs),
        Cell("-" if each is None else percent(each.utilisation)),
        Cell("-" if each is None else dollars(each.saves_usd_per_month), "money"),
        Cell(scene.glyphs.own(way.note if each is None else _word(standing, each)), role),
    )
    return row_line(cells, _WAYS, scene.width, scene.glyphs, selected=False)

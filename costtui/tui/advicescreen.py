"""Screen 9: what to do about it, what came of what was done, and the map of idle hours behind it."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from costtui.report.followed import command_of, words
from costtui.report.money import usd
from costtui.report.words import duration, money
from costtui.tui.asked import key_of
from costtui.tui.idlemap import idle_map
from costtui.tui.line import Line, Role, Row, Run, wrapped
from costtui.tui.overview import Body
from costtui.tui.scene import Scene
from costtui.tui.table import Cell, Column, row_line, title_line

if TYPE_CHECKING:
    from costtui.analysis.advice import Advice
    from costtui.report.advised import Guidance

_COLUMNS = (
    Column("$/month", 11, right=True),
    Column("sure", 6),
    Column("about", 14, least=70),
    Column("what to do about it", 0),
)
_SURE: dict[str, Role] = {"high": "good", "medium": "plain", "low": "dim"}
UNREAD = " advice is read from a state directory and a configuration: one of them cannot be read"
NOTHING = (
    " nothing that the figures of the last week support. It takes GPUs whose rent is known, or traffic through"
    " `costtui gateway` with known prices; a day of either says something, a week says it with confidence"
)


def advice_screen(scene: Scene, selected: str | None) -> Body:
    """The body; what the selected row is worth believing stands below, or under the row once it is opened."""
    found = scene.guidance
    if found is None:
        return Body((), (Row((Run(UNREAD, "dim"),)),))
    if scene.choices.hours:
        return idle_map(scene, found.idle)
    keys = [key_of(each) for each in found.advice] + [f"followed:{place}" for place in range(len(found.followed))]
    current = selected if selected in keys else next(iter(keys), None)
    if current is None:
        return Body((), tuple(Row(line) for line in _told(scene, NOTHING)))
    rows: list[Row] = []
    for each in found.advice:
        key = key_of(each)
        rows.append(Row(_line(scene, each, chosen=key == current), key))
        if key in scene.choices.expanded:
            rows += [Row(line) for line in _why(scene, each)]
    rows += _followed(scene, found, current)
    chosen = {key_of(each): each for each in found.advice}.get(current)
    detail = [] if chosen is None or current in scene.choices.expanded else [(), *_why(scene, chosen)]
    return Body((title_line(_COLUMNS, scene.width, scene.glyphs),), tuple(rows), (*detail, *_last(scene, found)))


def _line(scene: Scene, each: "Advice", *, chosen: bool) -> Line:
    cells = (
        Cell("?" if each.month_nano is None else money(usd(each.month_nano)), "money"),
        Cell(each.confidence, _SURE[each.confidence]),
        Cell(each.subject.rsplit("/", 1)[-1]),
        Cell(scene.glyphs.own(each.action)),
    )
    return row_line(cells, _COLUMNS, scene.width, scene.glyphs, selected=chosen)


def _why(scene: Scene, each: "Advice") -> list[Line]:
    lines = [*_told(scene, f"{each.subject}: {each.action}", "plain"), *_told(scene, each.arithmetic)]
    command = command_of(each)
    return [*lines, *_told(scene, command, "key")] if command else lines


def _followed(scene: Scene, found: "Guidance", current: str | None) -> list[Row]:
    """What was promised and what came of it; the selected one with how that was worked out."""
    rows = [Row(()), Row((Run(" FOLLOWED", "head"),))] if found.followed else []
    for place, each in enumerate(found.followed):
        key = f"followed:{place}"
        since = datetime.fromtimestamp(each.since_ms / 1000, UTC).astimezone(scene.zone)
        first, second = words(each, f"{since:%a %d %b %H:%M}")
        wrong = each.saved_nano is not None and each.saved_nano < 0
        marker = scene.glyphs.marker if key == current else " "
        rows.append(Row((Run(marker, "strong"), Run(scene.glyphs.own(f" {first}"), "warn" if wrong else "plain")), key))
        if key == current:
            rows += [Row(line) for line in _told(scene, second)]
    return rows


def _last(scene: Scene, found: "Guidance") -> list[Line]:
    span = duration(found.watched_ms // 1000)
    return _told(scene, f"from {span} of figures; amounts that touch the same traffic do not add up")[:1]


def _told(scene: Scene, text: str, role: Role = "dim") -> list[Line]:
    return [(Run(piece, role),) for piece in wrapped(scene.glyphs.own(text.strip()), max(scene.width - 1, 1))]

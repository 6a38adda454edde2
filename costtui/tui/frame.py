"""A scene becomes exactly as many lines as the screen has."""

from dataclasses import dataclass

from costtui.tui.budgetscreen import budget_screen
from costtui.tui.gpuscreen import gpu_screen
from costtui.tui.header import cut, header
from costtui.tui.line import Line, Row, Run, cropped, plain_text
from costtui.tui.modal import laid_over, modal
from costtui.tui.overview import Body, overview
from costtui.tui.requestscreen import request_screen
from costtui.tui.routescreen import route_screen
from costtui.tui.scene import Scene
from costtui.tui.spendscreen import spend_screen
from costtui.tui.texts import absent_screen, help_screen, sources_screen, warnings_screen

_TABLES = ("overview", "gpus")


@dataclass(frozen=True, slots=True)
class Frame:
    """Lines of the whole screen and the row that each may stand for."""

    lines: tuple[Line, ...]
    keys: tuple[str | None, ...]
    """Row key per line of the screen."""
    order: tuple[str, ...]
    """All keys that can be selected, also those scrolled away."""
    cursor_y: int
    """Line of the selected row, where the terminal's cursor rests."""


def framed(scene: Scene) -> Frame:
    """The frame of a scene, whatever its size."""
    head = header(scene)[: scene.height]
    bar = (_key_bar(scene),) if scene.height > len(head) + 1 else ()
    room = max(scene.height - len(head) - len(bar), 0)
    body = _keyed(_aged(_body(scene, room), scene))
    order = tuple(row.key for row in body.rows if row.key is not None)
    selected = scene.choices.selected if scene.choices.selected in order else (order[0] if order else None)
    above = body.above[:room] if room > len(body.above) else ()
    below = body.below[: max(room - len(above) - 1, 0)]
    window = max(room - len(above) - len(below), 0)
    if window < len(body.rows) and body.below:
        keep = body.below[-1:] if room > len(above) + 3 else ()
        below, window = keep, max(room - len(above) - len(keep), 0)
    rows = _window(body.rows, selected, window)
    blank = tuple(Row(()) for _ in range(window - len(rows)))
    placed = [
        *(Row(line) for line in (*head, *above)),
        *rows,
        *(Row(line) for line in below),
        *blank,
        *(Row(line) for line in bar),
    ]
    keys = tuple(row.key for row in placed)
    lines = tuple(cut(row.line, scene.width, scene.glyphs.ellipsis) for row in placed)
    cursor = keys.index(selected) if selected in keys else min(len(head), max(scene.height - 1, 0))
    if scene.form is not None:
        lines = laid_over(lines, modal(scene, scene.form), len(head))
        lines = tuple(cut(line, scene.width, scene.glyphs.ellipsis) for line in lines)
    return Frame(lines[: scene.height], keys[: scene.height], order, cursor)


def text_of(frame: Frame) -> str:
    """The frame as plain text."""
    return "\n".join(plain_text(line) for line in frame.lines) + "\n"


def _body(scene: Scene, room: int) -> Body:
    status, view = scene.status, scene.choices.view
    if view == "help":
        return help_screen(scene)
    if status is None:
        return absent_screen(scene)
    if view == "warnings":
        return warnings_screen(scene, status)
    if view == "sources":
        return sources_screen(scene, status)
    if view == "routes":
        return route_screen(scene, status, scene.choices.selected)
    if view == "spend":
        return spend_screen(scene, scene.choices.selected)
    if view == "versus":
        from costtui.tui.versusscreen import versus_screen  # with its chart: 35 ms that no other screen needs

        return versus_screen(scene, room)
    if view == "bills":
        from costtui.tui.billscreen import bill_screen

        return bill_screen(scene, scene.choices.selected)
    if view == "advice":
        from costtui.tui.advicescreen import advice_screen

        return advice_screen(scene, scene.choices.selected)
    if view == "budgets":
        return budget_screen(scene, status, scene.choices.selected)
    if view == "requests":
        return request_screen(scene, scene.choices.selected)
    draw = gpu_screen if view == "gpus" else overview
    return draw(scene, status, room, scene.choices.selected)


def _aged(body: Body, scene: Scene) -> Body:
    """Figures that nobody renews are drawn faint; the header says of when they are."""
    if scene.status is None or scene.status.agent.state == "running" or scene.choices.view == "help":
        return body
    rows = tuple(Row(_faint(row.line), row.key) for row in body.rows)
    return Body(tuple(map(_faint, body.above)), rows, tuple(map(_faint, body.below)))


def _faint(line: Line) -> Line:
    return tuple(Run(run.text, "old") for run in line)


def _keyed(body: Body) -> Body:
    """Text is read line by line: where no row stands for a thing, every line can be selected."""
    if body.above:
        return body
    rows = tuple(Row(row.line, f"line {number}") for number, row in enumerate(body.rows))
    return Body(body.above, rows, body.below)


def _window(rows: tuple[Row, ...], selected: str | None, height: int) -> tuple[Row, ...]:
    place = next((index for index, row in enumerate(rows) if row.key is not None and row.key == selected), 0)
    start = max(min(place - height // 2, len(rows) - height), 0)
    return rows[start : start + height]


def _key_bar(scene: Scene) -> Line:
    choices = scene.choices
    if choices.editing:
        return (Run(" filter: ", "key"), Run(f"{choices.needle}_"), Run("   enter keep   esc drop", "dim"))
    if scene.notice:
        return (Run(cropped(f" {scene.glyphs.own(scene.notice)}", scene.width, scene.glyphs.ellipsis), "key"),)
    return tuple(run for key, word in _offered(scene) for run in (Run(f" {key}", "key"), Run(f" {word}", "dim")))


def _offered(scene: Scene) -> list[tuple[str, str]]:
    """Keys worth naming here, the most wanted first; numbers name themselves where there is room."""
    choices, status = scene.choices, scene.status
    carries = status is not None and bool(status.routes)
    pairs = [("?", "help"), ("q", "quit")]
    if scene.back:
        pairs += [("[", "older"), ("]", "newer"), ("0", "now")]
    elif choices.view == "budgets":
        pairs += [("b", "limit"), ("u", "undo")]
    elif carries:
        pairs += [("s", "shift"), ("u", "undo")]
    if choices.view == "spend":
        pairs += [("g", f"by {choices.by}"), ("5", "vs API")]
    if choices.view == "versus":
        pairs += [("g", "bill"), ("+ -", "try"), ("x", "as measured"), ("l", "log")]
    if choices.view == "advice":
        pairs += [("g", "advice" if choices.hours else "idle map")]
        pairs += [] if choices.hours else [("enter", "why"), ("y", "copy")]
    if choices.view == "requests":
        pairs += [("/", "filter"), ("enter", "detail")]
    pairs += [("1", "over"), ("2", "gpu"), ("3", "route"), ("4", "spend"), ("7", "requests"), ("w", "warn")]
    if choices.view in _TABLES:
        order = choices.sort + (" rev" if choices.reverse else "")
        pairs += [("o", f"by {order}"), ("/", "filter")]
    pairs += [
        ("9", "advice"),
        ("8", "bills"),
        ("i", "sources"),
        *([("6", "budget")] if status is not None and status.budgets else []),
    ]
    return pairs if scene.back else [*pairs, ("[", "back")]

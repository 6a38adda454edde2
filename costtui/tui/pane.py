"""The one widget: it draws lines, and sends only the cells that changed."""

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from costtui.tui.frame import Frame
from costtui.tui.line import Line, Role
from costtui.tui.options import ThemeName
from costtui.tui.themes import style_of

GAP_CELLS = 10
"""Unchanged cells that are sent along rather than jumped over: moving the cursor costs 6 to 9 bytes and a new style."""

Cells = list[tuple[str, Role]]


class KeyPressed(Message):
    """A key that the user pressed, for the application to understand."""

    def __init__(self, key: str, character: str | None) -> None:
        super().__init__()
        self.key = key
        self.character = character


class RowPointed(Message):
    """The user clicked a row."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class Scrolled(Message):
    """The user turned the wheel; `lines` is negative upwards."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.lines = lines


class Resized(Message):
    """The room for lines changed."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.width = width
        self.height = height


def cells_of(line: Line) -> Cells:
    """One entry per cell; the second cell of a wide character is empty, a combining mark joins the cell before it."""
    cells: Cells = []
    for run in line:
        for character in run.text:
            size = get_character_cell_size(character)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + character, cells[-1][1])
            elif size:
                cells.append((character, run.role))
                cells.extend([("", run.role)] * (size - 1))
    return cells


def changed_spans(old: Line, new: Line) -> list[tuple[int, int]]:
    """Spans of cells, start and end, that differ; near ones are one, and a wide character is never cut."""
    if old == new:
        return []
    before, after = cells_of(old), cells_of(new)
    width = max(len(before), len(after))
    before += [(" ", "plain")] * (width - len(before))
    after += [(" ", "plain")] * (width - len(after))
    spans: list[tuple[int, int]] = []
    for index in (index for index in range(width) if before[index] != after[index]):
        start, end = _whole(before, after, index)
        if spans and start - spans[-1][1] <= GAP_CELLS:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _whole(before: Cells, after: Cells, index: int) -> tuple[int, int]:
    start, end = index, index + 1
    while start > 0 and "" in (before[start][0], after[start][0]):
        start -= 1
    while end < len(after) and "" in (before[end][0], after[end][0]):
        end += 1
    return start, end


class Pane(Widget, can_focus=True):
    """Draws a `Frame`; everything on it is decided elsewhere."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Pane { width: 1fr; height: 1fr; }"

    frame: reactive[Frame | None] = reactive(None, repaint=False)
    """What to show."""
    theme: reactive[ThemeName] = reactive[ThemeName]("terminal")
    """How to colour it."""

    def watch_frame(self, old: Frame | None, new: Frame | None) -> None:
        """Sends what changed, or everything when the size did."""
        if new is None:
            return
        if old is None or len(old.lines) != len(new.lines):
            self.refresh()
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (was, now) in enumerate(zip(old.lines, new.lines, strict=True))
            for start, end in changed_spans(was, now)
        ]
        if regions:
            self.refresh(*regions)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The strips of `crop`, straight from the frame."""
        return [self._strip(y).crop(crop.x, crop.right) for y in range(crop.y, crop.bottom)]

    def render_line(self, y: int) -> Strip:
        """One full line."""
        return self._strip(y)

    def _strip(self, y: int) -> Strip:
        lines = self.frame.lines if self.frame else ()
        width = self.size.width
        if y >= len(lines):
            return Strip([Segment(" " * width)], width)
        segments = [Segment(run.text, style_of(self.theme, run.role)) for run in lines[y] if run.text]
        used = sum(cell_len(segment.text) for segment in segments)
        return Strip(segments, used).simplify().adjust_cell_length(width)

    def on_resize(self, event: events.Resize) -> None:
        """Asks for lines of the new size."""
        self.post_message(Resized(event.size.width, event.size.height))

    def on_key(self, event: events.Key) -> None:
        """Every key goes to the application as a message."""
        event.stop()
        event.prevent_default()
        self.post_message(KeyPressed(event.key, event.character))

    def on_click(self, event: events.Click) -> None:
        """A click selects the row under it."""
        key = self.frame.keys[event.y] if self.frame and event.y < len(self.frame.keys) else None
        if key is not None:
            self.post_message(RowPointed(key))

    def on_mouse_scroll_down(self) -> None:
        """The wheel moves the selection."""
        self.post_message(Scrolled(1))

    def on_mouse_scroll_up(self) -> None:
        """The wheel moves the selection."""
        self.post_message(Scrolled(-1))

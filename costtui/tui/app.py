"""The terminal application: pictures in, frames out, keys understood."""

import asyncio
import gc
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.geometry import Offset
from textual.reactive import reactive
from textual.screen import Screen

from costtui.errors import CosttuiError
from costtui.report.words import moment
from costtui.tui.asked import Asked
from costtui.tui.feed import SLOT_MS, Feed, History
from costtui.tui.figures import local_now, zone_of
from costtui.tui.form import Kind
from costtui.tui.frame import Frame, framed, text_of
from costtui.tui.glyphs import Glyphs
from costtui.tui.keys import Act, chosen, understood
from costtui.tui.line import plain_text
from costtui.tui.options import THEMES, ScreenOptions, ThemeName
from costtui.tui.pace import Pace
from costtui.tui.pane import KeyPressed, Pane, Resized, RowPointed, Scrolled
from costtui.tui.scene import Choices, Scene
from costtui.tui.steering import Steering
from costtui.tui.steps import stepped
from costtui.tui.terminal import Leaving, TerminalDriver, TerminalGone
from costtui.tui.update import ExactUpdate

if TYPE_CHECKING:
    from costtui.report.schema import Status
    from costtui.tui.archive import Archive
    from costtui.tui.helm import Helm

Clock = Callable[[], int]
"""UTC milliseconds now."""
LOOK_SECONDS = 0.25
MINUTE_MS = 60_000
NOTICE_MS = 5_000


class CosttuiApp(App[int], inherit_bindings=False):
    """The live screen over `feed`; `run()` returns an exit code when the user quits or the terminal goes."""

    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = []
    CSS = "Screen { background: ansi_default; }"

    frame: reactive[Frame | None] = reactive(None, repaint=False)
    """What is on the screen."""
    colours: reactive[ThemeName] = reactive[ThemeName]("terminal", repaint=False)
    """The theme in use."""

    def __init__(
        self,
        feed: Feed,
        clock: Clock,
        options: ScreenOptions | None = None,
        helm: "Helm | None" = None,
        archive: "Archive | None" = None,
    ) -> None:
        self._options = options or ScreenOptions()
        super().__init__(driver_class=TerminalDriver, ansi_color=True)
        self.theme = "ansi-dark"
        self._feed = feed
        self._clock = clock
        self._asked = Asked(archive)
        self._archive = archive
        self._told: set[str] | None = None
        self._past: tuple[int, Status] | None = None
        self._steering = Steering(helm, clock, self._say, self.set_interval)
        self._choices = Choices(mouse=self._options.mouse)
        self._status: Status | None = None
        self._room = (0, 0)
        self._histories: dict[str, History] = {}
        self._slot = -1
        self._notice = ""
        self._notice_until_ms = 0
        self._stale = True
        self._drawn: Scene | None = None
        self._pace = Pace()
        self._leaving: Leaving | None = None
        self.set_reactive(CosttuiApp.colours, self._options.theme or ("mono" if self.no_color else "terminal"))

    def compose(self) -> ComposeResult:
        """One widget; binding hands it what to show."""
        yield Pane().data_bind(frame=CosttuiApp.frame, theme=CosttuiApp.colours)

    def on_mount(self) -> None:
        """First picture, signals, and the look that comes four times a second."""
        if isinstance(self._driver, TerminalDriver):
            loop = asyncio.get_running_loop()
            self._leaving = Leaving(
                lambda code: loop.call_soon_threadsafe(self._end, code), self._driver.restore_at_once
            )
            self._leaving.watch()
            if not self._options.mouse:
                self._driver.take_mouse(False)
        self._status = self._feed.look(self._clock())
        self._room = self.size
        self.draw()
        self.set_interval(LOOK_SECONDS, self.look)
        gc.freeze()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, ExactUpdate.of(renderable) if isinstance(renderable, ChopsUpdate) else renderable)

    def on_unmount(self) -> None:
        """The feed is let go of; the agent is not touched."""
        if self._leaving is not None:
            self._leaving.unwatch()
        self._feed.close()
        if self._archive is not None:
            self._archive.close()

    def _end(self, code: int) -> None:
        self.exit(code, return_code=code)

    def on_terminal_gone(self, message: TerminalGone) -> None:
        """The terminal was closed."""
        message.stop()
        if self._leaving is not None:
            self._leaving.begin(129)

    def look(self) -> None:
        """Draws a new picture if there is one and the terminal has taken the last."""
        now_ms = self._clock()
        undrained = isinstance(self._driver, TerminalDriver) and self._driver.undrained
        if not self._pace.due(now_ms, undrained=undrained) and not (self._stale and not undrained):
            return
        self._status = self._feed.look(now_ms)
        self._ring()
        if self._notice and now_ms >= self._notice_until_ms:
            self._notice = ""
        self.draw()

    def _ring(self) -> None:
        """Once for each alert that begins while the screen is open, where the configuration wants the bell."""
        if self._status is None:
            return
        told = {warn.key for warn in self._status.warnings if warn.level in ("critical", "warn")}
        if self._told is not None and self._status.config.bell and told - self._told:
            self.bell()
        self._told = told

    def draw(self) -> None:
        """Sets the frame of the present scene; the same scene again costs nothing."""
        if isinstance(self._driver, TerminalDriver) and self._driver.undrained and self.frame is not None:
            self._stale = True
            return
        self._stale = False
        scene = self._scene()
        if scene == self._drawn:
            return
        self._drawn = scene
        frame = framed(scene)
        self.cursor_position = Offset(0, frame.cursor_y)
        self.frame = frame

    def _scene(self) -> Scene:
        now_ms = self._clock()
        shown = self._past[1] if self._past is not None else self._status
        if self._choices.view == "gpus":
            self._remember(self._moment(now_ms), shown)
        if shown is not None:
            self._asked.look(self._choices, self._moment(now_ms), shown)
        asked = self._asked
        return Scene(
            status=shown,
            minute_ms=now_ms // MINUTE_MS * MINUTE_MS,
            width=self._room[0],
            height=self._room[1],
            choices=self._choices,
            glyphs=Glyphs(self._options.ascii_only),
            slow_seconds=self._pace.slow_seconds,
            notice=self._notice,
            histories=self._histories,
            back=self._back(),
            spend=asked.spend,
            bills=asked.bills,
            savings=asked.savings,
            guidance=asked.guidance,
            situation=asked.situation,
            requests=asked.requests,
            decided=asked.decided,
            form=self._steering.form,
        )

    def _moment(self, now_ms: int) -> int:
        """The moment that is shown."""
        return now_ms if self._past is None else self._past[0]

    def _back(self) -> str:
        if self._past is None or self._status is None:
            return ""
        return f"{local_now(self._past[0], zone_of(self._status.host.timezone)):%a %d %b %H:%M}"

    def _remember(self, at_ms: int, shown: "Status | None") -> None:
        """Histories are read once per slot."""
        if shown is not None and at_ms // SLOT_MS != self._slot:
            self._slot = at_ms // SLOT_MS
            self._histories = {gpu.uuid: self._feed.history(gpu.uuid, at_ms) for gpu in shown.gpus}

    def on_resized(self, message: Resized) -> None:
        """The frame follows the size."""
        self._room = (message.width, message.height)
        self.draw()

    def on_row_pointed(self, message: RowPointed) -> None:
        """A click selects."""
        self._choose(replace(self._choices, selected=message.key))

    def on_scrolled(self, message: Scrolled) -> None:
        """The wheel moves the selection."""
        if self.frame is not None:
            self._choose(chosen(self._choices, "down" if message.lines > 0 else "up", None, self.frame))

    def on_key_pressed(self, message: KeyPressed) -> None:
        """A key is either a choice of what to see or something to do; an open form takes all of them."""
        if self._steering.form is not None and message.key != "ctrl+c":
            self._steering.key(self._steering.form, message.key, message.character)
            self.draw()
            return
        act = understood(self._choices, message.key, message.character)
        if message.key == "escape" and self._past is not None and not self._choices.editing:
            act = "now"
        if act is not None:
            self._do(act)
        elif self.frame is not None:
            self._choose(chosen(self._choices, message.key, message.character, self.frame))

    def _choose(self, choices: Choices) -> None:
        if choices != self._choices:
            self._choices = choices
            self._notice = ""
            self.draw()

    def _do(self, act: Act) -> None:
        doing: dict[Act, Callable[[], None]] = {
            "quit": lambda: self._end(0),
            "theme": self._next_theme,
            "mouse": self._flip_mouse,
            "copy": self._copy_row,
            "save": self._save,
            "shift": self._shift,
            "pin": lambda: self._open("pin"),
            "drain": lambda: self._open("drain"),
            "budget": lambda: self._open("budget"),
            "undo": lambda: self._steering.undo(self._status, past=self._past is not None),
            "older": lambda: self._look_back(-1),
            "newer": lambda: self._look_back(1),
            "now": self._look_at_now,
        }
        doing[act]()

    def _say(self, text: str, lasting_ms: int = NOTICE_MS) -> None:
        self._notice, self._notice_until_ms = text, self._clock() + lasting_ms
        self.draw()

    def _look_back(self, way: int) -> None:
        """One step into the past, or towards now: a minute at first, six hours where it is days ago."""
        now_ms = self._clock()
        at_ms = stepped(None if self._past is None else self._past[0], now_ms, way)
        if at_ms is None:
            self._look_at_now()
            return
        try:
            if self._archive is None or self._status is None:
                raise CosttuiError("nothing is kept here to look back at")
            self._past = (at_ms, self._archive.picture(at_ms, self._status))
        except CosttuiError as error:
            self._say(str(error))
        self.draw()

    def _look_at_now(self) -> None:
        self._past = None
        self.draw()

    def _pointed(self, kind: Kind) -> str:
        """The route or target under the cursor, on the screen that has them."""
        if kind == "budget":
            return (self._choices.selected or "") if self._choices.view == "budgets" else ""
        if self._choices.view != "routes":
            return ""
        route, _, target = (self._choices.selected or "").partition("/")
        return target if kind == "drain" else route

    def _open(self, kind: Kind) -> None:
        self._steering.open(kind, self._status, self._pointed(kind), past=self._past is not None)
        self.draw()

    def _shift(self) -> None:
        """What the selected advice says, on the screen of advice; else a form for the route under the cursor."""
        advice = self._asked.advice(self._choices)
        if advice is None:
            self._open("shift")
        elif advice.shares:
            from costtui.report.followed import reason_of  # loaded with the advice

            self._steering.propose(
                self._status, advice.route, advice.shares, reason_of(advice), past=self._past is not None
            )
            self.draw()
        else:
            self._say(f"no shift does that: {advice.action}")

    def _next_theme(self) -> None:
        self.colours = THEMES[(THEMES.index(self.colours) + 1) % len(THEMES)]
        self._say(f"theme: {self.colours}")

    def _flip_mouse(self) -> None:
        self._choices = replace(self._choices, mouse=not self._choices.mouse)
        if isinstance(self._driver, TerminalDriver):
            self._driver.take_mouse(self._choices.mouse)
        self._say("the mouse is ours" if self._choices.mouse else "the mouse is the terminal's: select text freely")

    def _copy_row(self) -> None:
        if command := self._asked.command(self._choices):
            self.copy_to_clipboard(command)
            self._say(f"copied {command}")
            return
        if self.frame is not None and 0 <= self.frame.cursor_y < len(self.frame.lines):
            self.copy_to_clipboard(plain_text(self.frame.lines[self.frame.cursor_y]).lstrip(" ▸>"))
            self._say("copied the row")

    def _save(self) -> None:
        at = moment(self._status.at) if self._status else None
        stem = f"costtui-{self._choices.view}-{at:%Y%m%d-%H%M%S}" if at else f"costtui-{self._choices.view}"
        path = (self._options.save_to or Path.cwd()) / stem
        try:
            _write_new(path.with_suffix(".svg"), self.export_screenshot(title="costtui"))
            _write_new(path.with_suffix(".txt"), text_of(self.frame) if self.frame else "")
        except OSError as error:
            self._say(f"not saved: {error.strerror}: {path.parent}; start costtui where you may write")
        else:
            self._say(f"saved {path}.svg and .txt")


def _write_new(path: Path, text: str) -> None:
    """Amounts are private: only the user may read the file, and a link laid in its place is not followed."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)

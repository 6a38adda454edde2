"""The terminal application."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import App

from costtui.tui.feed import Feed
from costtui.tui.options import ScreenOptions

Clock = Callable[[], int]
"""UTC milliseconds now."""


class CosttuiApp(App[int], inherit_bindings=False):
    """The live screen over `feed`; `run()` returns when the user quits or the terminal goes."""

    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False

    def __init__(self, feed: Feed, clock: Clock, options: ScreenOptions | None = None) -> None:
        super().__init__(ansi_color=True)
        self._feed = feed
        self._clock = clock
        self._options = options or ScreenOptions()

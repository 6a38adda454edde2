"""The first frame, on the terminal before Textual is imported: 90 ms after the start instead of 250."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

from costtui.tui.feed import Feed
from costtui.tui.frame import framed
from costtui.tui.glyphs import Glyphs
from costtui.tui.line import Line
from costtui.tui.options import ScreenOptions, ThemeName
from costtui.tui.scene import Choices, Scene

ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[H", "\x1b[?25h\x1b[?1049l"
MINUTE_MS = 60_000


@contextlib.contextmanager
def first_frame(feed: Feed, now_ms: int, options: ScreenOptions) -> Iterator[None]:
    """Show the newest picture while the block gets the real screen ready and runs it.

    What fails in the block, or a signal that finds no other handler yet, gives the terminal back as it was.
    """
    fd = sys.__stderr__.fileno() if sys.__stderr__ is not None else -1
    if fd < 0 or not os.isatty(fd):
        yield
        return
    before = {number: signal.signal(number, _unwind) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        _say(fd, _painted(feed, now_ms, options, os.get_terminal_size(fd)))
        yield
    except BaseException:
        _say(fd, LEAVE)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _unwind(number: int, _frame: FrameType | None) -> None:
    """End by way of every block that is open: what was started has to be stopped, what was made removed."""
    raise SystemExit(128 + number)


def _say(fd: int, text: str) -> None:
    left = text.encode()
    with contextlib.suppress(OSError):
        while left:
            left = left[os.write(fd, left) :]


def _painted(feed: Feed, now_ms: int, options: ScreenOptions, size: os.terminal_size) -> str:
    scene = Scene(
        status=feed.look(now_ms),
        minute_ms=now_ms // MINUTE_MS * MINUTE_MS,
        width=size.columns,
        height=size.lines,
        choices=Choices(mouse=options.mouse),
        glyphs=Glyphs(options.ascii_only),
    )
    theme = options.theme or ("mono" if os.environ.get("NO_COLOR") else "terminal")
    return ENTER + "\r\n".join(_coloured(line, theme) for line in framed(scene).lines)


def _coloured(line: Line, theme: ThemeName) -> str:
    from rich.color import ColorSystem

    from costtui.tui.themes import style_of

    return "".join(style_of(theme, run.role).render(run.text, color_system=ColorSystem.STANDARD) for run in line)

"""The terminal itself: how much it has not taken yet, its mouse, and leaving it as it was found."""

import os
import selectors
import signal
import termios
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from types import FrameType
from typing import IO, Any, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

RESTORE = (
    "\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Undoes everything that starting did: paste and mouse modes, keyboard protocol, other screen, hidden cursor."""
PATIENCE_SECONDS = 0.7
"""How long an orderly end may take after a signal before the process ends anyway."""
LEAVING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class TerminalGone(Message):
    """Nobody is at the other end any more."""


class Outlet:
    """A file that knows whether the terminal has taken everything, and outlives the terminal."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.busy = False
        """True from a write until everything written was taken."""
        self.gone = False

    def write(self, text: str) -> int:
        """Take `text`; nothing is sent before `flush`."""
        self.busy = True
        return 0 if self.gone else self._file.write(text)

    def flush(self) -> None:
        """Send; blocks while the terminal does not read."""
        try:
            if not self.gone:
                self._file.flush()
        except OSError:
            self.gone = True
        self.busy = False

    def fileno(self) -> int:
        """Of the terminal."""
        return self._file.fileno()


class TerminalDriver(LinuxDriver):
    """Textual's driver, with a visible cursor, a mouse that can be let go, and an end when the terminal ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outlet = Outlet(cast("IO[str]", self._file))
        self._file = cast("Any", self.outlet)

    @property
    def undrained(self) -> bool:
        """True while earlier output is still on its way."""
        writer = self._writer_thread
        return self.outlet.busy or (writer is not None and writer._queue.qsize() > 0)

    def start_application_mode(self) -> None:
        """Starts, and shows the cursor: it rests on the selected row, where screen readers look."""
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual leaves it unannotated
        self.write("\x1b[?25h")

    def write(self, data: str) -> None:
        """Hands on, unless nobody would take it."""
        if self._writer_thread is not None and not self.outlet.gone:
            super().write(data)

    def _sigcont_application(self, *arguments: Any) -> None:
        """Comes back only from a stop: a hang-up is followed by SIGCONT too, and must not start the screen again."""
        if self._must_signal_resume:
            super()._sigcont_application(*arguments)

    def take_mouse(self, wanted: bool) -> None:
        """Take the mouse, or leave it to the terminal so that text can be selected."""
        if wanted:
            self._mouse = True
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
            self._mouse = False

    def restore_at_once(self) -> None:
        """The terminal as it was, without waiting for anything."""
        try:
            os.set_blocking(self.outlet.fileno(), False)
            os.write(self.outlet.fileno(), RESTORE.encode())
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            os.set_blocking(self.outlet.fileno(), True)
        except (OSError, termios.error):
            self.outlet.gone = True

    def run_input_thread(self) -> None:
        """Reads keys until told to stop; an end of input is an end of the terminal, never a loop."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(0.1):
                    data = self._read()
                    if not data:
                        self.send_message(TerminalGone())
                        return
                    for event in parser.feed(decode(data)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""


class Leaving:
    """Makes sure that a signal ends the process soon and leaves the terminal in order."""

    def __init__(self, leave: Callable[[int], object], restore: Callable[[], None]) -> None:
        self._leave = leave
        self._restore = restore
        self._before: dict[int, Any] = {}
        self._last_resort: threading.Timer | None = None

    def watch(self) -> None:
        """Take over the signals that end the program."""
        for number in LEAVING_SIGNALS:
            self._before[number] = signal.signal(number, self._on_signal)

    def unwatch(self) -> None:
        """Give the signals back; a last resort that was set stays set."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def begin(self, exit_code: int) -> None:
        """Leave now, in order if possible, by force after a moment."""
        if self._last_resort is None:
            self._last_resort = threading.Timer(PATIENCE_SECONDS, self._force, (exit_code,))
            self._last_resort.daemon = True
            self._last_resort.start()
            self._leave(exit_code)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.begin(128 + number)

    def _force(self, exit_code: int) -> None:
        self._restore()
        os._exit(exit_code)

"""What a terminal program costs: `python -m tests.bench.terminal [--seconds 20 --keys 7] -- COMMAND...`

Runs the command on a pseudo-terminal that answers the usual queries, and prints one JSON object: milliseconds to the
first 40 visible characters, bytes until then settled, bytes a second and CPU of one core in the steady window, memory
of the process tree, milliseconds from `q` to its end. Compare programs within one run, by ratio.
"""

import argparse
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import psutil

ESCAPES = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[P_^X][^\x1b]*\x1b\\|\x1b\[[0-9;?<=>!$ ]*[@-~]|\x1b[()][0-9A-Z]|\x1b."
)
ANSWERS: tuple[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]], ...] = (
    (re.compile(rb"\x1b\[0?c"), lambda _: b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[6n"), lambda _: b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[\?(\d+)\$p"), lambda found: b"\x1b[?%s;2$y" % found.group(1)),
)
WARM_UP_SECONDS = 5.0
SETTLED_SECONDS = 2.0
"""After keys were pressed."""


@dataclass
class Figures:
    """One run of one program."""

    command: str
    first_paint_ms: float | None = None
    startup_bytes: int = 0
    cpu_startup_seconds: float = 0.0
    bytes_per_second: float = 0.0
    repaints_per_second: float = 0.0
    cpu_percent: float = 0.0
    rss_mib: float = 0.0
    quit_ms: float | None = None


class Terminal:
    """A pseudo-terminal with a program in it."""

    def __init__(self, command: list[str], cols: int, rows: int) -> None:
        self.started = time.monotonic()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.environ.setdefault("TERM", "xterm-256color")
            os.execvp(command[0], command)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.process = psutil.Process(self.pid)
        self.bytes = 0
        self.bursts = 0
        self.visible = 0
        self.first_paint: float | None = None
        self._last_byte = 0.0

    def run(self, seconds: float) -> bool:
        """Read and answer for `seconds`; False when the program has ended."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return False
            if not data:
                return False
            self._took(data)
        return True

    def _took(self, data: bytes) -> None:
        now = time.monotonic()
        self.bursts += now - self._last_byte > 0.008
        self._last_byte = now
        self.bytes += len(data)
        for pattern, answer in ANSWERS:
            for found in pattern.finditer(data):
                os.write(self.master, answer(found))
        self.visible += len(ESCAPES.sub(b"", data).replace(b" ", b""))
        if self.first_paint is None and self.visible >= 40:
            self.first_paint = now - self.started

    def cpu_seconds(self) -> float:
        """CPU of the whole process tree so far."""
        total = 0.0
        for process in (self.process, *self.process.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def rss_bytes(self) -> int:
        """Resident memory of the whole process tree."""
        return sum(process.memory_info().rss for process in (self.process, *self.process.children(recursive=True)))

    def quit(self, key: bytes) -> float | None:
        """Milliseconds until the program is gone after `key`; None: it had to be killed."""
        asked = time.monotonic()
        os.write(self.master, key)
        while time.monotonic() - asked < 5:
            self.run(0.01)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                return (time.monotonic() - asked) * 1000
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


def measure(
    command: list[str], *, cols: int, rows: int, seconds: float, keys: bytes = b"", key: bytes = b"q"
) -> Figures:
    """Run `command` once and return its figures; `keys` are pressed before the steady window, `key` ends it."""
    terminal = Terminal(command, cols, rows)
    figures = Figures(" ".join(command))
    terminal.run(WARM_UP_SECONDS)
    figures.first_paint_ms = terminal.first_paint and round(terminal.first_paint * 1000, 1)
    figures.startup_bytes = terminal.bytes
    figures.cpu_startup_seconds = terminal.cpu_seconds()
    if keys:
        os.write(terminal.master, keys)
        terminal.run(SETTLED_SECONDS)
    before = terminal.cpu_seconds()
    terminal.bytes = terminal.bursts = 0
    terminal.run(seconds)
    figures.cpu_percent = round((terminal.cpu_seconds() - before) / seconds * 100, 2)
    figures.bytes_per_second = round(terminal.bytes / seconds, 1)
    figures.repaints_per_second = round(terminal.bursts / seconds, 2)
    figures.rss_mib = round(terminal.rss_bytes() / 2**20, 1)
    figures.quit_ms = terminal.quit(key)
    os.close(terminal.master)
    return figures


def main() -> None:
    """Measure the command given after `--`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cols", type=int, default=120)
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--keys", default="", help="pressed first, such as 3 for the routes")
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    figures = measure(given.command, cols=given.cols, rows=given.rows, seconds=given.seconds, keys=given.keys.encode())
    json.dump(asdict(figures), sys.stdout)
    print()


if __name__ == "__main__":
    main()

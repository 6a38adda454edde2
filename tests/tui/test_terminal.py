"""The screen on a real pseudo-terminal: what it sends, and how it ends."""

import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN_SEQUENCES = re.compile(
    rb"\x1b\[[0-9;]*m"  # colours
    rb"|\x1b\[[0-9;]*H"  # cursor moves
    rb"|\x1b\[\?(?:1000|1003|1004|1006|1015|1016|1049|2004|2026|2048|25|7)(?:[hl]|\$p)"  # modes
    rb"|\x1b\[[<>][0-9;]*u"  # keyboard protocol
    rb"|\x1b\]22;default\x07"  # shape of the pointer
)
PATIENCE_SECONDS = 20.0


@dataclass
class Session:
    """A program on a pseudo-terminal."""

    pid: int
    master: int
    output: bytes = b""

    def read_until(self, wanted: bytes) -> bytes:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while wanted not in self.output and time.monotonic() < deadline:
            self.read()
        assert wanted in self.output, self.output[-500:]
        return self.output

    def read(self) -> None:
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:
                time.sleep(0.01)

    def exit_code(self, *, reading: bool = True) -> int:
        """Of the ended program; negative for a signal."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if reading:
                self.read()
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        raise AssertionError("the program did not end")


@contextmanager
def session(*arguments: str, rows: int = 24, cols: int = 80, module: str = "tests.tui.program") -> Iterator[Session]:
    pid, master = os.forkpty()
    if pid == 0:
        os.chdir(ROOT)
        os.environ.update(TERM="xterm-256color")
        os.execv(sys.executable, [sys.executable, "-m", module, *arguments])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
    running = Session(pid, master)
    try:
        yield running
    finally:
        if running.pid:
            os.kill(running.pid, signal.SIGKILL)
            os.waitpid(running.pid, 0)
        if running.master >= 0:
            os.close(running.master)


def is_restored(output: bytes) -> bool:
    last = {number: output.rfind(b"\x1b[?%d" % number) for number in (1049, 1000, 1003, 1006, 25)}
    return all(
        output[at + 3 :].startswith(b"%d%s" % (number, b"h" if number == 25 else b"l")) for number, at in last.items()
    )


def test_quitting_leaves_the_terminal_as_it_was() -> None:
    with session() as running:
        running.read_until(b"LOST")
        before = termios.tcgetattr(running.master)[3]
        os.write(running.master, b"q")
        assert running.exit_code() == 0
        assert is_restored(running.output)
        assert not before & termios.ECHO
        assert termios.tcgetattr(running.master)[3] & termios.ECHO


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_and_restores_the_terminal(number: signal.Signals) -> None:
    with session() as running:
        running.read_until(b"LOST")
        os.kill(running.pid, number)
        assert running.exit_code() == 128 + number
        assert is_restored(running.output)
        assert b"Traceback" not in running.output


@pytest.mark.parametrize("round_number", range(3))
def test_closing_the_terminal_ends_the_program(round_number: int) -> None:
    with session() as running:
        running.read_until(b"LOST" if round_number else b"\x1b[?1049h")
        os.close(running.master)
        running.master = -1
        assert running.exit_code(reading=False) in (128 + signal.SIGHUP, -signal.SIGHUP)


def test_a_terminal_that_stops_reading_does_not_hold_the_program_after_a_signal() -> None:
    with session("hostile", "100000", rows=100, cols=300) as running:
        running.read_until(b"LOST")
        time.sleep(1.5)
        os.kill(running.pid, signal.SIGTERM)
        assert running.exit_code(reading=False) == 128 + signal.SIGTERM


def test_only_own_sequences_reach_the_terminal_whatever_names_contain() -> None:
    with session("hostile", "14", rows=50, cols=160) as running:
        for key in (b"2", b"w", b"i", b"?", b"1"):
            running.read_until(b"Q")
            until = time.monotonic() + 0.7
            while time.monotonic() < until:
                running.read()
            os.write(running.master, key)
        os.write(running.master, b"q")
        assert running.exit_code() == 0
    text = OWN_SEQUENCES.sub(b"", running.output).decode()
    strange = re.findall("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
    assert strange == [], re.findall(b".{20}\x1b.{20}", OWN_SEQUENCES.sub(b"", running.output))[:3]
    assert "owned" in text

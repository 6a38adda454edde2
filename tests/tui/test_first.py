"""The frame that is on the terminal before the real screen is ready."""

import os
import pty
import subprocess
import sys
import termios

import pytest

from costtui.tui.first import ENTER, LEAVE

CODE = """
import os, signal, sys
from costtui.tui.first import first_frame
from costtui.tui.options import ScreenOptions
from tests.tui.pictures import NOW_MS, FixedFeed
with first_frame(FixedFeed(), NOW_MS, ScreenOptions()):
    assert "textual" not in sys.modules
    {0}
"""


def shown(body: str) -> tuple[str, int]:
    """What a terminal of 80 columns gets, and the exit code."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    child = subprocess.Popen([sys.executable, "-c", CODE.format(body)], stderr=slave, stdout=subprocess.DEVNULL)
    os.close(slave)
    said = b""
    while True:
        try:
            data = os.read(master, 65_536)
        except OSError:
            break
        if not data:
            break
        said += data
    os.close(master)
    return said.decode(), child.wait()


def test_the_newest_picture_is_shown_before_textual_is_imported() -> None:
    said, code = shown("pass")
    assert code == 0
    assert said.startswith(ENTER)
    assert "17.43" in said
    assert "idle loaded" in said
    assert LEAVE not in said


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("os.kill(os.getpid(), signal.SIGTERM)", 143),
        ("os.kill(os.getpid(), signal.SIGHUP)", 129),
    ],
)
def test_whatever_ends_it_early_gives_the_terminal_back(body: str, code: int) -> None:
    said, ended = shown(body)
    assert ended == code
    assert said.endswith(LEAVE)


def test_nothing_is_written_where_there_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", CODE.format("pass")], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")

"""`costtui` on a real terminal before there is an agent, and looking only."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Publish
from tests.cli.shell import DEADLINE_SECONDS, Shell
from tests.tui.pictures import status


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", master: int) -> None:
        self.process = process
        self._master = master
        self._shown = b""

    def until(self, words: bytes) -> bytes:
        """Everything that was written until `words` were."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while words not in self._shown and time.monotonic() < deadline:
            self._read()
        assert words in self._shown, self._shown
        return self._shown

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def ended(self) -> int:
        """The exit code."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        return self.process.wait(1)

    def _read(self) -> None:
        if select.select([self._master], [], [], 0.05)[0]:
            try:
                self._shown += os.read(self._master, 65536)
            except OSError:  # the other side is closed
                time.sleep(0.02)


@contextmanager
def terminal(shell: Shell, *arguments: str) -> Iterator[Terminal]:
    """The command, ended with the block."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        shell.argv(*arguments), env=shell.environment(), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    ) as process:
        os.close(slave)
        try:
            yield Terminal(process, master)
        finally:
            process.kill()
            os.close(master)


def test_without_an_agent_it_asks_and_q_leaves_everything_as_it_was(shell: Shell) -> None:
    shell.environ["TERM"] = "xterm-256color"
    with terminal(shell) as shown:
        shown.until(b"[y/n/q]")
        shown.press(b"what?\n")
        shown.press(b"q\n")
        assert shown.ended() == 0
    assert not shell.state_dir.exists()


def test_read_only_shows_what_is_stored_and_starts_nothing(shell: Shell, publish: Publish) -> None:
    publish(status())
    shell.environ["TERM"] = "xterm-256color"
    with terminal(shell, "--read-only") as shown:
        assert b"[y/n/q]" not in shown.until(b"LOST")
        shown.press(b"q")
        assert shown.ended() == 0


@pytest.mark.parametrize("theme", ["dark", "mono"])
def test_read_only_without_a_store_still_opens(shell: Shell, theme: str) -> None:
    shell.environ["TERM"] = "xterm-256color"
    with terminal(shell, "--read-only", "--theme", theme) as shown:
        shown.until(b"\x1b[?1049h")
        shown.press(b"q")
        assert shown.ended() == 0
    assert not shell.state_dir.exists()


def test_a_dumb_terminal_is_told_about_plain(shell: Shell) -> None:
    shell.environ["TERM"] = "dumb"
    with terminal(shell) as shown:
        shown.until(b"--plain")
        assert shown.ended() == 1

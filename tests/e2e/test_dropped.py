"""The terminal goes away: the screen ends, the agent goes on. COSTTUI_ROUNDS sets how often (6)."""

import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.store.lock import holder_pid
from tests.agent.agents import AgentProcess
from tests.agent.waiting import eventually
from tests.parts.nvml import FakeDriver

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "6"))
RESTORED = b"\x1b[?1049l"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def agent(fake_driver: FakeDriver, tmp_path: Path) -> Iterator[AgentProcess]:
    fake_driver.play("gpus 2", "at 0 * idle power=70")
    with AgentProcess(tmp_path, "") as process:
        process.start()
        process.status(lambda now: now["gpus"])
        yield process


def screen(state_dir: Path) -> tuple["subprocess.Popen[bytes]", int]:
    """The real screen on a pseudo-terminal, once it shows GPUs."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 80))
    argv = [sys.executable, "-m", "costtui", "--state-dir", str(state_dir)]
    environment = os.environ | {"TERM": "xterm-256color"}
    child = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, env=environment)
    os.close(slave)
    said = b""
    while b"empty" not in said:
        said += os.read(master, 65_536)
    return child, master


def test_a_terminal_that_is_closed_ends_the_screen_and_not_the_agent(agent: AgentProcess) -> None:
    worst = 0.0
    for round_number in range(ROUNDS):
        child, master = screen(agent.state_dir)
        time.sleep(0.05 * (round_number % 8))  # in and after the start of the screen
        began = time.monotonic()
        os.close(master)
        child.send_signal(signal.SIGHUP)
        child.wait(30)
        worst = max(worst, time.monotonic() - began)
        assert holder_pid(agent.state_dir) == agent.pid
    print(f"worst of {ROUNDS}: {worst * 1000:.0f} ms")
    agent.status()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_screen_and_gives_the_terminal_back(agent: AgentProcess, number: signal.Signals) -> None:
    child, master = screen(agent.state_dir)
    child.send_signal(number)
    said = bytearray()

    def gone() -> bool:
        try:
            said.extend(os.read(master, 65_536))
        except OSError:
            return True
        return RESTORED in said and child.poll() is not None

    eventually(gone, "the end of the screen")
    child.wait(30)
    os.close(master)
    assert RESTORED in said
    assert holder_pid(agent.state_dir) == agent.pid

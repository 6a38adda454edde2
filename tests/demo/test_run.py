"""The whole demo as a user runs it: without a screen, and in a real pseudo-terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyte
import pytest

from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import RecentAttempt

DEADLINE_SECONDS = 60.0
PARTS = ("busy", "low", "idle", "other", "lost", "unknown", "unobserved")


def environment(folder: Path) -> dict[str, str]:
    """Temporary folders of the demo end up in `folder`."""
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return kept | {"HOME": str(folder), "TMPDIR": str(folder), "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def parts_of(name: str) -> set[int]:
    """Processes whose command line mentions `name`."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if name.encode() in words:
            found.add(int(path.parent.name))
    return found


def children_of(pid: int) -> set[int]:
    """Direct children that still run."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return {int(word) for word in path.read_text().split()} if path.exists() else set()


def await_end(pids: set[int]) -> set[int]:
    """What of `pids` still runs when patience ends."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while pids and time.monotonic() < deadline:
        pids = {pid for pid in pids if Path(f"/proc/{pid}").exists()}
        time.sleep(0.02)
    return pids


headless = pytest.mark.xdist_group("headless demo")
"""One worker runs it for all of them."""


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the demo says after two seconds; nothing of it is left behind."""
    folder = tmp_path_factory.mktemp("headless")
    done = subprocess.run(
        [sys.executable, "-m", "costtui", "demo", "--headless", "--seconds", "2"],
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(folder.glob("costtui-demo-*")) == []
    assert parts_of(str(folder)) == set()
    status: dict[str, Any] = json.loads(done.stdout, parse_float=Decimal)
    return status


@headless
@pytest.mark.parametrize("window", ["today", "month"])
def test_every_cent_of_rent_is_in_exactly_one_part(picture: dict[str, Any], window: str) -> None:
    span = picture[window]
    assert sum(Decimal(span[f"{part}_usd"]) for part in PARTS) == Decimal(span["gpu_usd"])
    assert span["gpu_usd"] > 0


@headless
def test_the_demo_says_that_it_is_simulated(picture: dict[str, Any]) -> None:
    assert picture["host"]["simulated"] is True
    assert picture["agent"]["state"] == "running"


@headless
def test_the_demo_shows_gpus_at_work_idle_and_lost(picture: dict[str, Any]) -> None:
    states = [gpu["state"] for gpu in picture["gpus"]]
    assert len(states) == 8
    assert "lost" in states
    assert "empty" in states
    assert {"busy", "low", "idle loaded"} & set(states)
    assert all(gpu["usd_per_hour"] == Decimal("2.49") for gpu in picture["gpus"])


@headless
def test_the_demo_has_a_day_to_look_back_on(picture: dict[str, Any]) -> None:
    # the history begins at yesterday's midnight, so that today is observed from its first second to its last minute
    assert Decimal(picture["today"]["unobserved_usd"]) <= Decimal(picture["today"]["gpu_usd"]) / 10 or (
        Decimal(picture["today"]["gpu_usd"]) < 1
    )
    assert Decimal(picture["today"]["lost_usd"]) > 0


@headless
def test_the_demos_engines_know_their_capacity(picture: dict[str, Any]) -> None:
    capacities = {each["name"]: each["capacity_output_tokens_per_second"] for each in picture["engines"]}
    assert {name: int(value) for name, value in capacities.items()} == {
        "llama-70b": 2500,
        "mixtral": 3200,
        "llama-8b": 9000,
    }


@headless
def test_the_demo_shows_what_apis_cost_beside_the_gpus(picture: dict[str, Any]) -> None:
    assert picture["burn"]["api_usd_per_hour"] > 0
    assert picture["today"]["api_usd"] is not None
    assert "api" not in picture["unknown"]
    assert {provider["provider"] for provider in picture["api"]["providers"]} == {"novita", "openai", "anthropic"}


@headless
def test_the_demos_routes_carry_traffic_and_say_why(picture: dict[str, Any]) -> None:
    assert [route["name"] for route in picture["routes"]] == ["chat", "code", "small", "legal"]
    assert picture["gateway"]["state"] == "running"


def test_a_shift_moves_the_demos_real_traffic_and_its_gateways_key_is_in_no_file(tmp_path: Path) -> None:
    state = tmp_path / "state"
    base = [sys.executable, "-m", "costtui", "--state-dir", str(state)]
    command = [*base, "demo", "--headless", "--seconds", "600", "--no-history"]
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        try:
            reader = LedgerReader(state)
            until(lambda: {"llama-70b", "novita"} <= targets(reader, 0))
            config = ["--config", str(state / "config.toml")]
            shift = [*base, *config, "route", "shift", "chat", "novita=100", "--for", "10m", "--yes"]
            done = subprocess.run(shift, env=environment(tmp_path), capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            since = int(time.time() * 1000)
            until(lambda: len(firsts(reader, since + 500)) >= 8)
            late = firsts(reader, since + 500)
            assert {each.lane.target for each in late} == {"novita"}
            assert all("shifted by" in each.attempt.reason for each in late)
            reader.close()
            again = [*base, *config, "gateway", "restart"]
            done = subprocess.run(again, env=environment(tmp_path), capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
        finally:
            demo.terminate()
            demo.communicate(timeout=DEADLINE_SECONDS)
    assert parts_of(str(state)) == set()  # the gateway that took over is no child of the demo
    kept = [path for path in state.rglob("*") if path.is_file()]
    assert [path for path in kept if b"ctk-" in path.read_bytes()] == []
    assert {path.stat().st_mode & 0o77 for path in kept} == {0}


def targets(reader: LedgerReader, since_ms: int) -> set[str]:
    return {each.lane.target for each in reader.recent(500) if each.attempt.started_ms > since_ms}


def firsts(reader: LedgerReader, since_ms: int) -> list[RecentAttempt]:
    """First attempts at chat requests that began later: without retries and fallbacks."""
    found = [each for each in reader.recent(500) if each.lane.route == "chat" and each.attempt.started_ms > since_ms]
    return [each for each in found if each.attempt.attempt_id == each.attempt.request_id]


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_state_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "costtui", "demo", "--headless", "--state-dir", str(tmp_path / "file" / "x")],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "--state-dir" in done.stderr


class Terminal:
    """The demo in a pseudo-terminal of 120x40, seen through an emulator. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "costtui", "demo"],
            env=environment(folder),
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.ended()
        os.close(self._master)

    def until(self, pattern: str) -> str:
        """The screen as soon as it shows `pattern`."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            self._read()
            text = "\n".join(self._screen.display)
            if re.search(pattern, text):
                return text
        raise AssertionError(f"no {pattern!r} within {DEADLINE_SECONDS:g} s:\n" + "\n".join(self._screen.display))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def ended(self) -> int:
        """The exit code, once it has ended; its terminal is read empty meanwhile."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read()
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError("the demo did not end")
        return self.process.returncode

    def _read(self) -> None:
        if select.select([self._master], [], [], 0.05)[0]:
            try:
                self._stream.feed(os.read(self._master, 65536))
            except OSError:  # the other side is closed
                time.sleep(0.02)


@pytest.mark.parametrize("way", [None, signal.SIGTERM])
def test_the_demo_shows_the_overview_and_leaves_nothing_behind(tmp_path: Path, way: signal.Signals | None) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.until("SIMULATED")
        terminal.until(r"idle.*\n(.*\n)*.*LOST")
        children = children_of(terminal.process.pid)
        assert len(children) == 4  # the engine server, the load, the gateway, the agent; history and prices have ended
        if way is None:
            terminal.press("8")
            terminal.until(r"novita +\d+s +\d+\.\d\d")
            terminal.press("q")
        else:
            terminal.process.send_signal(way)
        assert terminal.ended() == (0 if way is None else 128 + way)
    assert await_end(children) == set()
    assert list(tmp_path.glob("costtui-demo-*")) == []


def test_a_demo_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    with Terminal(tmp_path) as terminal:
        terminal.until("SIMULATED")
        children = children_of(terminal.process.pid)
        terminal.process.kill()
        assert terminal.ended() == -signal.SIGKILL
    assert len(children) == 4
    assert await_end(children) == set()

"""The agent in the background: its own session, so that it outlives the terminal that started it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from costtui.agent.options import AgentOptions
from costtui.domain.clean import clean
from costtui.errors import CosttuiError, StoreBusy
from costtui.report import live
from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader

LOOK_SECONDS = 0.05
MESSAGE_LIMIT = 4_000


@dataclass(frozen=True, slots=True)
class AgentState:
    """How the agent of a state directory is. `state`: running, late, dead, none."""

    state: str
    pid: int | None
    age_seconds: float | None
    """Age of its last heartbeat."""


def start_background(options: AgentOptions, wait_seconds: float = 15.0) -> int:
    """Start an agent of its own session and return its pid once its first heartbeat is stored.

    Raises StoreBusy where one runs already, and CosttuiError with the reason where it does not come up.
    `options.clock` is not handed on: the new process uses the system's.
    """
    if (pid := holder_pid(options.state_dir)) is not None:
        raise StoreBusy(f"an agent (pid {pid}) already writes to {options.state_dir}", pid)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            _argv(options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
        )
        _await_heartbeat(child, options.state_dir, said, wait_seconds)
    child.returncode = child.returncode or 0  # it outlives this process on purpose: no warning that it still runs
    return child.pid


def _argv(options: AgentOptions) -> list[str]:
    argv = [sys.executable, "-m", "costtui.agent", "--detached", "--state-dir", str(options.state_dir.absolute())]
    if options.config_path is not None:
        argv += ["--config", str(options.config_path.absolute())]
    if options.simulated_url is not None:
        argv += ["--simulated-url", options.simulated_url]
    return argv


def _await_heartbeat(child: "subprocess.Popen[bytes]", state_dir: Path, said: IO[bytes], wait_seconds: float) -> None:
    reader = TelemetryReader(state_dir)
    deadline = time.monotonic() + wait_seconds
    try:
        while child.poll() is None:
            status = reader.status()
            if status is not None and status.pid == child.pid:
                return
            if time.monotonic() > deadline:
                child.terminate()
                child.wait()
                raise CosttuiError(f"the agent wrote nothing within {wait_seconds:g} s; see {state_dir / 'agent.log'}")
            time.sleep(LOOK_SECONDS)
    finally:
        reader.close()
    raise _failure(child.returncode, said, state_dir)


def _failure(code: int, said: IO[bytes], state_dir: Path) -> CosttuiError:
    """The message that the agent left, in the kind of error that its exit code names."""
    said.seek(0)
    lines = said.read(MESSAGE_LIMIT).decode(errors="replace").strip().splitlines()
    text = "\n".join(clean(line, 500) for line in lines) or f"the agent ended with code {code}"
    if code == StoreBusy.exit_code:
        return StoreBusy(text, holder_pid(state_dir))
    error = CosttuiError(text)
    error.exit_code = code if code > 0 else 1
    return error


def stop(state_dir: Path, wait_seconds: float = 10.0) -> int | None:
    """Ask the agent to end and wait until it has; its pid, or None where none ran.

    Raises CosttuiError when it is still there after `wait_seconds`, or belongs to somebody else.
    """
    pid = holder_pid(state_dir)
    if pid is None:
        return None
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return pid
    except PermissionError:
        raise CosttuiError(f"the agent (pid {pid}) belongs to another user; ask them to stop it") from None
    deadline = time.monotonic() + wait_seconds
    while holder_pid(state_dir) == pid:
        if time.monotonic() > deadline:
            raise CosttuiError(f"the agent (pid {pid}) did not end within {wait_seconds:g} s; try `kill -9 {pid}`")
        time.sleep(LOOK_SECONDS)
    return pid


def restart(options: AgentOptions, wait_seconds: float = 15.0) -> int:
    """Stop the agent, if one runs, and start one; the new pid."""
    stop(options.state_dir)
    return start_background(options, wait_seconds)


def agent_state(state_dir: Path, now_ms: int) -> AgentState:
    """State, pid and heartbeat age; never raises for a store that is missing or damaged: that is `none` or `dead`."""
    reader = TelemetryReader(state_dir)
    try:
        status = reader.status()
    finally:
        reader.close()
    if status is None:
        return AgentState("none", holder_pid(state_dir), None)
    alive = holder_pid(state_dir) == status.pid
    state = live.agent_state(status.at_ms, now_ms, alive=alive)
    return AgentState(state, status.pid, max(now_ms - status.at_ms, 0) / 1000)

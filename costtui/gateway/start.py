"""The gateway in the background: started, stopped, replaced and asked about."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from costtui.domain.clean import clean
from costtui.errors import CosttuiError, StoreBusy
from costtui.gateway.keeper import PICTURE
from costtui.gateway.options import GatewayOptions
from costtui.store.ledger.lock import ledger_holder

LOOK_SECONDS = 0.02
LATE_MS = 3_000
MESSAGE_LIMIT = 4_000


@dataclass(frozen=True, slots=True)
class GatewayState:
    """`state`: running, late (its picture is old), none."""

    state: str
    pid: int | None
    picture: dict[str, Any]
    """As the gateway wrote it last; empty where there is none."""


def gateway_state(state_dir: Path, now_ms: int) -> GatewayState:
    """What is known of the gateway of a state directory; never raises for one that is missing."""
    pid = ledger_holder(state_dir)
    try:
        picture = json.loads((state_dir / PICTURE).read_bytes())
    except (OSError, ValueError):
        picture = {}
    if pid is None:
        return GatewayState("none", None, {})
    fresh = now_ms - int(picture.get("at_ms", 0)) <= LATE_MS
    return GatewayState("running" if fresh else "late", pid, picture)


def start_background(options: GatewayOptions, wait_seconds: float = 15.0) -> int:
    """Start a gateway of its own session; its pid once it serves. Raises StoreBusy where one runs already."""
    if (pid := ledger_holder(options.state_dir)) is not None:
        raise StoreBusy(f"a gateway (pid {pid}) already serves from {options.state_dir}", pid)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            _argv(options), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
        )
        _await_serving(child, options.state_dir, said, wait_seconds)
    child.returncode = child.returncode or 0  # it outlives this process on purpose: no warning that it still runs
    return child.pid


def _argv(options: GatewayOptions) -> list[str]:
    argv = [sys.executable, "-m", "costtui.gateway", "--detached", "--state-dir", str(options.state_dir.absolute())]
    if options.config_path is not None:
        argv += ["--config", str(options.config_path.absolute())]
    return argv


def _await_serving(child: "subprocess.Popen[bytes]", state_dir: Path, said: IO[bytes], wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while child.poll() is None:
        if _painted_by(state_dir) == child.pid:
            return
        if time.monotonic() > deadline:
            child.terminate()
            child.wait()
            raise CosttuiError(f"the gateway did not serve within {wait_seconds:g} s; see {state_dir / 'gateway.log'}")
        time.sleep(LOOK_SECONDS)
    said.seek(0)
    lines = said.read(MESSAGE_LIMIT).decode(errors="replace").strip().splitlines()
    text = "\n".join(clean(line.removeprefix("costtui: "), 500) for line in lines)
    error = CosttuiError(text or f"the gateway ended with code {child.returncode}")
    error.exit_code = child.returncode if child.returncode > 0 else 1
    raise error


def _painted_by(state_dir: Path) -> int | None:
    try:
        pid: int = json.loads((state_dir / PICTURE).read_bytes())["pid"]
    except (OSError, ValueError, KeyError):
        return None
    return pid


def stop(state_dir: Path, wait_seconds: float = 40.0) -> int | None:
    """Ask it to end and wait until it has drained; its pid, None where none ran."""
    pid = ledger_holder(state_dir)
    if pid is None or not _signal(pid, signal.SIGTERM):
        return pid
    deadline = time.monotonic() + wait_seconds
    while ledger_holder(state_dir) == pid:
        if time.monotonic() > deadline:
            raise CosttuiError(f"the gateway (pid {pid}) still serves running answers; try `kill -9 {pid}`")
        time.sleep(LOOK_SECONDS)
    return pid


def replace(options: GatewayOptions, wait_seconds: float = 30.0) -> int:
    """Let a new process take over without a failed request, e.g. after an upgrade; the new pid. Starts one where none
    runs."""
    pid = ledger_holder(options.state_dir)
    if pid is None:
        return start_background(options)
    if not _signal(pid, signal.SIGUSR2):
        return start_background(options)
    deadline = time.monotonic() + wait_seconds
    while True:
        now = ledger_holder(options.state_dir)
        if now is not None and now != pid and _painted_by(options.state_dir) == now:
            return now
        if time.monotonic() > deadline:
            raise CosttuiError(
                f"no successor took over; the gateway (pid {pid}) goes on. See gateway.log for the reason"
            )
        time.sleep(LOOK_SECONDS)


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        raise CosttuiError(f"the gateway (pid {pid}) belongs to another user; ask them") from None
    return True

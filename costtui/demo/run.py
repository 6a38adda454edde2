"""A whole host in a folder: engine server, load, agent and configuration, all real but the GPUs."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from costtui.demo.children import started
from costtui.demo.history import begins_ms, write_history
from costtui.errors import CosttuiError
from costtui.store.reader import TelemetryReader

START_SECONDS = 20.0
LOOK_SECONDS = 0.02
ZONE = ZoneInfo("UTC")
CONFIG = """\
# Written by `costtui demo`: a simulated host.
[host]
name = "demo"
timezone = "UTC"

[[gpus]]
match = "*"
rates = [{{ from = {begins}, usd_per_gpu_hour = 2.49 }}]
power = {{ usd_per_kwh = 0.12, pue = 1.3 }}

[targets]
{targets}
[budgets]
today = {{ covers = ["gpu", "power"], window = "day", limit_usd = 480, at_limit = "warn" }}
month = {{ covers = ["gpu", "power"], window = "month", limit_usd = 15000, at_limit = "warn" }}

[alerts]
gpu_idle = "2h"
"""
TARGET = '{name} = {{ engine = "vllm", url = "{url}", model = "{model}", gpus = {gpus} }}\n'


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`state_dir` None: a temporary folder that is gone afterwards."""

    state_dir: Path | None = None
    seed: int = 1
    history: bool = True


@contextlib.contextmanager
def simulated_host(options: DemoOptions, now_ms: int) -> Iterator[Path]:
    """The state directory of a running simulated host; everything ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="costtui-demo-")) if options.state_dir is None else options.state_dir
    children: list[subprocess.Popen[bytes]] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        parent = ["--parent", str(os.getpid()), "--seed", str(options.seed)]
        server = started(["costtui.demo.server", *parent], stdout=subprocess.PIPE)
        children.append(server)
        if options.history and TelemetryReader(folder).status() is None:
            write_history(folder, begins_ms(now_ms, ZONE), now_ms, options.seed)
        host = _description(server)
        config = _write_config(folder, host, now_ms)
        load = ["costtui.demo.load", "--host", host["url"], *parent]
        agent = [
            "costtui.agent",
            "--detached",
            "--state-dir",
            str(folder.absolute()),
            "--config",
            str(config.absolute()),
        ]
        children.append(started(load, stdout=subprocess.DEVNULL))
        children.append(started([*agent, "--simulated-url", host["url"]], stdout=subprocess.DEVNULL))
        _await_picture(folder, children[-1])
        yield folder
    finally:
        _end(children)
        if options.state_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


def _description(server: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """What the engine server says of itself once it listens."""
    line = server.stdout.readline() if server.stdout else b""
    if not line:
        raise CosttuiError("the demo's engine server did not start; `python -m costtui.demo.server` says why")
    description: dict[str, Any] = json.loads(line)
    return description


def _write_config(folder: Path, host: dict[str, Any], now_ms: int) -> Path:
    path = folder / "config.toml"
    begins = datetime.fromtimestamp(begins_ms(now_ms, ZONE) / 1000, UTC).date().isoformat()
    targets = "".join(TARGET.format(**engine) for engine in host["engines"])
    path.write_text(CONFIG.format(begins=begins, targets=targets))
    path.chmod(0o600)
    return path


def _await_picture(folder: Path, agent: "subprocess.Popen[bytes]") -> None:
    reader, deadline = TelemetryReader(folder), time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < deadline:
            status = reader.status()
            if status is not None and status.pid == agent.pid and b'"gpus":[]' not in status.body:
                return
            if agent.poll() is not None:
                break
            time.sleep(LOOK_SECONDS)
    finally:
        reader.close()
    raise CosttuiError(f"the demo's agent did not start; see {folder / 'agent.log'}")


def _end(children: "Sequence[subprocess.Popen[bytes]]") -> None:
    for child in reversed(children):
        child.terminate()
    for child in children:
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout:
            child.stdout.close()

"""A whole host in a folder: engine server, load, agent and configuration, all real but the GPUs."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from costtui.demo.children import started
from costtui.demo.host import ENGINES
from costtui.domain.calendar import day_of
from costtui.errors import CosttuiError, StoreBusy
from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader

START_SECONDS = 20.0
HISTORY_SECONDS = 60.0
DAY_MS = 86_400_000
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
TARGET = """\
{name} = {{ engine = "vllm", url = "{url}", model = "{model}", gpus = {gpus}, \
capacity_output_tokens_per_second = {capacity} }}
"""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`state_dir` None: a temporary folder that is gone afterwards."""

    state_dir: Path | None = None
    seed: int = 1
    history: bool = True


def begins_ms(folder: Path, now_ms: int) -> int:
    """When the simulated contract and the history begin: at yesterday's midnight, in a kept store as before."""
    reader = TelemetryReader(folder)
    try:
        seen = [gpu.first_seen_ms for gpu in reader.known_gpus().values()]
    finally:
        reader.close()
    return day_of(min(seen, default=now_ms - DAY_MS), ZONE)[0]


@contextlib.contextmanager
def simulated_host(options: DemoOptions, now_ms: int, meanwhile: Callable[[], None] | None = None) -> Iterator[Path]:
    """The state directory of a running simulated host; everything ends with the block.

    `meanwhile` is what the caller has to do anyway and is done while the first processes start.
    """
    folder = Path(tempfile.mkdtemp(prefix="costtui-demo-")) if options.state_dir is None else options.state_dir
    children: list[subprocess.Popen[bytes]] = []
    try:
        _make(folder)
        _start(folder, options, now_ms, meanwhile, children)
        yield folder
    finally:
        _end(children)
        if options.state_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


def _start(
    folder: Path,
    options: DemoOptions,
    now_ms: int,
    meanwhile: Callable[[], None] | None,
    children: "list[subprocess.Popen[bytes]]",
) -> None:
    """Start every process, each one into `children` at once, so that a failure ends those before it."""
    parent = ["--parent", str(os.getpid()), "--seed", str(options.seed)]
    past = None
    if options.history and not _has_past(folder):
        past = started(_past(folder, now_ms, parent), stdout=subprocess.DEVNULL)
        children.append(past)
    server = started(["costtui.demo.server", *parent], stdout=subprocess.PIPE)
    children.append(server)
    agent = started(["costtui.demo.agent"], stdout=subprocess.DEVNULL, stdin=subprocess.PIPE)
    children.append(agent)
    if meanwhile is not None:
        meanwhile()
    if past is not None:
        _await_end(past, folder)
    host = _description(server)
    children.append(started(["costtui.demo.load", "--host", host["url"], *parent], stdout=subprocess.DEVNULL))
    _begin(agent, _agent(folder, _write_config(folder, host, now_ms), host["url"]))
    _await_picture(folder, agent)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CosttuiError(f"{folder}: {error.strerror}; choose another one with --state-dir") from None
    if (pid := holder_pid(folder)) is not None:
        raise StoreBusy(f"an agent (pid {pid}) already writes to {folder}; give the demo a folder of its own", pid)


def _has_past(folder: Path) -> bool:
    reader = TelemetryReader(folder)
    try:
        return reader.status() is not None
    finally:
        reader.close()


def _past(folder: Path, now_ms: int, parent: Sequence[str]) -> list[str]:
    window = ["--from", str(begins_ms(folder, now_ms)), "--to", str(now_ms)]
    return ["costtui.demo.history", "--state-dir", str(folder), *window, *parent]


def _await_end(child: "subprocess.Popen[bytes]", folder: Path) -> None:
    try:
        code = child.wait(HISTORY_SECONDS)
    except subprocess.TimeoutExpired:
        code = 1
    if code:
        raise CosttuiError(f"the demo's history could not be written to {folder}; try another --state-dir")


def _agent(folder: Path, config: Path, url: str) -> list[str]:
    paths = ["--state-dir", str(folder.absolute()), "--config", str(config.absolute())]
    return ["--detached", *paths, "--simulated-url", url]


def _begin(agent: "subprocess.Popen[bytes]", argv: Sequence[str]) -> None:
    """Tell the waiting agent to sample; one that has died meanwhile is noticed by its missing picture."""
    if agent.stdin:
        with contextlib.suppress(BrokenPipeError):
            agent.stdin.write(json.dumps(argv).encode() + b"\n")
            agent.stdin.close()


def _description(server: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """What the engine server says of itself once it listens."""
    line = server.stdout.readline() if server.stdout else b""
    if not line:
        raise CosttuiError("the demo's engine server did not start; `python -m costtui.demo.server` says why")
    description: dict[str, Any] = json.loads(line)
    return description


def _write_config(folder: Path, host: dict[str, Any], now_ms: int) -> Path:
    path = folder / "config.toml"
    begins = datetime.fromtimestamp(begins_ms(folder, now_ms) / 1000, UTC).date().isoformat()
    capacity = {engine.name: engine.decode_tokens_per_second for engine in ENGINES}
    targets = "".join(TARGET.format(**engine, capacity=capacity[engine["name"]]) for engine in host["engines"])
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
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

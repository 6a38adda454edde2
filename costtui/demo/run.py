"""A whole host in a folder: engines and API providers, load, gateway, agent, all real but GPUs and models."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from costtui.demo.children import started
from costtui.demo.gateway import await_serving, gateway_argv, make_key, say, tell
from costtui.demo.setup import gateway_url, write_config
from costtui.domain.calendar import day_of
from costtui.errors import CosttuiError, StoreBusy
from costtui.store.ledger.lock import ledger_holder
from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader

START_SECONDS = 20.0
HISTORY_SECONDS = 60.0
DAY_MS = 86_400_000
LOOK_SECONDS = 0.02
ZONE = ZoneInfo("UTC")


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
        _end_successor(folder)
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

    def child(
        *argv: str, stdout: int = subprocess.DEVNULL, stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        children.append(started(argv, stdout=stdout, stdin=stdin))
        return children[-1]

    key_id, key = make_key(folder, now_ms)
    past = None
    if options.history and not _has_past(folder):
        past = child(*_past(folder, now_ms, key_id), *parent)
    server = child("costtui.demo.server", "--state-dir", str(folder.absolute()), *parent, stdout=subprocess.PIPE)
    agent = child("costtui.demo.waiting", "agent", stdin=subprocess.PIPE)
    gateway = child("costtui.demo.waiting", "gateway", stdin=subprocess.PIPE)
    load = child("costtui.demo.load", *parent, stdin=subprocess.PIPE)
    if meanwhile is not None:
        meanwhile()
    host = _description(server)
    config = write_config(folder, host, begins_ms(folder, now_ms))
    prices = child("costtui.rates.compile", f"--state-dir={folder.absolute()}", f"--config={config.absolute()}")
    if past is not None:
        _await_end(past, folder, "history")
    say(agent, _agent(folder, config, host["url"]))
    _await_end(prices, folder, "price list")
    _await_picture(folder, agent)  # it says what a token of the engines costs, which the gateway asks at its start
    say(gateway, gateway_argv(folder, config))
    await_serving(folder, gateway, START_SECONDS)
    tell(load, gateway_url(config), key)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CosttuiError(f"{folder}: {error.strerror}; choose another one with --state-dir") from None
    if (pid := ledger_holder(folder)) is not None:
        raise StoreBusy(f"a gateway (pid {pid}) already serves from {folder}; give the demo a folder of its own", pid)
    if (pid := holder_pid(folder)) is not None:
        raise StoreBusy(f"an agent (pid {pid}) already writes to {folder}; give the demo a folder of its own", pid)


def _has_past(folder: Path) -> bool:
    reader = TelemetryReader(folder)
    try:
        return reader.status() is not None
    finally:
        reader.close()


def _past(folder: Path, now_ms: int, key_id: str) -> list[str]:
    window = ["--from", str(begins_ms(folder, now_ms)), "--to", str(now_ms)]
    return ["costtui.demo.history", "--state-dir", str(folder), *window, "--key-id", key_id]


def _await_end(child: "subprocess.Popen[bytes]", folder: Path, what: str) -> None:
    try:
        code = child.wait(HISTORY_SECONDS)
    except subprocess.TimeoutExpired:
        code = 1
    if code:
        raise CosttuiError(f"the demo's {what} could not be written to {folder}; try another --state-dir")


def _agent(folder: Path, config: Path, url: str) -> list[str]:
    paths = ["--state-dir", str(folder.absolute()), "--config", str(config.absolute())]
    return ["--detached", *paths, "--simulated-url", url]


def _description(server: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """What the engine server says of itself once it listens."""
    line = server.stdout.readline() if server.stdout else b""
    if not line:
        raise CosttuiError("the demo's engine server did not start; `python -m costtui.demo.server` says why")
    description: dict[str, Any] = json.loads(line)
    return description


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


def _end_successor(folder: Path) -> None:
    """A gateway that took over from ours, by `costtui gateway restart` from another terminal, is nobody's child."""
    if ledger_holder(folder) is not None:
        from costtui.gateway.start import stop  # only then: it costs the screen's process 20 MB

        stop(folder)


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

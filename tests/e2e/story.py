"""One host over half a minute and 48 hours: what was done to it, and what costtui wrote down."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costtui.domain.tick import EngineTotals, StateTotals
from costtui.report.live import load
from costtui.report.schema import from_json
from costtui.store.reader import TelemetryReader
from tests.agent.agents import AgentProcess
from tests.agent.servers import serving, vllm_metrics
from tests.agent.waiting import eventually
from tests.cli.shell import Shell
from tests.parts.llama import LlamaServer, Usage
from tests.parts.nvml import FakeDriver

FOREVER_MS = 1 << 45
LOST_FROM, LOST_TO, POWER_CHANGES = 9, 13, 11
"""Seconds after the driver's beginning."""
HOURS_AWAY = 48
CONFIG = """\
[host]
timezone = "UTC"
[[gpus]]
match = "*"
rates = [{{ from = 2026-01-01, usd_per_gpu_hour = 2.49 }}]
power = {{ usd_per_kwh = 0.12, pue = 1.3 }}
[targets]
tiny = {{ engine = "llamacpp", url = "{tiny}", model = "tiny-random" }}
quiet = {{ engine = "vllm", url = "{quiet}/v1", model = "quiet", gpus = [1] }}
"""


@dataclass
class Seen:
    """Everything that the tests look at."""

    began_at: float
    ended_at: float = 0.0
    """When the first agent had ended, by the clock of the test."""
    first: dict[str, Any] = field(default_factory=dict)
    """The first picture with both engines in it."""
    printed: dict[str, Any] = field(default_factory=dict)
    """What `costtui status --json` said right after `status`."""
    status: dict[str, Any] = field(default_factory=dict)
    """The last picture before the agent was stopped."""
    lost: dict[str, Any] = field(default_factory=dict)
    """A picture while GPU 5 was lost."""
    after: dict[str, Any] = field(default_factory=dict)
    """A picture after 48 hours without an agent."""
    gpus: dict[str, StateTotals] = field(default_factory=dict)
    gpus_after: dict[str, StateTotals] = field(default_factory=dict)
    edges: dict[str, tuple[int, int]] = field(default_factory=dict)
    """First and last written moment of each GPU."""
    tokens: dict[str, EngineTotals] = field(default_factory=dict)
    tokens_after: dict[str, EngineTotals] = field(default_factory=dict)
    used: list[Usage] = field(default_factory=list)
    used_while_away: list[Usage] = field(default_factory=list)
    counters: tuple[int, int] = (0, 0)
    """Input and output tokens that llama.cpp itself counted, up to the first stop."""


def scenario(began_at: float, engine_pid: int, trainer_pid: int) -> tuple[str, ...]:
    """Eight GPUs: busy, idle loaded, empty, training, MIG, lost and back, no permission, stalling."""
    return (
        "gpus 8",
        f"epoch {began_at}",
        "at 0 * idle power=70",
        f"at 0 0 busy power=650 used=70000 proc={engine_pid}:69000",
        f"at {POWER_CHANGES} 0 power=250",
        "at 0 1 util=0 power=120 used=70000",
        f"at 0 3 util=99 power=600 used=30000 proc={trainer_pid}:30000",
        "at 0 4 mig=2",
        f"at {LOST_FROM} 5 lost",
        f"at {LOST_TO} 5 back",
        "at 0 6 used=50000 deny=nvmlDeviceGetComputeRunningProcesses*",
        "at 0 7 fail=nvmlDeviceGetPowerUsage:10:300",
    )


def tell(agent: AgentProcess, driver: FakeDriver, llama: LlamaServer, quiet_url: str, trainer: int) -> Seen:
    """Live through it."""
    seen = Seen(time.time())
    driver.play(*scenario(seen.began_at, llama.pid, trainer))
    agent.config.write_text(CONFIG.format(tiny=llama.url, quiet=quiet_url))
    before = llama_counters(llama)
    agent.start()
    seen.first = agent.status(
        lambda now: len(now["engines"]) == 2 and all(e["state"] == "idle" for e in now["engines"])
    )
    lost_seen = False
    while time.time() < seen.began_at + LOST_TO + 4:
        seen.used.append(llama.complete(f"what does request {len(seen.used)} cost", 12))
        if not lost_seen and time.time() > seen.began_at + LOST_FROM + 2:
            seen.lost = agent.status(lambda now: now["gpus"][5]["state"] == "lost")
            lost_seen = True
        time.sleep(0.3)
    count_settled(agent, seen.used)
    seen.status = agent.status(lambda now: now["gpus"][5]["state"] == "empty")
    seen.printed = printed(agent)
    agent.end()
    seen.ended_at = time.time()
    after = llama_counters(llama)
    seen.counters = (after[0] - before[0], after[1] - before[1])
    seen.gpus, seen.tokens, seen.edges = stored(agent.state_dir)
    seen.used_while_away = [llama.complete("nobody watches", 6), llama.complete("nobody counts", 9)]
    agent.shift(HOURS_AWAY * 3600)
    agent.start()
    count_settled(agent, seen.used + seen.used_while_away)
    seen.after = agent.status(lambda now: now["gpus"] and now["gpus"][2]["state"] == "empty")
    agent.end()
    seen.gpus_after, seen.tokens_after, _ = stored(agent.state_dir)
    return seen


def printed(agent: AgentProcess) -> dict[str, Any]:
    """The picture as a user's command prints it."""
    said = Shell(agent.state_dir.parent)("status", "--json")
    assert said.code == 0, said
    return load(said.out.encode())


def count_settled(agent: AgentProcess, used: list[Usage]) -> None:
    """Wait until the store holds as many output tokens as were answered."""
    want = sum(each.output_tokens for each in used)

    def there() -> bool:
        totals = stored(agent.state_dir)[1].get("tiny")
        return totals is not None and totals.output_tokens + totals.gap_output_tokens >= want

    eventually(there, f"{want} output tokens")


def stored(state_dir: Path) -> tuple[dict[str, StateTotals], dict[str, EngineTotals], dict[str, tuple[int, int]]]:
    """All that the store holds: GPU times, tokens, and the first and last second of each GPU."""
    reader = TelemetryReader(state_dir)
    try:
        gpus, engines = reader.gpu_totals(0, FOREVER_MS), reader.engine_totals(0, FOREVER_MS)
        edges = {}
        for uuid in gpus:
            points = reader.gpu_history(uuid, 0, FOREVER_MS, 1_000)
            edges[uuid] = (points[0].at_ms, points[-1].at_ms + 1_000)
        return gpus, engines, edges
    finally:
        reader.close()


def llama_counters(llama: LlamaServer) -> tuple[int, int]:
    """Input (cached included) and output tokens by llama.cpp's own metrics, read without costtui."""
    with urllib.request.urlopen(llama.url.removesuffix("/v1") + "/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = dict(line.split() for line in lines if line and not line.startswith("#"))
    fresh, cached = values["llamacpp:prompt_tokens_total"], values.get("llamacpp:prompt_tokens_cached_total", "0")
    return int(float(fresh)) + int(float(cached)), int(float(values["llamacpp:tokens_predicted_total"]))


@pytest.fixture(scope="module")
def seen(nvml_library: Path, llama_server: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """The story, told once for all tests of a module."""
    folder = tmp_path_factory.mktemp("host")
    driver = FakeDriver(nvml_library, folder)
    trainer = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()", "train.py"], stdin=subprocess.PIPE
    )
    with pytest.MonkeyPatch.context() as patch, serving() as quiet, AgentProcess(folder, "") as agent:
        for name, value in driver.environment.items():
            patch.setenv(name, value)
        quiet.body = vllm_metrics(1_000, 2_000)
        try:
            yield tell(agent, driver, llama_server, quiet.url, trainer.pid)
        finally:
            trainer.communicate(b"")


def exact(status: dict[str, Any]) -> dict[str, Any]:
    """The picture once more through its schema: it must fit."""
    from_json(json.dumps(status, default=lambda value: float(value) if isinstance(value, Decimal) else None).encode())
    return status

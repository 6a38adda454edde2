"""The agent killed again and again, and many agents at once. COSTTUI_ROUNDS sets how often it is killed (12)."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.store.reader import TelemetryReader
from costtui.store.rows import GpuPoint
from tests.agent.agents import AgentProcess
from tests.agent.waiting import eventually
from tests.parts.nvml import FakeDriver

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "12"))
AGENTS = 20
FOREVER_MS = 1 << 45
BUSY = 75
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def agent(fake_driver: FakeDriver, tmp_path: Path) -> Iterator[AgentProcess]:
    fake_driver.play("gpus 2", "at 0 * idle power=70")
    with AgentProcess(tmp_path, "") as process:
        yield process


def observed_ms(state_dir: Path) -> int:
    reader = TelemetryReader(state_dir)
    totals = reader.gpu_totals(0, FOREVER_MS)
    reader.close()
    return sum(each.observed_ms for each in totals.values())


def written(state_dir: Path) -> dict[tuple[str, int], GpuPoint]:
    """Every second of every GPU in the store."""
    reader = TelemetryReader(state_dir)
    uuids = list(reader.gpu_totals(0, FOREVER_MS))
    points = {(uuid, point.at_ms): point for uuid in uuids for point in reader.gpu_history(uuid, 0, FOREVER_MS, 1_000)}
    reader.close()
    return points


def test_an_agent_that_is_killed_again_and_again_loses_nothing_that_was_written(agent: AgentProcess) -> None:
    dice, before = random.Random(5), 0
    for _ in range(ROUNDS):
        agent.start()
        reached = before + dice.randrange(1, 3) * 2_000

        def further(want: int = reached) -> bool:
            return observed_ms(agent.state_dir) >= want

        eventually(further, "another second")
        picture = agent.status(lambda now: len(now["gpus"]) == 2)
        assert [gpu["state"] for gpu in picture["gpus"]] == ["empty", "empty"]
        seen, rows = observed_ms(agent.state_dir), written(agent.state_dir)
        assert rows
        code, said = agent.end(signal.SIGKILL)
        assert code == -signal.SIGKILL
        assert "Traceback" not in said
        assert observed_ms(agent.state_dir) >= seen
        assert rows.items() <= written(agent.state_dir).items()
        before = observed_ms(agent.state_dir)
    connection = sqlite3.connect(agent.state_dir / "telemetry.db")
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
    connection.close()
    assert not list(agent.state_dir.glob("*corrupt*"))


def test_of_twenty_agents_started_at_once_one_runs_and_the_others_name_it(agent: AgentProcess) -> None:
    argv = [sys.executable, "-m", "costtui.agent", "--state-dir", str(agent.state_dir)]
    agents = [
        subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(AGENTS)
    ]
    try:
        eventually(lambda: sum(each.poll() is not None for each in agents) == AGENTS - 1, "19 refusals")
        (owner,) = [each for each in agents if each.poll() is None]
        for each in agents:
            if each is owner:
                continue
            assert each.returncode == BUSY
            assert each.stderr is not None
            assert f"pid {owner.pid}" in each.stderr.read()
    finally:
        for each in agents:
            if each.poll() is None:
                each.terminate()
            each.wait()
            if each.stderr:
                each.stderr.close()

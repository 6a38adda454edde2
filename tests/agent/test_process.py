"""The real agent as a process, against the compiled driver library and real HTTP servers."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from costtui.agent.options import AgentOptions
from costtui.agent.start import agent_state, start_background, stop
from costtui.errors import CosttuiError, StoreBusy
from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader
from tests.agent.agents import AgentProcess
from tests.agent.servers import serving, vllm_metrics
from tests.agent.waiting import eventually
from tests.parts.nvml import FakeDriver

RENT = '[[gpus]]\nmatch = "*"\nrates = [{ from = 2026-01-01, usd_per_gpu_hour = 2.0 }]\n'


@pytest.fixture
def agent(fake_driver: FakeDriver, tmp_path: Path) -> Iterator[AgentProcess]:
    """An agent of two idle GPUs, not yet started."""
    fake_driver.play("gpus 2", "at 0 * idle power=70")
    with AgentProcess(tmp_path, RENT) as process:
        yield process


def engine(url: str) -> str:
    """A vLLM that holds GPU 0."""
    return f'{RENT}[targets]\nllama = {{ engine = "vllm", url = "{url}/v1", model = "m", gpus = [0] }}\n'


def edit(agent: AgentProcess, text: str) -> None:
    """Replace the configuration as an editor does."""
    new = agent.config.with_suffix(".new")
    new.write_text(text)
    new.replace(agent.config)


def tokens(agent: AgentProcess) -> int:
    """Output tokens in the store, gap tokens too."""
    reader = TelemetryReader(agent.state_dir)
    totals = reader.engine_totals(0, 1 << 45).get("llama")
    reader.close()
    return totals.output_tokens + totals.gap_output_tokens if totals else 0


def observed_ms(state_dir: Path, until_ms: int = 1 << 45) -> int:
    """Milliseconds of GPU time in the store."""
    reader = TelemetryReader(state_dir)
    totals = reader.gpu_totals(0, until_ms)
    reader.close()
    return sum(each.observed_ms for each in totals.values())


def test_it_samples_says_what_it_does_and_ends_cleanly_on_sigterm(agent: AgentProcess) -> None:
    agent.start()
    status = agent.status(lambda seen: len(seen["gpus"]) == 2 and seen["gpus"][0]["seconds_today"]["empty"] >= 2)
    assert [gpu["state"] for gpu in status["gpus"]] == ["empty", "empty"]
    assert status["burn"]["gpu_usd_per_hour"] == 4
    assert status["agent"]["pid"] == agent.pid
    children = agent.children()
    assert children
    code, said = agent.end()
    assert code == 0
    assert said.count("\n") == 1
    assert str(agent.state_dir) in said
    assert holder_pid(agent.state_dir) is None
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    events = [json.loads(line)["event"] for line in (agent.state_dir / "agent.log").read_text().splitlines()]
    assert (events[0], events[-1]) == ("started", "ended")
    assert all(file.stat().st_mode & 0o077 == 0 for file in agent.state_dir.iterdir())


def test_a_killed_agent_loses_no_committed_second_and_blocks_nothing(agent: AgentProcess) -> None:
    agent.start()
    agent.status(lambda seen: seen["gpus"] and seen["gpus"][0]["seconds_today"]["empty"] >= 2)
    before = observed_ms(agent.state_dir)
    children = agent.children()
    agent.end(signal.SIGKILL)
    assert observed_ms(agent.state_dir) >= before > 0
    eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the end of the child")
    agent.start()
    agent.status(lambda seen: seen["gpus"] and seen["gpus"][0]["state"] == "empty")
    eventually(lambda: observed_ms(agent.state_dir) > before, "a further second")


def test_of_two_agents_the_second_is_refused_with_the_pid_of_the_first(agent: AgentProcess) -> None:
    agent.start()
    agent.status()
    argv = [sys.executable, "-m", "costtui.agent", "--state-dir", str(agent.state_dir)]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert second.returncode == StoreBusy.exit_code
    assert str(agent.pid) in second.stderr
    assert "Traceback" not in second.stderr
    with pytest.raises(StoreBusy) as busy:
        start_background(AgentOptions(agent.state_dir, agent.config))
    assert busy.value.pid == agent.pid


def test_an_engine_is_counted_once_over_restarts_of_engine_and_agent(agent: AgentProcess) -> None:
    with serving() as site:
        site.body = vllm_metrics(0, 1_000)
        edit(agent, engine(site.url))
        agent.start()
        agent.status(lambda seen: seen["engines"] and seen["engines"][0]["output_tokens_per_second"] is not None)
        site.body = vllm_metrics(0, 1_500, running=1)
        eventually(lambda: tokens(agent) == 500, "500 tokens")
        assert agent.status(lambda seen: seen["gpus"][0]["state"] in ("busy", "low"))["gpus"][1]["state"] == "empty"
        site.body = vllm_metrics(0, 40, started=1_790_000_500.0)  # the engine came back and served 40
        eventually(lambda: tokens(agent) == 540, "540 tokens")
        agent.end(signal.SIGKILL)
        site.body = vllm_metrics(0, 100, started=1_790_000_500.0)  # 60 more while nobody looked
        agent.start()
        eventually(lambda: tokens(agent) == 600, "600 tokens")
        agent.end()
        assert tokens(agent) == 600


def test_48_hours_without_an_agent_are_unobserved_and_still_owed(agent: AgentProcess) -> None:
    agent.start()
    agent.status(lambda seen: seen["gpus"] and seen["gpus"][0]["seconds_today"]["empty"] >= 1)
    agent.end()
    before = observed_ms(agent.state_dir)
    agent.shift(48 * 3600)
    agent.start()
    status = agent.status(lambda seen: seen["gpus"] and seen["gpus"][0]["seconds_today"]["empty"] >= 1)
    agent.end()
    assert observed_ms(agent.state_dir) - before < 60 * 2 * 1000 * 60
    parts = ("busy", "low", "idle", "other", "lost", "unknown", "unobserved")
    assert sum(status["today"][f"{part}_usd"] for part in parts) == status["today"]["gpu_usd"]
    assert status["today"]["unobserved_usd"] > 0


def test_a_clock_that_jumps_while_it_runs_leaves_a_gap(agent: AgentProcess) -> None:
    agent.start()
    first = agent.status(lambda seen: seen["gpus"] and seen["gpus"][0]["seconds_today"]["empty"] >= 1)
    agent.shift(48 * 3600)
    agent.status(lambda seen: seen["gpus"][0]["seconds_today"]["empty"] >= 1 and seen["at"][:10] > first["at"][:10])
    agent.end()
    assert observed_ms(agent.state_dir) < 2 * 3_600_000


def test_a_good_edit_applies_and_a_bad_one_changes_nothing_and_is_shown(agent: AgentProcess) -> None:
    agent.start()
    agent.status(lambda seen: seen["burn"]["gpu_usd_per_hour"] == 4)
    edit(agent, RENT.replace("2.0", "3.0"))
    agent.status(lambda seen: seen["burn"]["gpu_usd_per_hour"] == 6)
    edit(agent, RENT.replace("2.0", '"three"'))
    status = agent.status(lambda seen: seen["config"]["problems"])
    assert status["burn"]["gpu_usd_per_hour"] == 6
    assert "usd_per_gpu_hour" in status["config"]["problems"][0]
    edit(agent, RENT)
    agent.status(lambda seen: seen["burn"]["gpu_usd_per_hour"] == 4 and not seen["config"]["problems"])


def test_an_engine_that_is_configured_while_it_runs_is_read_and_one_taken_out_is_left(agent: AgentProcess) -> None:
    with serving() as site:
        site.body = vllm_metrics(0, 10)
        agent.start()
        agent.status()
        edit(agent, engine(site.url))
        agent.status(lambda seen: seen["engines"] and seen["engines"][0]["state"] == "idle")
        edit(agent, RENT)
        agent.status(lambda seen: not seen["engines"] and all("llama" not in each["name"] for each in seen["sources"]))
        agent.end()


def test_a_hanging_driver_stops_neither_the_engines_nor_the_end(agent: AgentProcess, fake_driver: FakeDriver) -> None:
    with serving() as site:
        site.body = vllm_metrics(0, 10)
        edit(agent, engine(site.url))
        fake_driver.play("gpus 2", "at 0 * idle fail=nvmlDeviceGetPowerUsage:10:600000")
        agent.start()
        agent.status(lambda seen: seen["engines"] and seen["engines"][0]["running"] == 0)
        site.body = vllm_metrics(0, 30)
        eventually(lambda: tokens(agent) == 20, "20 tokens beside a hanging driver")
        code, _ = agent.end()
        assert code == 0


def test_a_driver_that_goes_silent_makes_its_gpus_unknown_with_a_reason_and_never_idle(
    agent: AgentProcess, fake_driver: FakeDriver
) -> None:
    agent.start()
    agent.status(lambda seen: seen["gpus"] and seen["gpus"][0]["state"] == "empty")
    fake_driver.play("gpus 2", "at 0 * idle fail=nvmlDeviceGetPowerUsage:10:600000")
    status = agent.status(lambda seen: all(gpu["state"] == "unknown" for gpu in seen["gpus"]))
    assert all(gpu["reason"] for gpu in status["gpus"])
    assert status["burn"]["gpu_usd_per_hour"] == 4


def test_a_lost_gpu_alerts_once_and_no_secret_reaches_log_or_store(
    agent: AgentProcess, fake_driver: FakeDriver, tmp_path: Path
) -> None:
    with serving() as site:
        hook = tmp_path / "hook"
        hook.write_text(f"{site.url}/T00/SECRETPART")
        hook.chmod(0o600)
        edit(agent, f'{RENT}[alerts]\nwebhook = "file:{hook}"\n')
        agent.start()
        agent.status(lambda seen: len(seen["gpus"]) == 2)
        fake_driver.play("gpus 2", "at 0 * idle", "at 0 1 lost")
        eventually(lambda: site.posts, "the alert")
        assert "GPU 1 LOST" in site.posts[0]["text"]
        eventually(lambda: agent.status()["gpus"][1]["state"] == "lost", "the state")
        agent.end()
        agent.start()
        agent.status(lambda seen: len(seen["gpus"]) == 2 and seen["gpus"][1]["seconds_today"]["lost"] >= 3)
        agent.end()
        assert len([post for post in site.posts if "GPU 1 LOST" in post["text"]]) == 1
    assert not any(b"SECRETPART" in file.read_bytes() for file in agent.state_dir.iterdir())


def test_in_the_background_it_has_a_session_of_its_own_until_it_is_stopped(agent: AgentProcess) -> None:
    options = AgentOptions(agent.state_dir, agent.config)
    now = agent_state(agent.state_dir, 0)
    assert (now.state, now.pid, now.age_seconds) == ("none", None, None)
    pid = start_background(options, 60)
    try:
        reader = TelemetryReader(agent.state_dir)
        stored = reader.status()
        reader.close()
        assert stored is not None
        state = agent_state(agent.state_dir, stored.at_ms)
        assert (state.state, state.pid) == ("running", pid)
        session = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[3])
        assert session == pid
    finally:
        assert stop(agent.state_dir, 60) == pid
    assert stop(agent.state_dir) is None
    assert agent_state(agent.state_dir, stored.at_ms).state == "dead"


def test_a_start_in_the_background_that_fails_says_why(agent: AgentProcess) -> None:
    edit(agent, "[[gpus]]\nmatch = 5\n")
    with pytest.raises(CosttuiError, match="gpus") as failure:
        start_background(AgentOptions(agent.state_dir, agent.config), 60)
    assert failure.value.exit_code == 78
    assert "Traceback" not in str(failure.value)


def test_without_a_driver_it_runs_on_and_says_so(
    agent: AgentProcess, fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_driver.play("gpus 2", "at 0 lib fail=nvmlInit*:9")
    agent.start()

    def explained(seen: dict[str, Any]) -> bool:
        return any(source["name"] == "nvml" and source["reason"] for source in seen["sources"])

    assert agent.status(explained)["gpus"] == []

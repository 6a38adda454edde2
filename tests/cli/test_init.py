"""`costtui init`: what it writes always loads, and what it must not touch it does not touch."""

import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from costtui.cli.found import KEYS, Found, ServedEngine, served
from costtui.cli.init import write
from costtui.cli.proposal import proposal
from costtui.config.load import load_bytes
from costtui.config.model import Config
from costtui.domain.reading import GpuProcess, GpuReading, GpuSweep, Problem
from costtui.engines.discover import FoundEngine
from costtui.errors import CosttuiError
from tests.agent.servers import serving, vllm_metrics
from tests.cli.shell import Shell
from tests.parts.nvml import FakeDriver
from tests.tui.hostile import payloads

DAY = date(2026, 11, 23)
NOTHING = Found(GpuSweep(0, (), None, Problem("driver", "there is no driver")))


def loaded(text: str) -> Config:
    """The configuration that a file of this text gives; ConfigError if it has a problem."""
    return load_bytes(Path("config.toml"), text.encode(), 0)


def waiting(text: str) -> str:
    """The same file after the user took every waiting `#` away."""
    return re.sub(r"^#(?=[^# \n])", "", text, flags=re.MULTILINE)


def host(*names: str) -> GpuSweep:
    """GPUs with these names."""
    return GpuSweep(0, tuple(GpuReading(f"GPU-{index}", index, name) for index, name in enumerate(names)), "580")


def test_a_bare_host_gets_a_configuration_that_loads() -> None:
    text = proposal(NOTHING, DAY)
    assert loaded(text).targets == ()
    assert "there is no driver" in text


def test_everything_found_stands_in_the_configuration() -> None:
    engines = (
        ServedEngine(FoundEngine("vllm", "http://127.0.0.1:8000/v1", "meta-llama/Llama-3.3-70B-Instruct"), (0, 1)),
        ServedEngine(FoundEngine("sglang", "http://127.0.0.1:30000/v1", "other/llama-3.3-70b-instruct")),
        ServedEngine(FoundEngine("ollama", "http://127.0.0.1:11434/v1", None)),
    )
    config = loaded(proposal(Found(host("NVIDIA H100 80GB HBM3"), engines, (), "Europe/Berlin", "gpu-07"), DAY))
    assert config.host.timezone.key == "Europe/Berlin"
    assert [(target.name, target.engine, target.gpus) for target in config.targets] == [
        ("llama-3-3-70b-instruct", "vllm", (0, 1)),
        ("llama-3-3-70b-instruct-2", "sglang", None),
        ("ollama", "ollama", None),
    ]
    assert config.targets[0].model == "meta-llama/Llama-3.3-70B-Instruct"
    assert config.targets[0].url == "http://127.0.0.1:8000/v1"


def test_no_rate_is_in_force_before_the_user_says_so() -> None:
    text = proposal(Found(host("NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3", "Strange GPU")), DAY)
    assert loaded(text).gpus == ()
    assert "# 2 x NVIDIA H100 80GB HBM3" in text
    rules = loaded(waiting(text)).gpus
    assert [rule.match for rule in rules] == ["NVIDIA H100 80GB HBM3", "Strange GPU"]
    assert all(rule.rates for rule in rules)
    assert "list price" in text
    assert "no list price is known" in text


def test_what_waits_in_comments_loads_too() -> None:
    keys = tuple(KEYS)
    for found in (NOTHING, Found(host("NVIDIA A100-SXM4-80GB", "NVIDIA L4", "NVIDIA L40S"), keys=keys)):
        assert loaded(waiting(proposal(found, DAY))).budgets
    everything = loaded(waiting(proposal(Found(host("NVIDIA L4"), keys=keys), DAY)))
    assert {target.provider for target in everything.targets if target.provider} == set(KEYS.values())


@settings(max_examples=60, deadline=None)
@drawn(
    names=st.lists(st.one_of(st.text(max_size=60), st.sampled_from(payloads(60))), max_size=4),
    models=st.lists(st.one_of(st.none(), st.text(max_size=300), st.sampled_from(payloads(60))), max_size=4),
    host_name=st.text(max_size=80),
)
def test_no_name_can_break_the_file_or_add_a_setting(
    names: list[str], models: list[str | None], host_name: str
) -> None:
    engines = tuple(
        ServedEngine(FoundEngine("vllm", f"http://127.0.0.1:{8000 + port}/v1", model))
        for port, model in enumerate(models)
    )
    found = Found(host(*names), engines, (), "UTC", host_name)
    text = proposal(found, DAY)
    config = loaded(text)
    assert len(config.targets) == len(models)
    assert (config.gpus, config.budgets, config.host.name) == ((), (), None)
    assert [route.targets for route in config.routes] == [(target.name,) for target in config.targets[:1]]
    assert not any(ord(letter) < 32 and letter != "\n" for letter in text)
    loaded(waiting(text))


LISTEN = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); s.accept()"


@contextmanager
def listener() -> Iterator[tuple[FoundEngine, int]]:
    """An engine's process: where it listens, and its pid."""
    with subprocess.Popen([sys.executable, "-c", LISTEN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield FoundEngine("vllm", f"http://127.0.0.1:{port}/v1", "m"), process.pid
        process.kill()


def gpu(index: int, *pids: int) -> GpuReading:
    """A GPU that these processes hold."""
    return GpuReading(f"GPU-{index}", index, "H100", processes=tuple(GpuProcess(pid, 1) for pid in pids))


def test_an_engine_gets_the_gpus_that_its_process_holds() -> None:
    with listener() as (one, first), listener() as (two, second):
        found = served([one, two], [gpu(0, first), gpu(1, second), gpu(2, first), gpu(3)])
    assert found == (ServedEngine(one, (0, 2)), ServedEngine(two, (1,)))


def test_engines_that_share_a_gpu_are_left_to_the_user() -> None:
    with listener() as (one, first), listener() as (two, second):
        found = served([one, two], [gpu(0, first), gpu(1, first, second)])
    assert found == (ServedEngine(one, None), ServedEngine(two, None))


def test_a_file_that_exists_is_never_touched_without_force(shell: Shell) -> None:
    path = shell.config("# mine\n")
    said = shell("init")
    assert said.code == 1
    assert "--force" in said.err
    assert path.read_text() == "# mine\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("# mine\n")
    with pytest.raises(CosttuiError, match="--force"):
        write(path, "# new\n", force=False)
    assert path.read_text() == "# mine\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.toml"]


def test_a_folder_that_cannot_be_made_is_said_in_one_line(shell: Shell) -> None:
    (shell.home / "file").write_text("")
    said = shell("init", "--config", str(shell.home / "file" / "config.toml"))
    assert said.code == 1
    assert "cannot be written" in said.err
    assert said.err.count("\n") == 1


def test_init_writes_for_this_user_alone_and_what_it_wrote_checks(shell: Shell, fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 2")
    shell.environ |= {"OPENAI_API_KEY": "sk-very-secret-0123456789", "HF_TOKEN": ""}
    with serving() as site:
        site.body = vllm_metrics(1, 1)
        said = shell("init")
        printed = shell("init", "--print")
        forced = shell("init", "--force")
    path = shell.home / ".config" / "costtui" / "config.toml"
    text = path.read_text()
    assert (said.code, printed.code, forced.code) == (0, 0, 0)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"{site.url}/v1" in printed.out
    assert "# 2 x " in text
    assert f'url = "{site.url}/v1"' in text
    assert "env:OPENAI_API_KEY" in text
    assert "HF_TOKEN" not in text
    assert "very-secret" not in text + said.out + said.err + printed.out
    assert shell("config", "check").code == 0


def test_the_first_engine_serves_the_first_route() -> None:
    engines = (
        ServedEngine(FoundEngine("vllm", "http://127.0.0.1:8000/v1", "a/big"), (0,)),
        ServedEngine(FoundEngine("vllm", "http://127.0.0.1:8001/v1", "a/small"), (1,)),
    )
    text = proposal(Found(host("L4"), engines, ("OPENAI_API_KEY",)), DAY)
    assert [(route.name, route.targets) for route in loaded(text).routes] == [("chat", ("big",))]
    assert '# then, for instance: "api-openai"' in text


def test_init_makes_the_first_key_for_this_user_alone_and_says_how_to_use_it(
    shell: Shell, fake_driver: FakeDriver
) -> None:
    fake_driver.play("gpus 1")
    said, again = shell("init"), shell("init", "--force")
    path = shell.state_dir / "keys" / "first"
    value = path.read_text().strip()
    assert value.startswith("ctk-")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert value not in said.out + said.err
    assert f"export OPENAI_BASE_URL=http://127.0.0.1:4100/v1 OPENAI_API_KEY=$(cat {path})" in said.out
    assert f"export ANTHROPIC_BASE_URL=http://127.0.0.1:4100 ANTHROPIC_API_KEY=$(cat {path})" in said.out
    assert "has a key already" in again.out
    assert path.read_text().strip() == value
    lines = [line for line in said.out.splitlines() if line.startswith("export ")]
    script = "\n".join([*lines, 'printf %s "$OPENAI_API_KEY"'])
    assert subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout.decode() == value


def test_init_that_only_prints_makes_no_key(shell: Shell, fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 1")
    assert shell("init", "--print").code == 0
    assert not shell.state_dir.exists()

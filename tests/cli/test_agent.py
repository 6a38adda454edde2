"""`costtui agent` from its start to its end, on real processes."""

import json
from collections.abc import Iterator

import pytest

from tests.cli.shell import Shell
from tests.parts.nvml import FakeDriver


@pytest.fixture
def agents(shell: Shell) -> Iterator[Shell]:
    """A shell whose agents do not outlive the test."""
    yield shell
    shell("agent", "stop")


def test_an_agent_starts_samples_restarts_and_stops(agents: Shell, fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 2")
    agents.config("[host]\n")
    assert agents("agent", "status").code == 3

    started = agents("agent", "start")
    assert started.code == 0, started.err
    first = json.loads(agents("status", "--json").out)["agent"]
    assert (first["state"], f"pid {first['pid']}" in started.out) == ("running", True)
    assert agents("agent", "status").out.startswith(f"agent running (pid {first['pid']})")

    again = agents("agent", "--background")
    assert again.code == 75
    assert str(first["pid"]) in again.err

    assert agents("agent", "restart").code == 0
    second = json.loads(agents("status", "--json").out)["agent"]
    assert second["state"] == "running"
    assert second["pid"] != first["pid"]

    assert agents("agent", "logs").out.count("\n") >= 2
    assert f"pid {second['pid']}" in agents("agent", "stop").out
    assert agents("agent", "status").code == 3
    assert agents("agent", "stop").out == "no agent runs\n"
    assert json.loads(agents("status", "--json").out)["agent"]["state"] == "dead"


def test_an_agent_with_a_bad_configuration_says_every_problem_and_does_not_start(agents: Shell) -> None:
    agents.config("[hosts]\n[budget]\n")
    said = agents("agent", "start")
    assert said.code == 78
    assert "hosts" in said.err
    assert "budget" in said.err
    assert agents("agent", "status").code == 3


def test_logs_of_an_agent_that_never_ran_say_so(shell: Shell) -> None:
    said = shell("agent", "logs")
    assert said.code == 1
    assert "no agent has run" in said.err

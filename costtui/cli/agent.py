"""`costtui agent`: in the foreground, or started, stopped and asked about."""

import sys

from costtui.agent.options import AgentOptions
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.errors import CosttuiError
from costtui.report.words import duration

LOG_LINES = 50


def run(given: Given) -> int:
    """Do what the one word says; in the foreground where there is none."""
    background = "--background" in given.flags("--background")
    action = given.action("run", "start", "stop", "restart", "status", "logs")
    if background and action == "run":
        action = "start"
    return {"run": _run, "start": _start, "stop": _stop, "restart": _restart, "status": _status, "logs": _logs}[action](
        given
    )


def options_of(given: Given) -> AgentOptions:
    """What the agent is started with."""
    return AgentOptions(given.state_dir, given.config_path)


def _run(given: Given) -> int:
    from costtui.agent.run import run_agent

    return run_agent(options_of(given))


def _start(given: Given) -> int:
    from costtui.agent.start import start_background

    pid = start_background(options_of(given))
    print(f"agent started (pid {pid}); it samples into {given.state_dir} until `costtui agent stop`")
    return 0


def _stop(given: Given) -> int:
    from costtui.agent.start import stop

    pid = stop(given.state_dir)
    print("no agent runs" if pid is None else f"agent stopped (pid {pid})")
    return 0


def _restart(given: Given) -> int:
    from costtui.agent.start import restart

    print(f"agent started (pid {restart(options_of(given))})")
    return 0


def _status(given: Given) -> int:
    from costtui.agent.start import agent_state

    found = agent_state(given.state_dir, now_ms())
    age = "" if found.age_seconds is None else f", last heartbeat {duration(found.age_seconds)} ago"
    pid = "" if found.pid is None else f" (pid {found.pid})"
    print(f"agent {found.state}{pid}{age}")
    return 0 if found.state == "running" else 3


def _logs(given: Given) -> int:
    from costtui.agent.log import NAME

    path = given.state_dir / NAME
    try:
        lines = path.read_text(errors="replace").splitlines()[-LOG_LINES:]
    except OSError as error:
        raise CosttuiError(f"{path}: {error.strerror}; no agent has run with this state directory yet") from None
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0

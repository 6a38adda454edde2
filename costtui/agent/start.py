"""The agent in the background: its own session, so that it outlives the terminal that started it."""

from dataclasses import dataclass
from pathlib import Path

from costtui.agent.options import AgentOptions


@dataclass(frozen=True, slots=True)
class AgentState:
    """How the agent of a state directory is. `state`: running, late, dead, none."""

    state: str
    pid: int | None
    age_seconds: float | None
    """Age of its last heartbeat."""


def start_background(options: AgentOptions, wait_seconds: float = 15.0) -> int:
    """Start an agent of its own session and return its pid once its first heartbeat is stored.

    Raises StoreBusy where one runs already, and CosttuiError with the reason where it does not come up.
    `options.clock` is not handed on: the new process uses the system's.
    """
    raise NotImplementedError


def stop(state_dir: Path, wait_seconds: float = 10.0) -> int | None:
    """Ask the agent to end and wait until it has; its pid, or None where none ran.

    Raises CosttuiError when it is still there after `wait_seconds`.
    """
    raise NotImplementedError


def restart(options: AgentOptions, wait_seconds: float = 15.0) -> int:
    """Stop the agent, if one runs, and start one; the new pid."""
    stop(options.state_dir)
    return start_background(options, wait_seconds)


def agent_state(state_dir: Path, now_ms: int) -> AgentState:
    """State, pid and heartbeat age; never raises for a store that is missing or damaged: that is `none` or `dead`."""
    raise NotImplementedError

"""The agent as a process in the foreground."""

from costtui.agent.options import AgentOptions


def run_agent(options: AgentOptions) -> int:
    """Sample until SIGTERM or SIGINT; returns the exit code.

    Raises ConfigError, StoreBusy with the other agent's pid, StoreError or StoreDamaged before it begins.
    """
    raise NotImplementedError

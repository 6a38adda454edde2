"""What the agent is started with."""

from dataclasses import dataclass, field
from pathlib import Path

from costtui.agent.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """`config_path` None: the defaults, without a file. `simulated_url`: the demo's server instead of a driver."""

    state_dir: Path
    config_path: Path | None = None
    simulated_url: str | None = None
    detached: bool = False
    """In the background: hang-ups are ignored and nothing is printed."""
    clock: Clock = field(default_factory=SystemClock)

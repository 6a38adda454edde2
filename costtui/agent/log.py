"""`agent.log`: the agent's events."""

from pathlib import Path

from costtui.agent.clock import Clock
from costtui.store.log import ROTATE_BYTES, EventLog

NAME = "agent.log"


class Log(EventLog):
    """In the state directory."""

    def __init__(self, state_dir: Path, clock: Clock, rotate_bytes: int = ROTATE_BYTES) -> None:
        super().__init__(state_dir / NAME, clock.now_ms, rotate_bytes)

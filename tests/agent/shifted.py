"""The real agent with clocks that a test can move: `python shifted.py STATE_DIR CONFIG OFFSET_FILE`."""

import sys
from pathlib import Path

from costtui.agent.clock import SystemClock
from costtui.agent.options import AgentOptions
from costtui.agent.run import run_agent


class ShiftedClock(SystemClock):
    """The system's clocks plus the milliseconds in a file."""

    def __init__(self, offset_file: Path) -> None:
        self._offset_file = offset_file

    def _offset_ms(self) -> int:
        return int(self._offset_file.read_text() or 0)

    def now_ms(self) -> int:
        """Wall clock, moved."""
        return super().now_ms() + self._offset_ms()

    def monotonic(self) -> float:
        """Moved alike, as over a sleep of the host."""
        return super().monotonic() + self._offset_ms() / 1000


if __name__ == "__main__":
    state_dir, config, offset_file = (Path(argument) for argument in sys.argv[1:4])
    sys.exit(run_agent(AgentOptions(state_dir, config, clock=ShiftedClock(offset_file))))

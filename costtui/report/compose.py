"""Live observation, stored totals and the contract become one picture."""

from costtui.config.model import Config
from costtui.report.observation import Observation
from costtui.report.schema import Status
from costtui.report.stored import Prices, Stored


class Composer:
    """Composes the picture each second; totals of closed time are cached between calls."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored

    def compose(self, seen: Observation, config: Config, prices: Prices | None) -> Status:
        """The picture at `seen.at_ms`."""
        raise NotImplementedError

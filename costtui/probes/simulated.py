"""The GPUs of a simulated host, by the same frames as the real ones."""

from costtui.config.model import Sampling
from costtui.probes.sweeping import ChildSweeps


class SimulatedSource(ChildSweeps):
    """A source of simulated GPUs, served at `url`."""

    def __init__(self, url: str, sampling: Sampling) -> None:
        arguments = (str(sampling.gpu_seconds), str(sampling.processes_seconds), url)
        super().__init__("costtui.probes.simulated_child", arguments, sampling.gpu_seconds)

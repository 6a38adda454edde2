"""The GPUs of this host, read by a child process through the real driver."""

from costtui.config.model import Sampling
from costtui.probes.sweeping import ChildSweeps


class NvmlSource(ChildSweeps):
    """A source of real GPUs; one without a driver says so and stays calm."""

    def __init__(self, sampling: Sampling) -> None:
        arguments = (str(sampling.gpu_seconds), str(sampling.processes_seconds))
        super().__init__("costtui.probes.nvml_child", arguments, sampling.gpu_seconds)

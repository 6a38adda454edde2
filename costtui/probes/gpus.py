"""What the agent asks of a source of GPU readings, real or simulated."""

from typing import Protocol

from costtui.domain.reading import GpuSweep


class GpuSource(Protocol):
    """Sweeps come at the source's own pace; a source that fails says so in `GpuSweep.problem`."""

    async def sweep(self) -> GpuSweep:
        """The next sweep; returns after a few seconds at most, whatever the driver does."""

    async def close(self) -> None:
        """End it within a second."""

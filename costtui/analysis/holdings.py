"""Which GPUs an engine holds: the configuration says so, else its process ids do, else it is unknown."""

from collections.abc import Collection, Sequence

from costtui.domain.reading import GpuReading


def held_by(
    configured: Sequence[int | str] | None, pids: Collection[int], gpus: Sequence[GpuReading]
) -> frozenset[str] | None:
    """UUIDs of the GPUs that an engine holds; None when neither configuration nor process ids can tell.

    `configured` names indexes or UUIDs; what it names wins, and a GPU that is not there is left out.
    """
    if configured is not None:
        found = frozenset(gpu.uuid for gpu in gpus if gpu.index in configured or gpu.uuid in configured)
    else:
        found = frozenset(gpu.uuid for gpu in gpus if any(process.pid in pids for process in gpu.processes or ()))
    return found or None

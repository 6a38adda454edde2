"""What the doctor knows about the driver, each GPU, and what they are taken to cost."""

from collections.abc import Iterator

from costtui.cli.finding import Finding
from costtui.config.model import Config, Sampling
from costtui.domain.amount import RateSource
from costtui.domain.reading import GpuReading, GpuSweep
from costtui.probes.nvml import NvmlSource
from costtui.rates.terms import terms_for


async def sweep(sampling: Sampling) -> GpuSweep:
    """One look at all GPUs through the real driver; five seconds at most."""
    source = NvmlSource(sampling)
    try:
        return await source.sweep()
    finally:
        await source.close()


def driver(found: GpuSweep) -> Iterator[Finding]:
    """The driver, then every GPU."""
    if found.problem is not None:
        yield Finding("driver", "problem", found.problem.reason, found.problem.remedy)
        return
    if not found.gpus:
        yield Finding("driver", "problem", f"driver {found.driver} shows no GPU", "check `nvidia-smi`")
        return
    yield Finding("driver", "ok", f"driver {found.driver}, {len(found.gpus)} GPUs")
    for gpu in found.gpus:
        yield from _gpu(gpu)


def _gpu(gpu: GpuReading) -> Iterator[Finding]:
    name = f"gpu {gpu.index}"
    if not gpu.problems:
        yield Finding(name, "ok", f"{gpu.name}, everything can be read")
    for problem in gpu.problems:
        text = f"{gpu.name}: {problem.what}: {problem.reason}"
        yield Finding(name, "problem" if gpu.lost else "note", text, problem.remedy)


def rates(found: GpuSweep, config: Config, at_ms: int) -> Iterator[Finding]:
    """GPUs that no contract in the configuration covers."""
    for gpu in found.gpus:
        if gpu.lost:  # it does not say its name any more, by which a contract is found
            continue
        terms = terms_for(gpu.uuid, gpu.index, gpu.name, config, at_ms)
        if terms.source is RateSource.LIST and terms.rates:
            text = f"GPU {gpu.index} {gpu.name}: {terms.rates[-1].usd_per_hour} $/h is a {terms.note}"
            yield Finding("rates", "note", text, "write your contract into [[gpus]]; `costtui init` prepares it")
        elif terms.source is RateSource.UNKNOWN:
            text = f"GPU {gpu.index} {gpu.name}: its cost is unknown ({terms.note})"
            yield Finding("rates", "problem", text, "write what it costs into [[gpus]]")

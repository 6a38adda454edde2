"""Readings from the real `pynvml`; every call is guarded on its own, so that one failure costs one value."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from costtui.domain.clean import clean
from costtui.domain.reading import GpuProcess, GpuReading, GpuSweep, MigSlice, Problem
from costtui.probes.nvml_faults import LOST_CODES, problem_for

UNKNOWN_UUID = "index:"
"""A GPU that is lost before it was ever read has only its index; the parent may know it from before."""
MEMORY_V2_MISSING = (2, 3, 13, 25)


@dataclass(slots=True)
class _Gpu:
    """What stays the same of one GPU between two looks at the whole host."""

    index: int
    handle: Any
    uuid: str
    name: str
    mig: bool = False
    processes: tuple[GpuProcess, ...] | None = None
    process_problem: Problem | None = None
    temperature: int | None = None


class Driver:
    """One initialised driver library; `nvml` is the `pynvml` module."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._gpus: list[_Gpu] = []
        self._memory_v2 = True
        self.version: str | None = None

    def open(self) -> Problem | None:
        """Initialise and look at which GPUs there are; the reason when that cannot be done."""
        try:
            self._nvml.nvmlInit()
            self.version = self._guard(self._nvml.nvmlSystemGetDriverVersion)
            count = self._nvml.nvmlDeviceGetCount()
        except self._nvml.NVMLError as error:
            return problem_for("driver", error.value)
        before = {gpu.index: gpu for gpu in self._gpus}
        self._gpus = [self._identify(index, before.get(index)) for index in range(count)]
        return None

    def reopen(self) -> Problem | None:
        """Start over, which is what brings a lost GPU back."""
        self._guard(self._nvml.nvmlShutdown)
        return self.open()

    def sweep(self, at_ms: int, *, with_processes: bool) -> GpuSweep:
        """Read every GPU; the process list and temperature only when asked for."""
        readings = tuple(self._read(gpu, with_processes=with_processes) for gpu in self._gpus)
        return GpuSweep(at_ms, readings, self.version)

    def _guard(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """The call's answer, None where it fails."""
        try:
            return call(*arguments)
        except self._nvml.NVMLError:
            return None

    def _identify(self, index: int, before: _Gpu | None) -> _Gpu:
        nvml = self._nvml
        handle = self._guard(nvml.nvmlDeviceGetHandleByIndex, index)
        if handle is None:
            uuid, name = (before.uuid, before.name) if before else (f"{UNKNOWN_UUID}{index}", "")
            return _Gpu(index, None, uuid, name)
        uuid = self._guard(nvml.nvmlDeviceGetUUID, handle)
        name = self._guard(nvml.nvmlDeviceGetName, handle)
        if uuid is None:
            uuid, name = (before.uuid, before.name) if before else (f"{UNKNOWN_UUID}{index}", name or "")
        mode = self._guard(nvml.nvmlDeviceGetMigMode, handle)
        return _Gpu(index, handle, clean(uuid, 80), clean(name or "", 80), mig=bool(mode and mode[0]))

    def _read(self, gpu: _Gpu, *, with_processes: bool) -> GpuReading:
        nvml, problems = self._nvml, list[Problem]()
        reading = GpuReading(gpu.uuid, gpu.index, gpu.name)
        if gpu.handle is None:
            return replace(reading, lost=True, problems=(problem_for("gpu", 15),))
        try:
            utilization = self._value("utilization", problems, nvml.nvmlDeviceGetUtilizationRates, gpu.handle)
            memory = self._value("memory", problems, self._memory, gpu.handle)
            power = self._value("power", problems, nvml.nvmlDeviceGetPowerUsage, gpu.handle)
            energy = self._value("energy", problems, nvml.nvmlDeviceGetTotalEnergyConsumption, gpu.handle)
            if with_processes:
                self._read_rarely(gpu)
            slices = self._slices(gpu) if gpu.mig else ()
        except nvml.NVMLError as error:
            return replace(reading, lost=True, problems=(problem_for("gpu", error.value),))
        if gpu.process_problem is not None:
            problems.append(gpu.process_problem)
        return replace(
            reading,
            utilization_percent=None if utilization is None else int(utilization.gpu),
            memory_used_bytes=None if memory is None else int(memory.used),
            memory_total_bytes=None if memory is None else int(memory.total),
            power_milliwatts=None if power is None else int(power),
            energy_millijoules=None if energy is None else int(energy),
            temperature_celsius=gpu.temperature,
            processes=gpu.processes,
            mig=slices,
            problems=tuple(problems),
        )

    def _value(self, what: str, problems: list[Problem], call: Callable[..., Any], *arguments: Any) -> Any:
        """One value; a failure is noted and the value None, but a lost GPU ends the whole reading."""
        try:
            return call(*arguments)
        except self._nvml.NVMLError as error:
            if error.value in LOST_CODES:
                raise
            problems.append(problem_for(what, error.value))
            return None

    def _memory(self, handle: Any) -> Any:
        """Memory in use without what the driver reserves, as nvidia-smi shows it, where the driver tells."""
        if self._memory_v2:
            try:
                return self._nvml.nvmlDeviceGetMemoryInfo(handle, version=self._nvml.nvmlMemory_v2)
            except self._nvml.NVMLError as error:
                if error.value not in MEMORY_V2_MISSING:
                    raise
                self._memory_v2 = False
        return self._nvml.nvmlDeviceGetMemoryInfo(handle)

    def _read_rarely(self, gpu: _Gpu) -> None:
        """Compute processes, never graphics: 4.5 ms under the driver's global lock on a real host; temperature."""
        nvml = self._nvml
        failed: list[Problem] = []
        found = self._value("processes", failed, self._processes, gpu.handle)
        gpu.processes = None if found is None else tuple(GpuProcess(int(p.pid), p.usedGpuMemory) for p in found)
        gpu.process_problem = failed[0] if failed else None
        gpu.temperature = self._value(
            "temperature", [], nvml.nvmlDeviceGetTemperature, gpu.handle, nvml.NVML_TEMPERATURE_GPU
        )

    def _processes(self, handle: Any) -> Any:
        """The binding answers a missing call of an old driver with an error of its own; the older call may be there."""
        try:
            return self._nvml.nvmlDeviceGetComputeRunningProcesses(handle)
        except self._nvml.NVMLLibraryMismatchError:
            return self._nvml.nvmlDeviceGetComputeRunningProcesses_v2(handle)

    def _slices(self, gpu: _Gpu) -> tuple[MigSlice, ...]:
        nvml = self._nvml
        slices: list[MigSlice] = []
        for number in range(self._guard(nvml.nvmlDeviceGetMaxMigDeviceCount, gpu.handle) or 0):
            handle = self._guard(nvml.nvmlDeviceGetMigDeviceHandleByIndex, gpu.handle, number)
            if handle is None:
                continue
            memory = self._guard(self._memory, handle)
            uuid, name = self._guard(nvml.nvmlDeviceGetUUID, handle), self._guard(nvml.nvmlDeviceGetName, handle)
            used, total = (int(memory.used), int(memory.total)) if memory else (None, None)
            slices.append(MigSlice(clean(uuid or "?", 80), clean(name or "MIG", 80), used, total))
        return tuple(slices)

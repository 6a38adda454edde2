"""The real driver binding in its child process, against the compiled stand-in."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from costtui.config.model import Sampling
from costtui.domain.reading import GpuReading, GpuSweep
from costtui.probes import sweeping
from costtui.probes.nvml import NvmlSource
from tests.parts.nvml import FakeDriver

FAST = Sampling(gpu_seconds=0.1, processes_seconds=0.3)


@asynccontextmanager
async def source() -> AsyncIterator[NvmlSource]:
    opened = NvmlSource(FAST)
    try:
        yield opened
    finally:
        await opened.close()


async def until(opened: NvmlSource, holds: Callable[[GpuSweep], bool], sweeps: int = 400) -> GpuSweep:
    sweep = await opened.sweep()
    for _ in range(sweeps):
        if holds(sweep):
            return sweep
        sweep = await opened.sweep()
    raise AssertionError(f"never seen; last was {sweep}")


def all_read(sweep: GpuSweep) -> bool:
    return len(sweep.gpus) == 8 and sweep.problem is None


def problems(gpu: GpuReading) -> set[str]:
    return {problem.what for problem in gpu.problems}


def read_once(holds: Callable[[GpuSweep], bool] = all_read) -> GpuSweep:
    async def look() -> GpuSweep:
        async with source() as opened:
            return await until(opened, holds)

    return asyncio.run(look())


def test_eight_gpus_are_read_with_names_and_uuids(fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 8", "driver 580.65", "at 0 0 util=97 power=650 used=70000", f"at 0 0 proc={os.getpid()}:500")
    sweep = read_once()
    busy = sweep.gpus[0]
    assert sweep.driver == "580.65"
    assert (busy.utilization_percent, busy.power_milliwatts) == (97, 650_000)
    assert busy.memory_used_bytes == 70_000 * 2**20
    assert busy.processes is not None
    assert [process.pid for process in busy.processes] == [os.getpid()]
    assert len({gpu.uuid for gpu in sweep.gpus}) == 8
    assert all(gpu.energy_millijoules is not None for gpu in sweep.gpus)


CALLS = {
    "nvmlDeviceGetUtilizationRates": ("utilization", "utilization_percent"),
    "nvmlDeviceGetMemoryInfo*": ("memory", "memory_used_bytes"),
    "nvmlDeviceGetPowerUsage": ("power", "power_milliwatts"),
    "nvmlDeviceGetTotalEnergyConsumption": ("energy", "energy_millijoules"),
    "nvmlDeviceGetComputeRunningProcesses*": ("processes", "processes"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_failing_call_costs_one_value_of_one_gpu(fake_driver: FakeDriver, call: str) -> None:
    what, field = CALLS[call]
    codes = (1, 2, 3, 4, 6, 10, 13, 16, 17, 20, 999, 777)
    for place, code in enumerate(codes):
        if what == "memory" and code in (2, 3, 13):
            continue  # these say that the newer call is missing, and the older one answers
        fake_driver.play("gpus 8", f"at 0 {place % 8} fail={call}:{code}")
        sweep = read_once()
        hurt = sweep.gpus[place % 8]
        assert getattr(hurt, field) is None
        assert problems(hurt) == {what}
        assert all(problem.reason for problem in hurt.problems)
        others = [gpu for gpu in sweep.gpus if gpu is not hurt]
        assert all(getattr(gpu, field) is not None and not gpu.problems for gpu in others)


def test_a_lost_gpu_stays_in_the_list_and_comes_back(fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with source() as opened:
            uuid = (await until(opened, all_read)).gpus[5].uuid
            fake_driver.play("gpus 8", "at 0 5 lost")
            sweep = await until(opened, lambda sweep: any(gpu.lost for gpu in sweep.gpus))
            lost = [gpu for gpu in sweep.gpus if gpu.lost]
            assert [gpu.uuid for gpu in lost] == [uuid]
            assert lost[0].utilization_percent is None
            assert lost[0].memory_used_bytes is None
            assert "lost" in lost[0].problems[0].reason
            assert sum(gpu.utilization_percent is not None for gpu in sweep.gpus) == 7
            fake_driver.play("gpus 8", "at 0 5 back")
            await until(opened, lambda sweep: all_read(sweep) and not any(gpu.lost for gpu in sweep.gpus))

    asyncio.run(story())


def test_a_driver_that_cannot_be_opened_names_cause_and_remedy(fake_driver: FakeDriver) -> None:
    for code, word in ((9, "not loaded"), (18, "different versions"), (999, "unknown error")):
        fake_driver.play("gpus 8", f"at 0 lib fail=nvmlInit*:{code}")
        sweep = read_once(lambda sweep: sweep.problem is not None and "ended" not in sweep.problem.reason)
        assert sweep.problem is not None
        assert word in sweep.problem.reason
        assert sweep.problem.remedy


def test_a_host_without_a_driver_says_so_calmly(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    if (
        subprocess.run([sys.executable, "-c", "import ctypes; ctypes.CDLL('libnvidia-ml.so.1')"], stderr=-3).returncode
        == 0
    ):
        pytest.skip("this host has a driver")
    sweep = read_once(lambda sweep: sweep.problem is not None)
    assert sweep.gpus == ()
    assert sweep.problem is not None
    assert "no NVIDIA driver" in sweep.problem.reason


def test_the_driver_is_tried_again_until_it_is_there(fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "RESTART_SECONDS", (0.1,))

    async def story() -> None:
        fake_driver.play("gpus 8", "at 0 lib fail=nvmlInit*:9")
        async with source() as opened:
            await until(opened, lambda sweep: sweep.problem is not None)
            fake_driver.play("gpus 8")
            await until(opened, all_read)

    asyncio.run(story())


def test_a_hanging_call_neither_stops_sweeps_nor_the_end(
    fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SILENCE_SECONDS", 0.5)

    async def story() -> None:
        async with source() as opened:
            await until(opened, all_read)
            fake_driver.play("gpus 8", "at 0 3 fail=nvmlDeviceGetPowerUsage:10:60000")
            sweep = await until(opened, lambda sweep: sweep.problem is not None)
            assert sweep.problem is not None
            assert "has not answered" in sweep.problem.reason
            assert len(sweep.gpus) == 8
            assert all(gpu.utilization_percent is None and gpu.power_milliwatts is None for gpu in sweep.gpus)

    asyncio.run(story())


def test_a_stuck_child_is_replaced_once_it_is_dead(fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SILENCE_SECONDS", 0.3)
    monkeypatch.setattr(sweeping, "STUCK_SECONDS", 0.6)
    monkeypatch.setattr(sweeping, "RESTART_SECONDS", (0.1,))

    async def story() -> None:
        async with source() as opened:
            await until(opened, all_read)
            fake_driver.play("gpus 8", "at 0 3 fail=nvmlDeviceGetPowerUsage:10:60000")
            await until(opened, lambda sweep: sweep.problem is not None)
            fake_driver.play("gpus 8")
            await until(opened, all_read)

    asyncio.run(story())


def test_a_crash_in_the_driver_costs_a_restart(fake_driver: FakeDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "RESTART_SECONDS", (0.1,))

    async def story() -> None:
        async with source() as opened:
            await until(opened, all_read)
            assert opened._process is not None
            os.kill(opened._process.pid, signal.SIGSEGV)
            sweep = await until(opened, lambda sweep: sweep.problem is not None)
            assert len(sweep.gpus) == 8
            await until(opened, all_read)

    asyncio.run(story())


def test_mig_has_slices_and_no_invented_utilization(fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 8", "at 0 4 mig=2")
    gpu = read_once().gpus[4]
    assert gpu.utilization_percent is None
    assert len(gpu.mig) == 2
    assert "utilization" in problems(gpu)


def test_renumbered_gpus_keep_their_uuid(fake_driver: FakeDriver) -> None:
    first = {gpu.uuid: gpu.index for gpu in read_once().gpus}
    assert sorted(first.values()) == list(range(8))


def test_processes_are_asked_for_rarely_and_graphics_never(fake_driver: FakeDriver) -> None:
    async def story() -> None:
        async with source() as opened:
            for _ in range(25):
                await until(opened, all_read)

    asyncio.run(story())
    calls = [line.split()[0] for line in fake_driver.trace.read_text().splitlines()]
    polled = sum(name == "nvmlDeviceGetUtilizationRates" for name in calls)
    listed = sum(name.startswith("nvmlDeviceGetComputeRunningProcesses") for name in calls)
    assert polled >= 8 * 25
    assert listed < polled
    assert not [name for name in calls if "Graphics" in name or "Set" in name]


def test_gpustat_sees_the_same(fake_driver: FakeDriver) -> None:
    pytest.importorskip("gpustat", reason="a peer to compare with")
    fake_driver.play("gpus 8", "at 0 1 util=41 power=333 used=12345", "at 0 2 idle")
    ours = read_once()
    body = subprocess.run([sys.executable, "-m", "gpustat", "--json"], capture_output=True, check=True).stdout
    theirs = json.loads(body)["gpus"]
    for gpu, peer in zip(ours.gpus, theirs, strict=True):
        assert gpu.uuid == peer["uuid"]
        assert gpu.utilization_percent == peer["utilization.gpu"]
        assert gpu.memory_used_bytes == peer["memory.used"] * 2**20
        assert gpu.power_milliwatts == peer["power.draw"] * 1000


NVITOP = """
import json
from nvitop import Device
seen = [(gpu.uuid(), gpu.gpu_utilization(), gpu.memory_used(), gpu.power_usage()) for gpu in Device.all()]
print(json.dumps(seen))
"""


def test_nvitop_sees_the_same(fake_driver: FakeDriver) -> None:
    pytest.importorskip("nvitop", reason="a peer to compare with")
    fake_driver.play("gpus 8", "at 0 1 util=41 power=333 used=12345", "at 0 2 idle")
    ours = read_once()
    body = subprocess.run([sys.executable, "-c", NVITOP], capture_output=True, check=True).stdout
    theirs = [tuple(each) for each in json.loads(body)]
    assert theirs[1][1:] == (41, 12345 * 2**20, 333_000)
    assert theirs == [
        (gpu.uuid, gpu.utilization_percent, gpu.memory_used_bytes, gpu.power_milliwatts) for gpu in ours.gpus
    ]

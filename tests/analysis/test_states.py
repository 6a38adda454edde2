"""The state of a GPU comes from work, and what cannot be told is never idle."""

import pytest

from costtui.analysis.holdings import held_by
from costtui.analysis.states import EngineWork, classify
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.reading import GpuProcess, GpuReading, Problem

GIB = 2**30
TRAIN = GpuProcess(70, 23 * GIB, "alice", "python train.py")
VLLM = GpuProcess(80, 40 * GIB, "root", "VLLM::EngineCore")
HIDDEN = GpuProcess(90, 40 * GIB, None, None, "owner unknown (container)")


def gpu(
    *,
    processes: tuple[GpuProcess, ...] | None = (),
    memory: int | None = 3 * 2**20,
    utilization: int | None = 0,
    lost: bool = False,
    problems: tuple[Problem, ...] = (),
) -> GpuReading:
    return GpuReading(
        "GPU-a",
        0,
        "H100",
        utilization_percent=utilization,
        memory_used_bytes=memory,
        processes=processes,
        lost=lost,
        problems=problems,
    )


def engine(
    *,
    worked: bool | None = False,
    ratio: float | None = None,
    ok: bool = True,
    here: bool | None = True,
    name: str = "a",
) -> EngineWork:
    holds = None if here is None else frozenset({"GPU-a"} if here else {"GPU-b"})
    return EngineWork(name, ok, worked, ratio, holds, frozenset({80}), "" if ok else "connection refused")


@pytest.mark.parametrize(
    ("reading", "engines", "state"),
    [
        (gpu(lost=True), [engine(worked=True)], GpuState.LOST),
        (None, [engine(worked=True)], GpuState.UNKNOWN),
        (gpu(), [engine(worked=True)], GpuState.BUSY),
        (gpu(), [engine(worked=True, ratio=0.29)], GpuState.LOW),
        (gpu(), [engine(worked=True, ratio=0.30)], GpuState.BUSY),
        (gpu(), [engine(worked=False, ratio=0.1)], GpuState.IDLE_LOADED),
        (gpu(utilization=100, memory=40 * GIB, processes=(VLLM,)), [engine(worked=False)], GpuState.IDLE_LOADED),
        (gpu(), [engine(worked=False), engine(worked=True, name="b")], GpuState.BUSY),
        (gpu(), [engine(worked=True, ratio=0.2), engine(worked=True, ratio=0.2, name="b")], GpuState.BUSY),
        (gpu(), [engine(ok=False), engine(worked=True, name="b")], GpuState.BUSY),
        (gpu(), [engine(ok=False), engine(worked=False, name="b")], GpuState.UNKNOWN),
        (gpu(), [engine(ok=False)], GpuState.UNKNOWN),
        (gpu(utilization=7, memory=9 * GIB), [engine(worked=None)], GpuState.BUSY),
        (gpu(utilization=0, memory=9 * GIB), [engine(worked=None)], GpuState.UNKNOWN),
        (gpu(utilization=None, memory=9 * GIB), [engine(worked=None)], GpuState.UNKNOWN),
        (gpu(utilization=0), [engine(worked=None)], GpuState.EMPTY),
        (gpu(), [engine(here=False, worked=True)], GpuState.EMPTY),
        (gpu(), [], GpuState.EMPTY),
        (gpu(memory=599 * 2**20), [], GpuState.EMPTY),
        (gpu(memory=600 * 2**20), [], GpuState.UNKNOWN),
        (gpu(memory=None), [], GpuState.UNKNOWN),
        (gpu(processes=(TRAIN,), memory=23 * GIB), [], GpuState.OTHER),
        (gpu(processes=(HIDDEN,), memory=40 * GIB), [], GpuState.OTHER),
        (gpu(processes=(HIDDEN,), memory=40 * GIB), [engine(here=None)], GpuState.UNKNOWN),
        (gpu(processes=(VLLM,), memory=40 * GIB), [], GpuState.UNKNOWN),
        (gpu(processes=(VLLM,), memory=40 * GIB), [engine(here=None, worked=False)], GpuState.IDLE_LOADED),
        (gpu(processes=None), [], GpuState.EMPTY),
        (gpu(processes=None, utilization=None), [], GpuState.UNKNOWN),
        (gpu(processes=None, memory=9 * GIB), [], GpuState.UNKNOWN),
        (gpu(processes=(VLLM, TRAIN), utilization=90, memory=60 * GIB), [engine(worked=False)], GpuState.OTHER),
        (gpu(processes=(VLLM, TRAIN), utilization=0, memory=60 * GIB), [engine(worked=False)], GpuState.IDLE_LOADED),
    ],
)
def test_a_state_follows_from_work_and_from_evidence(
    reading: GpuReading | None, engines: list[EngineWork], state: GpuState
) -> None:
    assert classify(reading, engines)[0] is state


def test_an_unreadable_engine_gives_its_reason() -> None:
    assert classify(gpu(), [engine(ok=False)]) == (GpuState.UNKNOWN, "a: connection refused")


def test_a_training_job_is_shown_with_its_owner_and_command() -> None:
    assert classify(gpu(processes=(TRAIN,)), [])[1] == "alice: python train.py"


def test_an_engine_that_nobody_configured_asks_for_it() -> None:
    assert classify(gpu(processes=(VLLM,)), [])[1].endswith("is not configured: run costtui init")


def test_a_process_list_without_permission_gives_its_reason_and_remedy() -> None:
    reading = gpu(processes=None, utilization=None, problems=(Problem("processes", "no permission", "run as root"),))
    assert classify(reading, []) == (GpuState.UNKNOWN, "no permission: run as root")


def test_a_command_cannot_carry_control_bytes_into_the_reason() -> None:
    hostile = GpuProcess(70, None, "eve", "\x1b]52;c;cm0=\x07python")
    assert "\x1b" not in classify(gpu(processes=(hostile,)), [])[1]


@pytest.mark.parametrize("utilization", [None, 0, 100])
@pytest.mark.parametrize("memory", [None, 0, 40 * GIB])
@pytest.mark.parametrize("processes", [None, (), (VLLM,), (TRAIN,), (HIDDEN,)])
def test_an_engine_with_unknown_gpus_never_makes_a_gpu_idle_loaded(
    utilization: int | None, memory: int | None, processes: tuple[GpuProcess, ...] | None
) -> None:
    reading = gpu(processes=processes, memory=memory, utilization=utilization)
    homeless = EngineWork("a", True, False, None, None)
    state = classify(reading, [homeless])[0]
    assert state is not GpuState.IDLE_LOADED
    assert state not in IDLE_STATES or memory == 0


def test_a_configured_list_of_gpus_beats_process_ids() -> None:
    first, second = GpuReading("GPU-a", 0, "H100", processes=(VLLM,)), GpuReading("GPU-b", 1, "H100")
    assert held_by((1,), (80,), (first, second)) == frozenset({"GPU-b"})
    assert held_by(("GPU-a",), (), (first, second)) == frozenset({"GPU-a"})
    assert held_by(None, (80,), (first, second)) == frozenset({"GPU-a"})


def test_an_engine_whose_gpus_nobody_can_tell_holds_unknown_ones() -> None:
    assert held_by(None, (), (GpuReading("GPU-a", 0, "H100", processes=(VLLM,)),)) is None
    assert held_by((7,), (), (GpuReading("GPU-a", 0, "H100"),)) is None

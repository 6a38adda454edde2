"""What the agent remembers of GPUs and engines between two ticks."""

from dataclasses import replace

from costtui.agent.clock import Beat
from costtui.agent.engines import EngineLook, Engines
from costtui.agent.gpus import Gpus
from costtui.analysis.states import EngineWork
from costtui.config.model import Target
from costtui.domain.gpu import GpuState
from costtui.domain.reading import EngineReading, GpuProcess, GpuReading, Problem
from costtui.domain.tick import EngineCursor
from costtui.store.rows import KnownGpu

NOON = 1_790_000_000_000
GPU = GpuReading("GPU-a", 0, "H100", utilization_percent=0, memory_used_bytes=0, energy_millijoules=1_000, processes=())
VLLM = Target("llama", engine="vllm", url="http://127.0.0.1:8000")


def beat(second: int, span_ms: int = 1000, *, fresh: bool = True) -> Beat:
    """The beat so many seconds after noon."""
    return Beat(NOON + second * 1000, span_ms, fresh)


def look(reading: EngineReading | None, *, fresh: bool = True, target: Target = VLLM) -> tuple[EngineLook, ...]:
    """One engine at a tick."""
    return (EngineLook(target, reading, fresh, frozenset({"GPU-a"})),)


def counted(tokens: int, started: float = 1.0) -> EngineReading:
    """A reading with so many output tokens."""
    return EngineReading(0, input_tokens=0, output_tokens=tokens, running=0, started_at_seconds=started)


def test_a_gpu_of_a_silent_driver_is_unknown_with_the_reason_and_keeps_its_place() -> None:
    gpus = Gpus({})
    gpus.take(beat(0), [GPU], "", ())
    (tick,) = gpus.take(beat(1), None, "the driver stopped answering", ())
    assert (tick.state, tick.utilization_percent, tick.energy_millijoules) == (GpuState.UNKNOWN, None, None)
    assert gpus.now()[0].reason == "the driver stopped answering"


def test_a_gpu_that_the_driver_no_longer_lists_is_lost() -> None:
    gpus = Gpus({})
    gpus.take(beat(0), [GPU], "", ())
    (tick,) = gpus.take(beat(1), [], "", ())
    assert tick.state is GpuState.LOST


def test_energy_over_a_silence_is_counted_once_when_the_driver_answers_again() -> None:
    gpus = Gpus({})
    gpus.take(beat(0), [GPU], "", ())
    gpus.take(beat(1), None, "", ())
    (tick,) = gpus.take(beat(2), [replace(GPU, energy_millijoules=7_000)], "", ())
    assert tick.energy_millijoules == 6_000  # 7,000 - 1,000
    (tick,) = gpus.take(beat(3), [replace(GPU, energy_millijoules=7_000)], "", ())
    assert tick.energy_millijoules == 0


def test_a_state_goes_on_over_a_short_restart_and_not_over_a_long_one() -> None:
    known = KnownGpu("GPU-a", 0, "H100", NOON, NOON + 60_000, GpuState.EMPTY, NOON + 5_000)
    short, long = Gpus({"GPU-a": known}), Gpus({"GPU-a": known})
    short.take(beat(90), [GPU], "", ())
    long.take(beat(7_200), [GPU], "", ())
    assert short.now()[0].since_ms == NOON + 5_000
    assert long.now()[0].since_ms == NOON + 7_200_000


def test_a_gpu_is_written_down_anew_only_when_its_state_or_place_changes() -> None:
    gpus = Gpus({})
    gpus.take(beat(0), [GPU], "", ())
    assert [known.uuid for known in gpus.changed()] == ["GPU-a"]
    gpus.take(beat(1), [GPU], "", ())
    assert gpus.changed() == ()
    gpus.take(beat(2), [replace(GPU, index=3)], "", ())
    assert [known.index for known in gpus.changed()] == [3]


def test_a_gpu_held_by_a_training_process_is_other_and_names_its_owner() -> None:
    gpus = Gpus({})
    process = GpuProcess(7, 1 << 30, owner="ana", command="python train.py")
    gpus.take(beat(0), [replace(GPU, processes=(process,))], "", ())
    assert (gpus.now()[0].state, gpus.now()[0].reason) == (GpuState.OTHER, "ana: python train.py")


def test_a_gpu_names_the_engines_that_hold_it() -> None:
    gpus = Gpus({})
    work = EngineWork("llama", True, True, None, frozenset({"GPU-a"}))
    gpus.take(beat(0), [GPU], "", (work,))
    assert (gpus.now()[0].engines, gpus.now()[0].state) == (("llama",), GpuState.BUSY)


def test_tokens_served_while_the_agent_was_down_are_gap_tokens() -> None:
    engines = Engines({"llama": EngineCursor("llama", NOON, input_tokens=0, output_tokens=100, started_at_seconds=1.0)})
    ((tick,), (cursor,)) = engines.take(beat(60), look(counted(160)))
    assert (tick.output_tokens, tick.gap_output_tokens, tick.span_ms) == (0, 60, 0)
    assert cursor.output_tokens == 160


def test_a_reading_is_counted_once_and_an_old_one_says_nothing() -> None:
    engines, first, second = Engines({}), counted(100), counted(130)
    engines.take(beat(0), look(first))
    ((tick,), _) = engines.take(beat(1), look(second))
    assert (tick.output_tokens, tick.span_ms) == (30, 1000)
    assert engines.take(beat(2), look(second)) == ((), ())
    assert engines.works(look(second))[0].worked is True
    engines.take(beat(3), look(second, fresh=False))
    work = engines.works(look(second, fresh=False))[0]
    assert (work.reading_ok, work.worked, work.reason) == (False, None, "no new reading")


def test_an_engine_that_was_restarted_counts_from_zero() -> None:
    engines = Engines({})
    engines.take(beat(0), look(counted(100)))
    ((tick,), _) = engines.take(beat(1), look(counted(40, started=500.0)))
    assert tick.output_tokens == 40


def test_an_engine_at_another_address_is_another_engine() -> None:
    engines = Engines({})
    engines.take(beat(0), look(counted(100)))
    moved = replace(VLLM, url="http://127.0.0.1:9000")
    ((tick,), _) = engines.take(beat(1), look(counted(5_000), target=moved))
    assert (tick.output_tokens, tick.gap_output_tokens) == (0, 0)


def test_an_engine_that_does_not_answer_moves_nothing_and_gives_its_reason() -> None:
    engines = Engines({})
    engines.take(beat(0), look(counted(100)))
    failed = EngineReading(0, problem=Problem("llama", "nothing listens on 127.0.0.1:8000"))
    assert engines.take(beat(1), look(failed)) == ((), ())
    assert engines.works(look(failed))[0].reason == "nothing listens on 127.0.0.1:8000"
    ((tick,), _) = engines.take(beat(2), look(counted(120)))
    assert (tick.output_tokens, tick.span_ms) == (20, 2000)


FAILED = EngineReading(0, problem=Problem("llama", "nothing listens on 127.0.0.1:8000"))


def test_a_start_that_was_watched_is_measured_and_kept() -> None:
    engines = Engines({})
    engines.take(beat(0), look(counted(100, started=NOON / 1_000 - 9_000)))
    for second in range(1, 100):
        engines.take(beat(second), look(FAILED))
    # silent from second 1 on, its process began in second 15, the first answer came in second 100
    (_, (cursor,)) = engines.take(beat(100), look(counted(0, started=NOON / 1_000 + 15)))
    assert cursor.cold_start_seconds == 85
    engines.take(beat(101), look(FAILED))
    (_, (cursor,)) = engines.take(beat(102), look(counted(9, started=NOON / 1_000 + 15)))
    assert cursor.cold_start_seconds == 85, "a look that failed is no start"


def test_a_start_that_nobody_watched_is_not_guessed() -> None:
    engines = Engines({})
    engines.take(beat(0), look(FAILED))
    (_, (cursor,)) = engines.take(beat(5), look(counted(0, started=NOON / 1_000 - 600)))
    assert cursor.cold_start_seconds is None
    (_, (cursor,)) = engines.take(beat(6), look(counted(0, started=NOON / 1_000 + 5)))
    assert cursor.cold_start_seconds is None


def test_nothing_is_counted_while_a_clock_that_was_set_back_passes_over_written_time() -> None:
    engines = Engines({})
    engines.take(beat(10), look(counted(100)))
    assert engines.take(beat(5, 0, fresh=False), look(counted(150))) == ((), ())
    ((tick,), _) = engines.take(beat(11), look(counted(160)))
    assert tick.output_tokens + tick.gap_output_tokens == 60


def test_the_shown_rate_is_of_the_last_ten_seconds() -> None:
    engines = Engines({})
    for second in range(12):
        engines.take(beat(second), look(counted(100 * second)))
    assert engines.now(look(counted(0)))[0].output_tokens_per_second == 100.0


def test_a_lost_gpu_that_can_only_tell_its_index_is_the_one_that_had_it() -> None:
    known = KnownGpu("GPU-a", 0, "H100", NOON, NOON, GpuState.EMPTY, NOON)
    gpus = Gpus({"GPU-a": known})
    (tick,) = gpus.take(beat(1), [GpuReading("index:0", 0, "", lost=True)], "", ())
    assert (tick.uuid, tick.state, gpus.now()[0].name) == ("GPU-a", GpuState.LOST, "H100")


def test_a_gpu_without_a_name_that_nobody_saw_before_is_not_written_down() -> None:
    gpus = Gpus({})
    assert gpus.take(beat(1), [GpuReading("index:3", 3, "", lost=True)], "", ()) == ()
    assert [reading.index for reading in gpus.nameless] == [3]

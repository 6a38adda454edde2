"""The fluid model of an engine, worked by hand."""

import pytest

from costtui.demo.exposition import exposition
from costtui.demo.gpus import readings
from costtui.demo.host import ENGINES
from costtui.demo.serving import Job, Serving
from costtui.demo.watts import training_energy_mj, training_power_mw
from costtui.engines import vllm

LLAMA = ENGINES[0]


def test_one_request_takes_its_prefill_and_twenty_milliseconds_a_token() -> None:
    # 10,000 prompt tokens, 3,000 of them cached: 0.7 s at 10,000 tokens/s; 50 tokens at 50 a second: 1 s
    serving, job = Serving(LLAMA, 1000.0), Job(10_000, 50)
    serving.add(job)
    serving.advance(1001.60)
    assert job.done_tokens < 50
    serving.advance(1001.80)
    assert serving.jobs == []
    assert (serving.input_tokens, serving.cached_tokens, serving.output_tokens) == (10_000, 3_000, 50)


def test_many_requests_share_the_decode_speed() -> None:
    # 100 requests of 100 tokens: 10,000 tokens at 2,500 a second are at least 4 s; 50 tokens/s each would be 2 s
    serving = Serving(LLAMA, 0.0)
    for _ in range(100):
        serving.add(Job(1, 100))
    serving.advance(3.9)
    assert len(serving.jobs) == 100
    serving.advance(4.3)
    assert (serving.jobs, serving.output_tokens) == ([], 10_000)


def test_an_idle_engine_draws_the_power_of_a_resident_model() -> None:
    serving = Serving(LLAMA, 0.0)
    serving.advance(100.0)
    assert serving.energy_mj == pytest.approx(100 * 120_000)
    assert (serving.percent, serving.running, serving.waiting) == (0, 0, 0)


def test_energy_is_the_integral_of_power_whatever_the_steps() -> None:
    coarse, fine = Serving(LLAMA, 0.0), Serving(LLAMA, 0.0)
    for serving in (coarse, fine):
        serving.add(Job(2_000, 400))
    coarse.advance(20.0)
    for tenth in range(1, 201):
        fine.advance(tenth / 10)
    assert coarse.energy_mj == pytest.approx(fine.energy_mj, rel=1e-3)
    assert coarse.output_tokens == fine.output_tokens == 400


def test_training_energy_is_the_sum_of_its_steps() -> None:
    # 84 s at 612 W and 6 s at 310 W: 51,408 J + 1,860 J = 53,268 J
    assert training_energy_mj(0, 90_000) == 53_268_000
    assert training_energy_mj(0, 90_000) == sum(training_power_mw(second * 1000) for second in range(90))
    assert training_energy_mj(10_000, 200_000) == sum(training_power_mw(second * 1000) for second in range(10, 200))


def test_metrics_are_read_as_those_of_a_vllm() -> None:
    serving = Serving(LLAMA, 0.0)
    serving.add(Job(100, 10))
    serving.advance(5.0)
    serving.add(Job(100, 10))
    reading = vllm.parse(exposition(serving, 12.5), 3)
    assert reading is not None
    assert (reading.input_tokens, reading.cached_input_tokens, reading.output_tokens) == (100, 30, 10)
    assert (reading.running, reading.waiting, reading.sleeping) == (1, 0, False)
    assert (reading.started_at_seconds, reading.models) == (12.5, (LLAMA.model,))
    assert None not in (reading.kv_usage_ratio, reading.prefix_cache_queries, reading.prefix_cache_hits)


def test_the_host_has_a_lost_gpu_a_training_run_and_an_empty_one() -> None:
    gpus = readings([Serving(engine, 0.0) for engine in ENGINES], 0, 60_000)
    assert [gpu.index for gpu in gpus if gpu.lost] == [6]
    assert gpus[6].problems
    assert gpus[6].power_milliwatts is None
    assert [process.owner for process in gpus[7].processes or ()] == ["alice"]
    assert (gpus[5].processes, gpus[5].energy_millijoules) == ((), 60 * 70_000)

"""The simulated replica: times that can be worked out by hand."""

import pytest

from costtui.replay.pool import Happened, Job, Replica, ReplicaModel

MODEL = ReplicaModel(1_000.0, 100.0, 2, 0.02, 0.6)


def run(*jobs: Job, model: ReplicaModel = MODEL) -> list[Happened]:
    replica, happened = Replica(model), []
    for job in jobs:
        happened += replica.advance(job.at)
        replica.take(job)
    return happened + replica.advance(1e6)


def times(happened: list[Happened]) -> dict[tuple[int, bool], float]:
    return {(each.number, each.ended): pytest.approx(each.at) for each in happened}  # type: ignore[misc]


def test_a_lone_request_is_read_at_full_speed_and_written_no_faster_than_the_floor() -> None:
    assert times(run(Job(1, 5.0, 1_000, 51))) == {(1, False): 6.0, (1, True): 7.0}  # 50 tokens of 20 ms each


def test_prompts_are_read_one_after_the_other_and_slower_while_answers_are_written() -> None:
    happened = times(run(Job(1, 0.0, 1_000, 101), Job(2, 0.0, 600, 2)))
    assert happened[1, False] == 1.0
    assert happened[2, False] == 2.0  # 600 at 600 a second
    # the first got 40 tokens in that second; then both share 100 a second, each 50 at most
    assert happened[2, True] == 2.02
    assert happened[1, True] == pytest.approx(2.02 + (100 - 40 - 1) / 50)


def test_no_more_run_than_there_are_streams_and_the_next_waits_for_an_end() -> None:
    happened = {(each.number, each.ended): each.at for each in run(*(Job(number, 0.0, 100, 11) for number in range(3)))}
    assert happened[2, False] > happened[0, True]


def test_an_answer_of_one_token_ends_with_its_first_byte() -> None:
    assert times(run(Job(1, 0.0, 500, 1))) == {(1, False): 0.5, (1, True): 0.5}
    assert times(run(Job(1, 0.0, 0, 0))) == {(1, False): 0.0, (1, True): 0.0}


def test_work_is_neither_lost_nor_made() -> None:
    model = ReplicaModel(1_000.0, 100.0, 64, 0.0001, 0.6)
    jobs = [Job(number, number * 0.01, 100 + number, 20) for number in range(60)]
    last = max(each.at for each in run(*jobs, model=model))
    work = sum(model.work_seconds(job.prompt_tokens, job.output_tokens - 1) for job in jobs)
    assert last == pytest.approx(work, rel=0.02), "busy from the first to the last moment"
    assert len(run(*jobs, model=model)) == 120

"""The generator against the published figures of the measured hour.

Azure LLM inference trace, conversation, 2023, CC-BY-4.0 (Splitwise, ISCA 2024): prompt tokens 1,155 mean and 1,020
median, output tokens 211 and 129; requests a minute vary by 25 % around their mean.
"""

from collections import Counter
from itertools import islice, takewhile
from random import Random
from statistics import mean, median, pstdev, pvariance

import pytest

from costtui.demo.traffic import Request, day_shape, requests

HOURS = 12
SECONDS = HOURS * 3600


@pytest.fixture(scope="module")
def stream() -> list[Request]:
    return list(takewhile(lambda request: request.after_seconds < SECONDS, requests(Random(7))))


def test_token_sizes_have_the_measured_means_and_medians(stream: list[Request]) -> None:
    inputs, outputs = [one.input_tokens for one in stream], [one.output_tokens for one in stream]
    assert mean(inputs) == pytest.approx(1_155, rel=0.05)
    assert median(inputs) == pytest.approx(1_020, rel=0.05)
    assert mean(outputs) == pytest.approx(211, rel=0.05)
    assert median(outputs) == pytest.approx(129, rel=0.05)
    assert min(inputs) >= 1
    assert min(outputs) >= 1


def test_five_requests_a_second_arrive_in_waves_like_the_measured_ones(stream: list[Request]) -> None:
    minutes = Counter(int(one.after_seconds // 60) for one in stream)
    counts = [minutes[minute] for minute in range(HOURS * 60)]
    assert mean(counts) == pytest.approx(300, rel=0.12)
    assert pstdev(counts) / mean(counts) == pytest.approx(0.25, rel=0.3)
    seconds = Counter(int(one.after_seconds) for one in stream)
    each = [seconds[second] for second in range(SECONDS)]
    assert pvariance(each) / mean(each) == pytest.approx(1.39, rel=0.2)
    assert 0 in each


def test_the_same_dice_give_the_same_requests_and_others_do_not() -> None:
    first, again, other = (list(islice(requests(Random(seed)), 50)) for seed in (1, 1, 2))
    assert first == again != other
    assert [one.after_seconds for one in first] == sorted(one.after_seconds for one in first)


def test_an_afternoon_is_busier_than_a_night_and_a_workday_than_a_sunday() -> None:
    hour, day = 3_600_000, 86_400_000
    thursday = 0  # the epoch began on one
    assert day_shape(thursday + 14 * hour) > 2 * day_shape(thursday + 4 * hour)
    assert day_shape(thursday + 14 * hour) > 2 * day_shape(thursday + 3 * day + 14 * hour)

"""Requests like those of a real hour: when they arrive and how many tokens they hold.

Fitted to the Azure LLM inference trace, conversation, 2023 (CC-BY-4.0; Patel et al., "Splitwise", ISCA 2024):
19,366 requests in 58 minutes; prompt tokens 1,155 mean and 1,020 median, output tokens 211 and 129; 37 to 507
requests a minute around 328. The trace itself is not needed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random

REQUESTS_PER_SECOND = 5.0
MEAN_INPUT_TOKENS = 1_155
MEDIAN_INPUT_TOKENS = 1_020
MEAN_OUTPUT_TOKENS = 211
MEDIAN_OUTPUT_TOKENS = 129
DAY_MS = 86_400_000
_WAVE = 0.25
"""Standard deviation of the logarithm of the pace; the measured minutes vary by 25 %."""
_MEMORY = 0.95
"""Part of the level that is left after one spell of 20 s: the measured pace keeps 70 % over two minutes."""
_INPUT = (
    (0.0, 2), (0.01, 29), (0.05, 181), (0.1, 207), (0.2, 387), (0.3, 403), (0.4, 703), (0.5, 1_020),
    (0.6, 1_071), (0.7, 1_130), (0.8, 1_315), (0.9, 2_735), (0.95, 4_083), (0.99, 4_142), (1.0, 4_200),
)  # fmt: skip
_OUTPUT = (
    (0.0, 7), (0.01, 16), (0.05, 41), (0.1, 54), (0.2, 77), (0.3, 91), (0.4, 103), (0.5, 129),
    (0.6, 177), (0.7, 384), (0.75, 395), (0.8, 400), (0.9, 424), (0.95, 451), (0.99, 601), (1.0, 1_000),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """One request, `after_seconds` from the start of the stream."""

    after_seconds: float
    input_tokens: int
    output_tokens: int


def requests(dice: Random, per_second: float = REQUESTS_PER_SECOND) -> Iterator[Request]:
    """An endless stream whose pace follows a slow wave, so that minutes differ as measured."""
    start, level = 0.0, dice.gauss(0.0, _WAVE)
    while True:
        pace = per_second * math.exp(level - _WAVE**2 / 2)
        seconds = dice.uniform(10.0, 30.0)
        now = start
        while (now := now + dice.expovariate(pace)) < start + seconds:
            yield Request(now, _tokens(dice, _INPUT), output_length(dice))
        start += seconds
        level = _MEMORY * level + dice.gauss(0.0, _WAVE * math.sqrt(1 - _MEMORY**2))


def output_length(dice: Random) -> int:
    """Output tokens of a request that is not cut short."""
    return _tokens(dice, _OUTPUT)


def _tokens(dice: Random, points: tuple[tuple[float, int], ...]) -> int:
    """A size drawn from the measured distribution, straight lines between its points."""
    draw = dice.random()
    for (below, low), (above, high) in pairwise(points):
        if draw <= above:
            return round(low + (high - low) * (draw - below) / (above - below))
    return points[-1][1]


def day_shape(at_ms: int) -> float:
    """Load of a day against its mean: quiet at 04:00 UTC, high from 10:00 to 18:00, weekends at 45 %."""
    hour = at_ms % DAY_MS / 3_600_000
    weekday = (at_ms // DAY_MS + 3) % 7
    office = math.exp(-(((hour - 14.0) / 4.5) ** 2))
    return (0.35 + 1.45 * office) * (1.0 if weekday < 5 else 0.45)

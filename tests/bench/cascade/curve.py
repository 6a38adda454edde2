"""Quality by share of prompts that go to the strong model, in the numbers of the RouteLLM paper (arXiv 2406.18665)."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from tests.bench.cascade.answers import Answer

PARTS = (0.5, 0.8, 0.95)


class Merit(NamedTuple):
    """Of one router on one set of prompts."""

    apgr: float
    """Area under recovered gap by share of strong calls: 0.5 is random."""
    cpt: tuple[float, ...]
    """Percent of strong calls that recover 50, 80 and 95 % of the gap for the first time."""


def merit(hardness: Sequence[float], answers: Sequence[Answer]) -> Merit:
    """The hardest go to the strong model first; prompts of one hardness are taken in proportion."""
    gap = sum(answer.gain for answer in answers)
    ranked = sorted(zip(hardness, (answer.gain for answer in answers), strict=True), key=lambda pair: -pair[0])
    points, calls, recovered = [(0.0, 0.0)], 0, 0
    for _, group in groupby(ranked, key=lambda pair: pair[0]):
        gains = [gain for _, gain in group]
        calls, recovered = calls + len(gains), recovered + sum(gains)
        points.append((calls / len(answers), recovered / gap))
    return Merit(_area(points), tuple(100 * _first(points, part) for part in PARTS))


def _area(points: list[tuple[float, float]]) -> float:
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))


def _first(points: list[tuple[float, float]], part: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(points):
        if y1 >= part:
            return x0 + (x1 - x0) * (part - y0) / (y1 - y0)
    return 1.0

"""Fits the learnt rows of the table of weights; the others stay as they are."""

from collections.abc import Sequence
from typing import NamedTuple

from costtui.dialects.features import Features
from costtui.policy.cascade_weights import WEIGHTS, Weight

LEARNT = 10
"""Rows of the table, from its top."""
RIDGE = 1.0
"""Of standardised measures: as much as the data itself weighs, for GSM8K has only 1,307 prompts."""
LOGIT_PER_GAIN = 20
"""So that scores spread over 0 to 1; the order of prompts does not depend on it."""


class Prompt(NamedTuple):
    """To learn from."""

    features: Features
    gain: int


def learn(sets: Sequence[Sequence[Prompt]]) -> tuple[Weight, ...]:
    """Ridge regression of the gain, every set with the same weight and its own mean."""
    rows = WEIGHTS[:LEARNT]
    moments = [_moments(rows, prompts) for prompts in sets]
    means = [sum(moment.means[i] for moment in moments) / len(sets) for i in range(LEARNT)]
    products = [[sum(m.products[i][j] for m in moments) / len(sets) for j in range(LEARNT)] for i in range(LEARNT)]
    with_gain = [sum(moment.with_gain[i] for moment in moments) / len(sets) for i in range(LEARNT)]
    for i in range(LEARNT):
        products[i][i] *= 1 + RIDGE
    weights = _solved(products, with_gain)
    learnt = [
        row._replace(weight=LOGIT_PER_GAIN * weight, typical=mean)
        for row, weight, mean in zip(rows, weights, means, strict=True)
    ]
    return (*learnt, *WEIGHTS[LEARNT:])


class _Moments(NamedTuple):
    means: list[float]
    products: list[list[float]]
    with_gain: list[float]


def _moments(rows: Sequence[Weight], prompts: Sequence[Prompt]) -> _Moments:
    size = len(prompts)
    columns = [[row.measure(prompt.features) for prompt in prompts] for row in rows]
    gains = [float(prompt.gain) for prompt in prompts]
    means = [sum(column) / size for column in columns]
    centred = [[value - mean for value in column] for column, mean in zip(columns, means, strict=True)]
    products = [[_dot(one, other) / size for other in centred] for one in centred]
    return _Moments(means, products, [_dot(column, gains) / size for column in centred])


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(map(float.__mul__, one, other))


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """By elimination; a matrix of products with a ridge on its diagonal needs no pivots."""
    rows = [[*line, value] for line, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        for row in rows[:i] + rows[i + 1 :]:
            factor = row[i] / pivot[i]
            for column, value in enumerate(pivot):
                row[column] -= factor * value
    return [row[-1] / row[i] for i, row in enumerate(rows)]

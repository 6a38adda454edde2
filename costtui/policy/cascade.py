"""Simple prompts go to the cheaper model: what the user says of a tag or route decides, else a score."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp
from typing import NamedTuple

from costtui.dialects.features import Features, features_of
from costtui.dialects.request import Asked
from costtui.domain.cascade import Effort
from costtui.policy.cascade_weights import WEIGHTS, Weight

DEFAULT_THRESHOLD = 0.5
"""Where the traffic was not calibrated yet: the questions that the weights were learnt from lie half on either side."""
REASONS = 3
TELLING = 0.2
"""Of the logit: what adds less is not worth a word."""


class Score(NamedTuple):
    """How hard a prompt is, 0 to 1 in thousandths."""

    value: float
    features: Features
    weights: tuple[Weight, ...]

    @property
    def simple(self) -> float:
        """The other way round, as `Ask.simple` has it."""
        return round(1.0 - self.value, 3)

    @property
    def reason(self) -> str:
        """Such as `score 0.71: long (1,240 words), code`; worked out when it is asked for."""
        told = _told(self.features, self.weights, harder=self.value >= DEFAULT_THRESHOLD)
        return f"score {self.value:.2f}: {', '.join(told) or 'nothing stands out'}"


@dataclass(frozen=True, slots=True)
class Cascade:
    """Of one route."""

    threshold: float = DEFAULT_THRESHOLD
    """Prompts of at most this score go to the cheaper model."""
    labels: Mapping[str, Effort] = field(default_factory=dict)
    """Of tags and routes; a tag's goes first."""
    weights: tuple[Weight, ...] = WEIGHTS


class Choice(NamedTuple):
    """Of the cheaper or the stronger model."""

    cheap: bool
    score: Score | None
    """None where a label decided: nothing was read."""
    why: str
    """The label that decided; empty where the score did."""
    threshold: float

    @property
    def simple(self) -> float:
        """As `Ask.simple` has it, so that 0.5 is the limit whatever the threshold was."""
        return 1.0 if self.cheap else 0.0

    @property
    def reason(self) -> str:
        """One sentence."""
        model = "cheaper" if self.cheap else "stronger"
        if self.score is None:
            return f"{self.why}: {model} model"
        return f"{self.score.reason}; threshold {self.threshold:.2f}: {model} model"


def score(features: Features, weights: tuple[Weight, ...] = WEIGHTS) -> Score:
    """How hard a prompt with these features is. PATH: 4 us."""
    logit = 0.0
    for row in weights:
        logit += row.weight * (row.measure(features) - row.typical)
    return Score(round(1.0 / (1.0 + exp(-max(-30.0, min(30.0, logit)))), 3), features, weights)


def pick(cascade: Cascade, asked: Asked, *, route: str, tag: str = "") -> Choice:
    """Where a request goes: by its tag's label, by its route's, by its score. Never raises, whatever the body holds."""
    if cascade.labels:
        for kind, name in (("tag", tag), ("route", route)):
            effort = cascade.labels.get(name)
            if name and effort is not None:
                return Choice(effort is Effort.SIMPLE, None, f"{kind} {name} is labelled {effort}", cascade.threshold)
    scored = score(features_of(asked), cascade.weights)
    return Choice(scored.value <= cascade.threshold, scored, "", cascade.threshold)


def _told(features: Features, weights: tuple[Weight, ...], *, harder: bool) -> list[str]:
    """What says most for the side that the score is on, most first."""
    sign = 1 if harder else -1
    words = "1 word" if features.words == 1 else f"{features.words:,} words"
    told = []
    for row in weights:
        says = row.harder if harder else row.simpler
        added = sign * row.weight * (row.measure(features) - row.typical)
        if says and added >= TELLING:
            told.append((-added, says.format(words=words)))
    return [says for _, says in sorted(told)[:REASONS]]

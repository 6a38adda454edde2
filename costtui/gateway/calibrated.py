"""A route's cascade, whose threshold follows the route's own prompts."""

from dataclasses import replace

from costtui.dialects.request import Asked
from costtui.domain.cascade import CascadeTerms
from costtui.policy.cascade import Cascade, Choice, pick
from costtui.policy.cascade_traffic import ScoreCounts


class Calibrated:
    """Scores of prompts come in one by one and count once a second; a restart begins anew."""

    def __init__(self, route: str, terms: CascadeTerms, before: "Calibrated | None") -> None:
        self._route = route
        self._share = terms.simple_percent / 100
        self._counts: ScoreCounts = ScoreCounts() if before is None else before._counts
        self._new: list[float] = []
        self.cascade = Cascade(labels=dict(terms.labels))
        self._follow()

    def pick(self, asked: Asked, tag: str) -> Choice:
        """The cheaper or the stronger model for it."""
        choice = pick(self.cascade, asked, route=self._route, tag=tag)
        if choice.score is not None:
            self._new.append(choice.score.value)
        return choice

    def calibrate(self) -> None:
        """Once a second."""
        if self._new:
            self._counts = self._counts.seen(self._new)
            self._new.clear()
            self._follow()

    def _follow(self) -> None:
        threshold = self._counts.threshold(self._share)
        if threshold is not None:
            self.cascade = replace(self.cascade, threshold=threshold)

"""How hard the user's own prompts are, counted, and the threshold that sends a wanted share to the cheaper one.

A histogram of thousandths, which scores are anyway: exact, of a fixed size, and the same in whatever order they came.
"""

from collections.abc import Iterable
from dataclasses import dataclass

STEPS = 1_000
FORGET_SCORES = 100_000
"""Above this all counts are halved, so that old traffic fades; single scores are lost then, 1 % at most."""
TELLING_SCORES = 200
"""Fewer say too little: a share of them is known to within seven points."""


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Of how many prompts had each score."""

    counts: tuple[int, ...] = (0,) * (STEPS + 1)

    @property
    def total(self) -> int:
        """Prompts that count."""
        return sum(self.counts)

    def seen(self, scores: Iterable[float]) -> "ScoreCounts":
        """With more of them, each 0 to 1; others count at the nearer end. For batches: 35 us for a hundred."""
        counts = list(self.counts)
        for value in scores:
            counts[round(max(0.0, min(1.0, value)) * STEPS)] += 1
        while sum(counts) > FORGET_SCORES:
            counts = [count // 2 for count in counts]
        return ScoreCounts(tuple(counts))

    def share(self, threshold: float) -> float | None:
        """Of the prompts with at most this score; None without any."""
        return sum(self.counts[: round(threshold * STEPS) + 1]) / self.total if self.total else None

    def threshold(self, share: float) -> float | None:
        """The score under which, itself included, the share next to the wanted one lies; None while too few are known.

        Prompts of one score stay together, so the share that comes of it (`share`) may be another. -0.001 sends none.
        """
        total = self.total
        if total < TELLING_SCORES:
            return None
        best, nearest, below = -1, abs(share), 0
        for step, count in enumerate(self.counts):
            below += count
            distance = abs(below / total - share)
            if count and distance < nearest:
                best, nearest = step, distance
        return best / STEPS

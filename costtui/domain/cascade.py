"""What a route says of its cascade: how much goes to the cheaper model, and what is simple or hard anyway."""

from dataclasses import dataclass
from enum import StrEnum


class Effort(StrEnum):
    """What the user says of the requests of a tag."""

    SIMPLE = "simple"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class CascadeTerms:
    """`cascade` of a route."""

    simple_percent: int = 50
    """Of its prompts, which the threshold is calibrated to by the route's own traffic."""
    labels: tuple[tuple[str, Effort], ...] = ()
    """Of tags; they go before any score."""
    cross_locality: bool = False
    """Whether a score may decide that a prompt leaves the premises."""

"""What the gateway's caches had let go of when it was asked for again, as the gateway tells it."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from costtui.domain.clean import clean
from costtui.report.gateway import PICTURE, PICTURE_BYTES

DAY_MS = 86_400_000
AHEAD_MS = 60_000
"""The gateway's word may be so much younger than the moment that is asked about."""


class Missed(NamedTuple):
    """Answers, and what they had cost where that is known."""

    answers: int
    nano: int


class LetGo(NamedTuple):
    """One route's cache since the gateway began, or since its limits were changed."""

    route: str
    seconds: int
    pushed_out: Missed
    """There was no room for them."""
    expired: tuple[tuple[int, Missed], ...]
    """By how often the time that answers are kept had to be doubled to have caught them, ascending."""


def let_go(state_dir: Path, at_ms: int) -> tuple[LetGo, ...]:
    """As of the gateway's last word; nothing where that is over a day old, younger than `at_ms`, or none."""
    try:
        with (state_dir / PICTURE).open("rb") as file:
            told = json.loads(file.read(PICTURE_BYTES))
        age_ms = at_ms - int(told["at_ms"])
        if not -AHEAD_MS <= age_ms <= DAY_MS:
            return ()
        return tuple(_let_go(name, each) for name, each in told["caches"].items() if "expired" in each)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _let_go(name: str, told: dict[str, Any]) -> LetGo:
    expired = sorted((int(doublings), Missed(*map(int, each))) for doublings, each in told["expired"].items())
    return LetGo(clean(name, 80), int(told["seconds"]), Missed(*map(int, told["pushed_out"])), tuple(expired))

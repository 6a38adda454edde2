"""Recommendations that one's own figures support, each with its arithmetic; what they do not support is not said."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from costtui.domain.money import NanoUsd

MONTH_MS = 730 * 3_600_000
LEAST_NANO = 1_000_000_000
"""A dollar a month: below it nobody acts."""
IDLE_SHARE = 0.9
"""A GPU that idles for so much of what was observed is not needed for what it serves."""
DAY_MS, WEEK_MS = 86_400_000, 7 * 86_400_000

Confidence = Literal["high", "medium", "low"]
Kind = Literal[
    "idle-gpu",
    "buy-instead",
    "night",
    "fewer-engines",
    "consolidate",
    "spot",
    "reserve",
    "change-seller",
    "shift-share",
    "batch",
    "cap-output",
    "stop-endpoint",
    "raise-cache",
    "quantise",
    "unpriced",
]


@dataclass(frozen=True, slots=True)
class Advice:
    """One recommendation with its one action."""

    kind: Kind
    subject: str
    month_nano: NanoUsd | None
    """What it would save in a month of 730 hours at the pace of the span; None where that cannot be said."""
    confidence: Confidence
    action: str
    arithmetic: str
    """How the amount comes about, in words and figures."""
    command: str = ""
    """What carries it out; empty where no control does."""
    route: str = ""
    """Of which `command` moves traffic, …"""
    shares: tuple[tuple[str, int], ...] = ()
    """… and to which target how many percent of it go then."""


def confidence_of(span_ms: int) -> Confidence:
    """By how long the figures were gathered: a week has every weekday in it, less than a day not even every hour."""
    return "high" if span_ms >= WEEK_MS else "medium" if span_ms >= DAY_MS else "low"


def monthly(nano: int, span_ms: int) -> NanoUsd:
    """What an amount of a span comes to in a month at that pace."""
    return NanoUsd(int((Decimal(nano) * MONTH_MS / max(span_ms, 1)).to_integral_value(ROUND_HALF_EVEN)))


def best(found: Iterable[Advice]) -> list[Advice]:
    """The one that saves most: of ways to spend the same dollars less only one can be gone."""
    return sorted(found, key=lambda each: -(each.month_nano or 0))[:1]


def ranked(found: Iterable[Advice]) -> tuple[Advice, ...]:
    """Dearest first; what has no amount at the end; what is not worth an action left out."""
    kept = [each for each in found if each.month_nano is None or each.month_nano >= LEAST_NANO]
    return tuple(sorted(kept, key=lambda each: (each.month_nano is None, -(each.month_nano or 0), each.subject)))

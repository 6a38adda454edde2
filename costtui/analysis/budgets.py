"""Where a budget stands, when it runs out at the present burn, and where it ends. Nothing here refuses anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from costtui.domain.amount import Amount, total, unknown_amount
from costtui.domain.money import MS_PER_HOUR, NANO_PER_USD, NanoUsd, rent_for

WARN_RATIO = Decimal("0.5")
URGENT_RATIO = Decimal("0.8")

Stage = Literal["ok", "warn", "over", "unknown"]


@dataclass(frozen=True, slots=True)
class RateStep:
    """Burn from a moment on: contract rent is known exactly ahead, power goes on as in the last hour."""

    from_ms: int
    usd_per_hour: Decimal


@dataclass(frozen=True, slots=True)
class Standing:
    """A budget in its current window."""

    used: Amount
    ratio: Decimal | None
    """Of the limit; None while nothing of what it covers is known."""
    stage: Stage
    """warn from 50 %, over from 100 %; unknown while nothing is known."""
    runs_out_ms: int | None
    """None: not within the window at the present burn, or over already."""
    projected: NanoUsd | None
    """At the end of the window."""
    set_aside: NanoUsd | None = None
    """Of the limit, for rent and power that the window costs as a whole: requests may spend the rest; None: unknown."""

    @property
    def urgent(self) -> bool:
        """From 80 % on, over, or running out within the window."""
        return self.stage == "over" or self.runs_out_ms is not None or (self.ratio or 0) >= URGENT_RATIO


def standing(
    limit: NanoUsd,
    covers: Sequence[str],
    spent: Mapping[str, Amount],
    ahead: Sequence[RateStep],
    now_ms: int,
    end_ms: int,
) -> Standing:
    """Standing of a budget over `covers` (gpu, power, api), given what each spent in the window so far.

    `ahead` is the burn of the covered parts from `now_ms` on, ascending; the unknown parts are named in `used`.
    """
    used = total(spent.get(part, unknown_amount(part)) for part in covers)
    if used.nano is None:
        return Standing(used, None, "unknown", None, None)
    ratio = Decimal(used.nano) / Decimal(limit) if limit > 0 else Decimal(1 if used.nano >= 0 else 0)
    runs_out = None if ratio >= 1 else run_out(NanoUsd(limit - used.nano), ahead, now_ms, end_ms)
    return Standing(used, ratio, _stage(ratio), runs_out, NanoUsd(used.nano + spend_ahead(ahead, now_ms, end_ms)))


def run_out(left: NanoUsd, ahead: Sequence[RateStep], now_ms: int, end_ms: int) -> int | None:
    """The first millisecond at which `left` is spent; None if it lasts until `end_ms`."""
    remaining = Decimal(left)
    for start, end, usd_per_hour in _legs(ahead, now_ms, end_ms):
        nano_per_ms = usd_per_hour * NANO_PER_USD / MS_PER_HOUR
        spend = nano_per_ms * (end - start)
        if spend >= remaining and nano_per_ms > 0:
            return start + int((remaining / nano_per_ms).to_integral_value(ROUND_CEILING))
        remaining -= spend
    return None


def spend_ahead(ahead: Sequence[RateStep], now_ms: int, end_ms: int) -> NanoUsd:
    """What the rest of the window costs if the burn goes on as `ahead` says."""
    return NanoUsd(
        sum(rent_for(usd_per_hour, end - start) for start, end, usd_per_hour in _legs(ahead, now_ms, end_ms))
    )


def _legs(ahead: Sequence[RateStep], now_ms: int, end_ms: int) -> Iterator[tuple[int, int, Decimal]]:
    ends = [step.from_ms for step in ahead[1:]] + [end_ms]
    for step, until in zip(ahead, ends, strict=False):
        start, end = max(step.from_ms, now_ms), min(until, end_ms)
        if end > start:
            yield start, end, step.usd_per_hour


def _stage(ratio: Decimal) -> Stage:
    if ratio >= 1:
        return "over"
    return "warn" if ratio >= WARN_RATIO else "ok"

"""The agent's time: a wall clock for what is written down, a monotonic one for waiting."""

import time
from dataclasses import dataclass
from typing import Protocol

GAP_MS = 5_000
"""A longer interval between two ticks is unobserved time: nobody looked."""
STEP_MS = 500
"""Wall and monotonic clock disagreeing by more than this over one interval is a step of the wall clock."""
FORGET_MS = 86_400_000
"""A wall clock set back by more than this was wrong before: what it wrote then no longer holds back the present."""
AFTER_MS = 200
"""A tick comes this long after the second that it stands for: the driver's child reads on the second."""


class Clock(Protocol):
    """Time as an argument, so that a test can let 48 hours pass."""

    def now_ms(self) -> int:
        """Wall clock, UTC milliseconds."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class SystemClock:
    """The host's own clocks; the monotonic one goes on while the host sleeps."""

    def now_ms(self) -> int:
        """Wall clock, UTC milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds since boot, sleep included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Beat:
    """One tick: the whole second it stands for, and how much time before it was observed."""

    at_ms: int
    span_ms: int
    """0 where nobody looked: at the start, after a gap, over time that is written down already."""
    fresh: bool
    """False while a clock that was set back passes over seconds that are written down already."""


class Pulse:
    """Turns two clocks into beats whose spans never overlap, never are negative and never cover a gap."""

    def __init__(self, written_until_ms: int = 0) -> None:
        self._written_until_ms = written_until_ms
        self._last: tuple[int, int, float] | None = None

    def beat(self, now_ms: int, monotonic: float) -> Beat | None:
        """The beat of this moment; None when its second has been taken already."""
        at_ms = now_ms // 1000 * 1000
        if self._last is not None and at_ms == self._last[0]:
            return None
        if at_ms < self._written_until_ms - FORGET_MS:
            self._written_until_ms = 0
        fresh = at_ms > self._written_until_ms
        span_ms = min(self._observed_ms(at_ms, now_ms, monotonic), at_ms - self._written_until_ms) if fresh else 0
        self._last = (at_ms, now_ms, monotonic)
        self._written_until_ms = max(self._written_until_ms, at_ms)
        return Beat(at_ms, span_ms, fresh)

    def _observed_ms(self, at_ms: int, now_ms: int, monotonic: float) -> int:
        if self._last is None:
            return 0
        last_at_ms, last_now_ms, last_monotonic = self._last
        span_ms = at_ms - last_at_ms
        passed_ms = round((monotonic - last_monotonic) * 1000)
        if span_ms <= 0 or max(span_ms, passed_ms) > GAP_MS:
            return 0
        stepped = abs(now_ms - last_now_ms - passed_ms) > STEP_MS
        return max(min(span_ms, passed_ms), 0) if stepped else span_ms


def until_next_second(now_ms: int) -> float:
    """Seconds to sleep until shortly after the wall clock shows the next whole second."""
    return (1000 - (now_ms - AFTER_MS) % 1000) / 1000

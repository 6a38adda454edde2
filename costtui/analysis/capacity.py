"""How much of its capacity an engine uses: output tokens per second over the last minute against its best."""

from collections import deque

from costtui.domain.tick import EngineTick

WINDOW_MS = 60_000
FULL_MS = 55_000
"""A window counts as a sustained minute once this much of it was observed: timers jitter, a look may fail."""


class SustainedRate:
    """Output tokens per second of one engine, folded over its ticks; deterministic, no clock of its own."""

    __slots__ = ("_observed_ms", "_ticks", "_tokens", "best")

    def __init__(self, best: float | None = None) -> None:
        self.best = best
        """Best sustained minute so far, also from earlier runs; None before one was seen."""
        self._ticks: deque[tuple[int, int, int]] = deque()
        self._observed_ms = 0
        self._tokens = 0

    def add(self, tick: EngineTick) -> None:
        """Take one more tick; ticks come in order of time."""
        self._ticks.append((tick.at_ms, tick.span_ms, tick.output_tokens))
        self._observed_ms += tick.span_ms
        self._tokens += tick.output_tokens
        while self._ticks and self._ticks[0][0] <= tick.at_ms - WINDOW_MS:
            _, span_ms, tokens = self._ticks.popleft()
            self._observed_ms -= span_ms
            self._tokens -= tokens
        rate = self.rate
        if rate is not None and rate > 0 and (self.best is None or rate > self.best):
            self.best = rate

    @property
    def rate(self) -> float | None:
        """Output tokens per second over the last minute; None until a whole minute was observed."""
        return self._tokens * 1000 / self._observed_ms if self._observed_ms >= FULL_MS else None

    def capacity(self, configured: float | None) -> float | None:
        """Tokens per second at full load: as configured, else the best minute seen, else unknown."""
        return configured if configured else self.best

    def ratio(self, configured: float | None) -> float | None:
        """Share of capacity in use over the last minute; None while rate or capacity is unknown."""
        rate, capacity = self.rate, self.capacity(configured)
        return None if rate is None or capacity is None else rate / capacity

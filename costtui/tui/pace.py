"""How often the screen may change: once a second, and less where the terminal cannot keep up."""

STEPS_SECONDS = (1, 2, 5, 10)
CALM_FRAMES = 3
"""Frames in a row that must have left in time before the pace rises again."""
EARLY_MS = 100
"""A look comes every quarter of a second; a frame may be this much early rather than a quarter late."""


class Pace:
    """Decides about each frame; `slow_seconds` is what the header says, 0 at full pace."""

    def __init__(self) -> None:
        self._step = 0
        self._calm = 0
        self._last_ms: int | None = None

    @property
    def slow_seconds(self) -> int:
        """Seconds between frames if that is more than one."""
        return STEPS_SECONDS[self._step] if self._step else 0

    def due(self, now_ms: int, *, undrained: bool) -> bool:
        """True when a frame may be drawn. A frame that is due while the last one is still leaving slows the pace."""
        wait_ms = STEPS_SECONDS[self._step] * 1000 - EARLY_MS
        if self._last_ms is not None and 0 <= now_ms - self._last_ms < wait_ms:
            return False
        self._last_ms = now_ms
        if undrained:
            self._step, self._calm = min(self._step + 1, len(STEPS_SECONDS) - 1), 0
            return False
        self._calm += 1
        if self._calm >= CALM_FRAMES and self._step:
            self._step, self._calm = self._step - 1, 0
        return True

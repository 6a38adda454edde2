"""When a target is left alone, and how often a request may be tried again."""

from dataclasses import dataclass

FAILURES = 3
"""In a row that open a breaker."""
OPEN_SECONDS = 1.0
OPEN_LIMIT_SECONDS = 4.0
"""With the second that may pass until it is looked at, a target that is well again serves within five."""
REST_LIMIT_SECONDS = 60.0
"""An upstream's Retry-After is believed up to here."""
RETRY_SHARE = 0.2
RETRY_FLOOR = 3.0


@dataclass(slots=True)
class Breaker:
    """Of one target. A failure is no answer, no connection, or a 5xx; a 429 only makes it rest."""

    failures: int = 0
    open_until: float = 0.0
    resting_until: float = 0.0
    _open_seconds: float = OPEN_SECONDS
    why: str = ""
    probing: bool = False
    """Whether one request is under way to see if it is well again; all others are kept from it meanwhile."""

    def failed(self, now: float, why: str) -> None:
        """After an open spell a single failure opens it again, for twice as long."""
        self.failures += 1
        self.why = why
        if self.failures < FAILURES or (now < self.open_until and not self.probing):
            return  # what was under way when it opened says nothing new
        self.probing = False
        self.open_until = now + self._open_seconds
        self._open_seconds = min(OPEN_LIMIT_SECONDS, self._open_seconds * 2)

    def asked(self, now: float) -> bool:
        """A request goes to it; True where that is the one to see whether it is well again. One that hangs or whose
        client leaves is followed by another after four seconds."""
        if self.failures < FAILURES or now < self.open_until:
            return False
        self.probing = True
        self.open_until = now + OPEN_LIMIT_SECONDS
        return True

    def rest(self, now: float, seconds: float) -> None:
        """It asked for quiet; it is still used when there is nothing else."""
        self.resting_until = now + min(seconds, REST_LIMIT_SECONDS)
        self.why = "asked to be called later"

    def succeeded(self) -> None:
        """An answer ends the row of failures."""
        if self.failures or self.open_until:
            self.failures, self.open_until, self._open_seconds, self.why = 0, 0.0, OPEN_SECONDS, ""
            self.probing = False


class RetryBudget:
    """The same target is asked again at most a fifth as often as there are requests, and three times more.

    Another target needs no budget: it gets no more than the one that failed would have had.
    """

    def __init__(self) -> None:
        self._left = RETRY_FLOOR

    def earn(self) -> None:
        """A request came in."""
        if self._left < RETRY_FLOOR:
            self._left += RETRY_SHARE

    def spend(self) -> bool:
        """Whether one more try is allowed; it counts."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

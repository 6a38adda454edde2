"""How each source is doing: when it last answered, since when it has not, and why."""

from costtui.agent.log import Log
from costtui.domain.reading import Problem
from costtui.report.observation import SourceNow


class Health:
    """Of one source. Only changes reach the log: a source that stays silent writes one line, not one a second."""

    def __init__(self, name: str, interval_seconds: float, log: Log) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        self.failures = 0
        """In a row."""
        self._log = log
        self._last_ok_ms: int | None = None
        self._problem: Problem | None = None
        self._failing_since_ms: int | None = None

    def answered(self, at_ms: int) -> None:
        """It gave a reading."""
        if self._problem is not None:
            self._log.write("source back", source=self.name)
        self.failures = 0
        self._last_ok_ms, self._problem, self._failing_since_ms = at_ms, None, None

    def failed(self, problem: Problem, at_ms: int) -> None:
        """It gave none."""
        if self._problem is None or self._problem.reason != problem.reason:
            self._log.write("source failed", source=self.name, reason=problem.reason, remedy=problem.remedy)
        self.failures += 1
        self._problem = problem
        self._failing_since_ms = at_ms if self._failing_since_ms is None else self._failing_since_ms

    def now(self) -> SourceNow:
        """For the picture."""
        return SourceNow(self.name, self._last_ok_ms, self.interval_seconds, self._problem, self._failing_since_ms)

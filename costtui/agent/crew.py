"""The tasks of all sources: started and stopped as the configuration changes."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from costtui.agent.clock import Clock
from costtui.agent.health import Health
from costtui.agent.log import Log
from costtui.agent.source import Source, follow
from costtui.report.observation import SourceNow


class Crew:
    """Tasks by name; cancelling one never touches another."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._health: dict[str, Health] = {}

    def follow(self, source: Source) -> None:
        """Begin to read a source, in place of an earlier one of the same name."""
        self._health[source.name] = Health(source.name, source.interval_seconds, self._log)
        self.run(source.name, follow(source, self._health[source.name], self._clock))

    def run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task that is no source."""
        self._cancel(name)
        self._tasks[name] = asyncio.create_task(work, name=name)

    def drop(self, name: str) -> None:
        """End a task and forget its health."""
        self._cancel(name)
        self._health.pop(name, None)

    def _cancel(self, name: str) -> None:
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()

    @property
    def names(self) -> frozenset[str]:
        """Tasks under way or done."""
        return frozenset(self._tasks)

    def health(self) -> tuple[SourceNow, ...]:
        """For the picture."""
        return tuple(health.now() for health in self._health.values())

    def has_answers(self) -> bool:
        """Whether every source has answered or failed once."""
        return all(now.last_ok_ms is not None or now.problem is not None for now in self.health())

    async def end(self, wait_seconds: float) -> None:
        """Cancel everything; what does not end in time is left behind."""
        tasks = list(self._tasks.values())
        for name in list(self._tasks):
            self._cancel(name)
        if tasks:
            await asyncio.wait(tasks, timeout=wait_seconds)

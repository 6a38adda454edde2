"""One task per source: its own interval, phase, timeout and back-off; none can stop another."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from costtui.agent.clock import Clock
from costtui.agent.health import Health
from costtui.domain.clean import clean
from costtui.domain.reading import Problem
from costtui.errors import SourceError

T = TypeVar("T")

BACKOFF_CAP_SECONDS = 30.0
"""A source that recovers is seen again within half of the minute that is promised."""
RETRIES_AT_FULL_PACE = 3
NO_FAULT = SourceError("")


@dataclass(frozen=True, slots=True)
class Source:
    """`look` reads once and keeps what it read; it returns, or raises as SourceError, what was wrong."""

    name: str
    interval_seconds: float
    timeout_seconds: float | None
    """None: the look itself is bounded."""
    look: Callable[[], Awaitable[Problem | None]]
    paced: bool = True
    """False: a look waits for the source's own next reading, and the next look follows at once."""


async def follow(source: Source, health: Health, clock: Clock) -> None:
    """Look at once, then again and again until cancelled."""
    loop = asyncio.get_running_loop()
    due = loop.time() - (1 - phase_of(source.name)) * source.interval_seconds
    while True:
        problem = await _look(source)
        if problem is None:
            health.answered(clock.now_ms())
        else:
            health.failed(problem, clock.now_ms())
        due = max(due + pause_seconds(source, health.failures), loop.time())
        await asyncio.sleep(due - loop.time())


def attempt(name: str, work: Callable[[], T]) -> tuple[T | None, Problem | None]:
    """The result of a step that must not stop the agent, or what was wrong with it."""
    try:
        return work(), None
    except Exception as error:  # noqa: BLE001 - the loop's edge: sampling goes on without this step
        return None, _fault(name, error)


async def attempt_async(name: str, work: Callable[[], Awaitable[T]]) -> tuple[T | None, SourceError]:
    """The result of a reading that must not stop the agent, or None and what was wrong with it, whatever it was."""
    try:
        return await work(), NO_FAULT
    except SourceError as error:
        return None, error
    except Exception as error:  # noqa: BLE001 - the loop's edge: a fault in one source must not stop the others
        fault = _fault(name, error)
        return None, SourceError(fault.reason, fault.remedy)


async def _look(source: Source) -> Problem | None:
    try:
        async with asyncio.timeout(source.timeout_seconds):
            return await source.look()
    except Exception as error:  # noqa: BLE001 - the loop's edge: a fault in one source must not stop the others
        return _fault(source.name, error)


def _fault(name: str, error: Exception) -> Problem:
    if isinstance(error, SourceError):
        return Problem(name, error.reason, error.remedy)
    if isinstance(error, TimeoutError):
        return Problem(name, "no answer in time", "see whether it is overloaded")
    return Problem(name, clean(f"{type(error).__name__}: {error}{_where(error)}"), "please report this")


def _where(error: BaseException) -> str:
    """File and line of the innermost frame."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""


def pause_seconds(source: Source, failures: int) -> float:
    """Until the next look: the interval, doubled with each failure after the third, at most 30 s."""
    if failures == 0:
        return source.interval_seconds if source.paced else 0.0
    doubled = source.interval_seconds * 2.0 ** min(max(failures - RETRIES_AT_FULL_PACE, 0), 10)
    return max(min(doubled, BACKOFF_CAP_SECONDS), source.interval_seconds)


def phase_of(name: str) -> float:
    """A share of the interval after which the second look comes, so that sources do not all look at one moment."""
    return crc32(name.encode()) % 1000 / 1000

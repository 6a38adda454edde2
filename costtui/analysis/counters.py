"""Counters of an engine become what it did since the last look: never negative, nothing twice, nothing lost."""

from dataclasses import dataclass
from typing import Literal, TypeVar

from costtui.domain.reading import EngineReading
from costtui.domain.tick import EngineCursor, EngineTick

T = TypeVar("T")
GAP_MS = 5_000
"""An interval longer than this is a gap: its tokens count in totals, its time was not observed."""

Counter = Literal["input_tokens", "output_tokens", "cached_input_tokens", "prefix_cache_queries", "prefix_cache_hits"]
COUNTERS: tuple[Counter, ...] = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "prefix_cache_queries",
    "prefix_cache_hits",
)
RESTART_TOLERANCE_SECONDS = 1.0
UNSEEN_MS = 60_000
"""Who begins to look so long after a process started has seen it start."""


@dataclass(frozen=True, slots=True)
class Step:
    """One engine, one interval further."""

    tick: EngineTick
    cursor: EngineCursor
    worked: bool | None
    """None: the engine does not say."""


def advance(engine: str, cursor: EngineCursor | None, reading: EngineReading) -> Step:
    """What `engine` did between `cursor` and `reading`, and the cursor for the next look.

    The first reading of all is only a starting point. After a restart of the engine (its start time moved, or a
    counter fell) the new value counts from zero. A reading with a problem moves nothing. Over a gap, and for a
    counter that had been missing, tokens go to the `gap_` fields; a gap's span is 0.
    """
    if reading.problem is not None:
        unmoved = cursor or EngineCursor(engine, reading.at_ms, absent=frozenset(COUNTERS))
        return Step(_tick(engine, reading, 0, False, {}, {}), unmoved, None)
    elapsed = reading.at_ms - cursor.at_ms if cursor else 0
    watched = 0 < elapsed <= GAP_MS
    moved = deltas(cursor, reading) if cursor else {}
    absent = cursor.absent if cursor else frozenset()
    seen = {name: delta for name, delta in moved.items() if watched and name not in absent}
    late = {name: delta for name, delta in moved.items() if name not in seen}
    worked = has_worked(cursor if watched else None, reading, seen)
    span_ms = elapsed if watched else 0
    tick = _tick(engine, reading, span_ms, bool(worked), seen, late)
    return Step(tick, _next_cursor(engine, cursor, reading, active=bool(worked) or any(moved.values())), worked)


def cold_start_seconds(reading: EngineReading, silent_ms: int | None) -> int | None:
    """How long an engine took from the start of its process to this reading, its first. None where it does not say when
    it started, or nobody looked by then: `silent_ms` is since when each look had found no answer."""
    started = reading.started_at_seconds
    if started is None or silent_ms is None or silent_ms > started * 1_000 + UNSEEN_MS:
        return None
    seconds = round(reading.at_ms / 1_000 - started)
    return seconds if seconds > 0 else None


def deltas(cursor: EngineCursor, reading: EngineReading) -> dict[str, int]:
    """By how much each counter moved; a counter that is missing, or seen for the first time, is left out."""
    restarted = _restarted(cursor, reading)
    moved: dict[str, int] = {}
    for name in COUNTERS:
        before, now = getattr(cursor, name), getattr(reading, name)
        if before is not None and now is not None:
            moved[name] = now if restarted or now < before else now - before
    return moved


def has_worked(cursor: EngineCursor | None, reading: EngineReading, moved: dict[str, int]) -> bool | None:
    """Whether work was done: a token counter moved, or requests ran at either end; None if nothing can tell.

    `cursor` None stands for an interval whose beginning nobody saw: only what runs now is known of it.
    """
    tokens = [moved[name] for name in ("input_tokens", "output_tokens") if name in moved]
    running = [count for count in (cursor.running if cursor else None, reading.running) if count is not None]
    busier = cursor is not None and _grew(cursor.busy_seconds, reading.busy_seconds)
    if any(tokens) or any(running) or busier:
        return True
    knows = tokens or running or (cursor is not None and None not in (cursor.busy_seconds, reading.busy_seconds))
    return False if knows else None


def _grew(before: float | None, now: float | None) -> bool:
    return before is not None and now is not None and now > before


def _restarted(cursor: EngineCursor, reading: EngineReading) -> bool:
    before, now = cursor.started_at_seconds, reading.started_at_seconds
    return before is not None and now is not None and abs(now - before) > RESTART_TOLERANCE_SECONDS


def _tick(
    engine: str, reading: EngineReading, span_ms: int, worked: bool, seen: dict[str, int], late: dict[str, int]
) -> EngineTick:
    return EngineTick(
        engine=engine,
        at_ms=reading.at_ms,
        span_ms=span_ms,
        worked_ms=span_ms if worked else 0,
        input_tokens=seen.get("input_tokens", 0),
        output_tokens=seen.get("output_tokens", 0),
        cached_input_tokens=seen.get("cached_input_tokens", 0),
        gap_input_tokens=late.get("input_tokens", 0),
        gap_output_tokens=late.get("output_tokens", 0),
        gap_cached_input_tokens=late.get("cached_input_tokens", 0),
        running=reading.running,
        waiting=reading.waiting,
        kv_usage_ratio=reading.kv_usage_ratio,
        prefix_cache_queries=seen.get("prefix_cache_queries", 0) + late.get("prefix_cache_queries", 0),
        prefix_cache_hits=seen.get("prefix_cache_hits", 0) + late.get("prefix_cache_hits", 0),
    )


def _next_cursor(engine: str, cursor: EngineCursor | None, reading: EngineReading, *, active: bool) -> EngineCursor:
    last = cursor or EngineCursor(engine, reading.at_ms)
    kept = {name: _or(getattr(reading, name), getattr(last, name)) for name in COUNTERS}
    return EngineCursor(
        engine=engine,
        at_ms=reading.at_ms,
        started_at_seconds=_or(reading.started_at_seconds, last.started_at_seconds),
        last_request_ms=reading.at_ms if active else last.last_request_ms,
        best_output_tokens_per_second=last.best_output_tokens_per_second,
        cold_start_seconds=last.cold_start_seconds,
        running=reading.running,
        busy_seconds=reading.busy_seconds,
        absent=frozenset(name for name in COUNTERS if getattr(reading, name) is None),
        **kept,
    )


def _or(now: T | None, before: T | None) -> T | None:
    return before if now is None else now

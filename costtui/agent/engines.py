"""What the agent remembers of each engine between two ticks."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from costtui.agent.clock import Beat
from costtui.analysis import counters
from costtui.analysis.capacity import SustainedRate
from costtui.analysis.states import EngineWork
from costtui.config.model import Target
from costtui.domain.reading import EngineReading, Problem
from costtui.domain.tick import EngineCursor, EngineTick
from costtui.report.observation import EngineNow

Address = tuple[str | None, str | None, str | None]

RATE_WINDOW_MS = 10_000
"""Tokens per second are shown over this long: short enough to follow a burst, long enough to be read."""


@dataclass(frozen=True, slots=True)
class EngineLook:
    """One engine at a tick. `reading` is the latest; `fresh` is False once it is too old to say anything."""

    target: Target
    reading: EngineReading | None
    fresh: bool
    holds: frozenset[str] | None
    pids: frozenset[int] = frozenset()


class RecentRate:
    """Input and output tokens per second over the last seconds; None until something was observed."""

    __slots__ = ("_ticks",)

    def __init__(self) -> None:
        self._ticks: deque[EngineTick] = deque()

    def add(self, tick: EngineTick) -> None:
        """Take one more tick; those that left the window go."""
        self._ticks.append(tick)
        self.forget(tick.at_ms)

    def forget(self, now_ms: int) -> None:
        """Drop what is older than the window."""
        while self._ticks and self._ticks[0].at_ms <= now_ms - RATE_WINDOW_MS:
            self._ticks.popleft()

    def per_second(self) -> tuple[float | None, float | None]:
        """Input and output."""
        observed_ms = sum(tick.span_ms for tick in self._ticks)
        if not observed_ms:
            return None, None
        tokens_in, tokens_out = (
            sum(tick.input_tokens for tick in self._ticks),
            sum(tick.output_tokens for tick in self._ticks),
        )
        return tokens_in * 1000 / observed_ms, tokens_out * 1000 / observed_ms


class SeenEngine:
    """One configured engine: its last counters, rates and what it was last seen doing."""

    def __init__(self, cursor: EngineCursor | None) -> None:
        self._cursor = cursor
        self._taken: EngineReading | None = None
        self._recent = RecentRate()
        self._sustained = SustainedRate(cursor.best_output_tokens_per_second if cursor else None)
        self._silent_ms: int | None = None
        self.worked: bool | None = None

    def take(self, beat: Beat, look: EngineLook) -> tuple[EngineTick, EngineCursor] | None:
        """The tick of a reading that is new, and the cursor to keep; None where there is none."""
        self._recent.forget(beat.at_ms)
        if not look.fresh or look.reading is None or look.reading.problem is not None:
            self.worked = None
            if self._silent_ms is None and look.reading is not None:
                self._silent_ms = beat.at_ms
            return None
        if look.reading is self._taken or not beat.fresh:
            return None
        self._taken = look.reading
        reading = replace(look.reading, at_ms=beat.at_ms)
        step = counters.advance(look.target.name, self._cursor, reading)
        took, self._silent_ms = counters.cold_start_seconds(reading, self._silent_ms), None
        self.worked = step.worked
        self._recent.add(step.tick)
        self._sustained.add(step.tick)
        self._cursor = replace(
            step.cursor,
            best_output_tokens_per_second=self._sustained.best,
            cold_start_seconds=took or step.cursor.cold_start_seconds,
        )
        return step.tick, self._cursor

    def work(self, look: EngineLook) -> EngineWork:
        """For the state of the GPUs it holds."""
        ok = look.fresh and look.reading is not None and look.reading.problem is None
        ratio = self._sustained.ratio(look.target.capacity_output_tokens_per_second)
        return EngineWork(look.target.name, ok, self.worked, ratio, look.holds, look.pids, "" if ok else silence(look))

    def now(self, look: EngineLook) -> EngineNow:
        """For the picture."""
        configured = look.target.capacity_output_tokens_per_second
        tokens_in, tokens_out = self._recent.per_second()
        return EngineNow(
            target=look.target,
            reading=_shown(look),
            worked=self.worked,
            holds=look.holds,
            input_tokens_per_second=tokens_in,
            output_tokens_per_second=tokens_out,
            capacity_ratio=self._sustained.ratio(configured),
            capacity_output_tokens_per_second=self._sustained.capacity(configured),
            last_request_ms=self._cursor.last_request_ms if self._cursor else None,
        )


def silence(look: EngineLook) -> str:
    """Why an engine says nothing."""
    if look.reading is None:
        return "not read yet"
    if look.reading.problem is not None:
        return look.reading.problem.reason
    return "no new reading"


def _shown(look: EngineLook) -> EngineReading | None:
    if look.reading is None or look.fresh or look.reading.problem is not None:
        return look.reading
    return EngineReading(look.reading.at_ms, problem=Problem(look.target.name, silence(look)))


class Engines:
    """All configured engines, by name; one that left the configuration and returns goes on where it was."""

    def __init__(self, cursors: Mapping[str, EngineCursor]) -> None:
        self._cursors = dict(cursors)
        self._seen: dict[str, tuple[Address, SeenEngine]] = {}

    def of(self, target: Target) -> SeenEngine:
        """The memory of one engine. At another address it is another engine: its counters begin anew."""
        address = (target.engine, target.url, target.metrics_url)
        before = self._seen.get(target.name)
        if before is not None and before[0] == address:
            return before[1]
        seen = SeenEngine(self._cursors.get(target.name) if before is None else None)
        self._seen[target.name] = (address, seen)
        return seen

    def take(
        self, beat: Beat, looks: tuple[EngineLook, ...]
    ) -> tuple[tuple[EngineTick, ...], tuple[EngineCursor, ...]]:
        """Ticks and cursors of all engines that gave a new reading."""
        steps = [step for look in looks if (step := self.of(look.target).take(beat, look))]
        self._cursors.update((cursor.engine, cursor) for _, cursor in steps)
        return tuple(tick for tick, _ in steps), tuple(cursor for _, cursor in steps)

    def works(self, looks: tuple[EngineLook, ...]) -> tuple[EngineWork, ...]:
        """For the states of the GPUs."""
        return tuple(self.of(look.target).work(look) for look in looks)

    def now(self, looks: tuple[EngineLook, ...]) -> tuple[EngineNow, ...]:
        """For the picture."""
        return tuple(self.of(look.target).now(look) for look in looks)

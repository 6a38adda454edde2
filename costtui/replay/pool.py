"""A simulated replica: prompts are read one after the other, answers written side by side.

While both happen prompts get a share of the time and answers the rest. Running answers share the decode rate equally,
none faster than one token each `floor_ms`; no more than `streams` run at a time.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class ReplicaModel:
    """Rates of one replica; the defaults are a 70B model on two H100."""

    prefill_tokens_per_second: float = 10_000.0
    decode_tokens_per_second: float = 2_500.0
    streams: int = 256
    floor_seconds: float = 0.020
    prefill_share: float = 0.6

    def work_seconds(self, prompt_tokens: int, output_tokens: int) -> float:
        """Of a replica that does nothing else."""
        return prompt_tokens / self.prefill_tokens_per_second + output_tokens / self.decode_tokens_per_second


class Job(NamedTuple):
    """A request on the pool."""

    number: int
    at: float
    prompt_tokens: int
    output_tokens: int


class Happened(NamedTuple):
    """The first byte of a job, or its end."""

    at: float
    number: int
    ended: bool


@dataclass(slots=True)
class Replica:
    """One replica in simulated time. `advance` must be called in order of time."""

    model: ReplicaModel
    now: float = 0.0
    _waiting: deque[Job] = field(default_factory=deque)
    _left: float = 0.0
    """Tokens of the first waiting prompt that are still to be read."""
    _running: list[tuple[float, int]] = field(default_factory=list)
    """By the service at which each ends."""
    _service: float = 0.0
    """Tokens that each running answer has got since the beginning."""

    def take(self, job: Job) -> None:
        """It arrives now."""
        if not self._waiting:
            self._left = float(job.prompt_tokens)
        self._waiting.append(job)

    def advance(self, until: float) -> list[Happened]:
        """What happens up to a moment, in order."""
        happened: list[Happened] = []
        while (following := self._following()) is not None and following <= until:
            self._move(following)
            self._settle(happened)
        self._move(until)
        return happened

    def _rates(self) -> tuple[float, float]:
        """Prompt tokens a second, and tokens a second of each running answer."""
        model, running = self.model, len(self._running)
        reading = bool(self._waiting) and running < model.streams
        share = (model.prefill_share if running else 1.0) if reading else 0.0
        if not running:
            return model.prefill_tokens_per_second * share, 0.0
        each = model.decode_tokens_per_second * (1.0 - share) / running
        return model.prefill_tokens_per_second * share, min(each, 1.0 / model.floor_seconds)

    def _following(self) -> float | None:
        reading, writing = self._rates()
        ends = []
        if reading:
            ends.append(self._left / reading)
        if writing:
            ends.append((self._running[0][0] - self._service) / writing)
        return self.now + max(0.0, min(ends)) if ends else None

    def _move(self, until: float) -> None:
        reading, writing = self._rates()
        passed = until - self.now
        self._left -= reading * passed
        self._service += writing * passed
        self.now = until

    def _settle(self, happened: list[Happened]) -> None:
        """The prompt that was read, and answers that have all their tokens; the first comes with the prompt's end."""
        while self._running and self._running[0][0] <= self._service + 1e-9:
            happened.append(Happened(self.now, heappop(self._running)[1], ended=True))
        if self._waiting and self._left <= 1e-6 and len(self._running) < self.model.streams:
            job = self._waiting.popleft()
            self._left = float(self._waiting[0].prompt_tokens) if self._waiting else 0.0
            happened.append(Happened(self.now, job.number, ended=False))
            heappush(self._running, (self._service + max(0, job.output_tokens - 1), job.number))
            if job.output_tokens <= 1:
                self._settle(happened)

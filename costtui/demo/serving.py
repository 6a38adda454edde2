"""How a simulated engine works off requests: a fluid model of continuous batching.

Prompts are computed in order at the prefill speed; what is left of the time decodes all prompts that are ready, each
at most one token every 20 ms and together at most the decode speed. A request so costs in/P + out/D engine-seconds.
"""

from dataclasses import dataclass, field

from costtui.demo.host import SimulatedEngine
from costtui.demo.watts import engine_power_mw

TOKENS_PER_SECOND_EACH = 50.0
STEP_SECONDS = 0.05
CACHED_TENTHS = 3
"""Three tenths of each prompt are found in the prefix cache."""
KV_TOKENS = 400_000
"""Tokens that fit into the KV cache."""


@dataclass(slots=True, eq=False)
class Job:
    """One request in the engine; `done_tokens` grows until it is `output_tokens`."""

    input_tokens: int
    output_tokens: int
    prefill_left: float = field(init=False)
    cached_tokens: int = field(init=False)
    progress: float = 0.0

    def __post_init__(self) -> None:
        self.cached_tokens = self.input_tokens * CACHED_TENTHS // 10
        self.prefill_left = float(self.input_tokens - self.cached_tokens)

    @property
    def done_tokens(self) -> int:
        """Whole tokens decoded so far."""
        return min(self.output_tokens, int(self.progress + 1e-9))

    @property
    def finished(self) -> bool:
        """Whether every output token is there."""
        return self.prefill_left <= 0 and self.done_tokens >= self.output_tokens


class Serving:
    """One engine's queue, counters, power and energy at a moment that only `advance` moves."""

    def __init__(self, engine: SimulatedEngine, now_seconds: float) -> None:
        self.engine = engine
        self.jobs: list[Job] = []
        self.input_tokens = 0
        self.cached_tokens = 0
        self.output_tokens = 0
        self.finished = 0
        self.power_mw = engine_power_mw(0.0, 0.0)
        self.energy_mj = 0.0
        self._now = now_seconds
        self._second = int(now_seconds)
        self._worked = 0.0
        self._percent = 0

    def add(self, job: Job) -> None:
        """Queue a request."""
        self.jobs.append(job)

    def drop(self, job: Job) -> None:
        """Forget a request whose client went away."""
        if job in self.jobs:
            self.jobs.remove(job)

    def advance(self, now_seconds: float) -> None:
        """Work until `now_seconds`; a long idle stretch is one step."""
        while (left := now_seconds - self._now) > 1e-9:
            edge = self._second + 1 - self._now
            step = min(left, edge if edge > 1e-9 else 1.0, STEP_SECONDS if self.jobs else left)
            self._step(step)
            self._now += step
            self._turn()

    @property
    def running(self) -> int:
        """Requests whose prompt is computed or being computed."""
        queued = sum(job.prefill_left > 0 for job in self.jobs)
        return len(self.jobs) - max(0, queued - 1)

    @property
    def waiting(self) -> int:
        """Requests behind the one whose prompt is being computed."""
        return len(self.jobs) - self.running

    @property
    def kv_ratio(self) -> float:
        """Part of the KV cache that the requests hold."""
        return min(1.0, sum(job.input_tokens + job.done_tokens for job in self.jobs) / KV_TOKENS)

    @property
    def percent(self) -> int:
        """Utilisation as a driver tells it: part of the last full second with any work at all."""
        return self._percent

    def _turn(self) -> None:
        if self._now + 1e-9 >= self._second + 1:
            self._percent = round(min(1.0, self._worked) * 97)
            self._second, self._worked = int(self._now + 1e-9), 0.0

    def _step(self, seconds: float) -> None:
        worked = bool(self.jobs)
        busy = self._prefill(seconds)
        busy += self._decode(seconds, seconds - busy)
        self.power_mw = engine_power_mw(float(worked), busy / seconds)
        self.energy_mj += self.power_mw * seconds
        self._worked += seconds if worked else 0.0

    def _prefill(self, seconds: float) -> float:
        """Seconds that prompts took."""
        speed = self.engine.prefill_tokens_per_second
        left = seconds * speed
        for job in self.jobs:
            if job.prefill_left > 0 and left > 0:
                taken = min(left, job.prefill_left)
                job.prefill_left -= taken
                left -= taken
                if job.prefill_left <= 0:
                    self.input_tokens += job.input_tokens
                    self.cached_tokens += job.cached_tokens
        return seconds - left / speed

    def _decode(self, seconds: float, free_seconds: float) -> float:
        """Seconds of the full decode speed that output tokens took."""
        ready = [job for job in self.jobs if job.prefill_left <= 0]
        if not ready:
            return 0.0
        speed = self.engine.decode_tokens_per_second
        each = min(TOKENS_PER_SECOND_EACH * seconds, speed * free_seconds / len(ready))
        for job in ready:
            before = job.done_tokens
            job.progress += each
            self.output_tokens += job.done_tokens - before
            if job.finished:
                self.jobs.remove(job)
                self.finished += 1
        return min(free_seconds, each * len(ready) / speed)

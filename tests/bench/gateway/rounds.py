"""The measurements: every test visits all subjects in turn, and the next round in the other direction."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.gateway.machine import Load, cpu_ns, pss_mib
from tests.bench.gateway.requests import EVENTS, request
from tests.bench.gateway.subjects import Subject

CONNECTIONS = 64
RATE = 500
EVENTS_IN_ALL = EVENTS + 3
Figures = dict[str, dict[str, list[float]]]
"""By subject and figure, one value a round."""


@dataclass
class Results:
    """What was measured, and what went wrong on the way."""

    figures: Figures = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def add(self, subject: str, figure: str, value: float) -> None:
        """One round's value."""
        self.figures.setdefault(subject, {}).setdefault(figure, []).append(value)

    def median(self, subject: str, figure: str) -> float | None:
        """Over the rounds; None where it was not measured."""
        values = self.figures.get(subject, {}).get(figure)
        return statistics.median(values) if values else None

    def ratios(self, subject: str, figure: str, to: str) -> list[float]:
        """Of each round, to another subject in the same round."""
        mine, theirs = self.figures.get(subject, {}).get(figure, []), self.figures.get(to, {}).get(figure, [])
        return [value / other for value, other in zip(mine, theirs, strict=False) if other > 0]


class Bench:
    """One run over subjects that are up."""

    def __init__(self, load: Load, subjects: Sequence[Subject], upstream_port: int, seconds: float) -> None:
        self.results = Results()
        self._load, self._subjects, self._upstream_port, self._seconds = load, subjects, upstream_port, seconds

    def run(self, rounds: int) -> None:
        """All tests, `rounds` times."""
        for number in range(rounds):
            order = self._subjects if number % 2 == 0 else self._subjects[::-1]
            for kind in ("whole", "armed", "large", "stream", "tls"):
                for subject in order:
                    if kind in subject.models:
                        self._closed(subject, kind)
            self._latency(order)
            print(f"round {number + 1} of {rounds}", flush=True)
        for subject in self._subjects:
            self.results.add(subject.name, "PSS MiB after", pss_mib(subject.pid))

    def _closed(self, subject: Subject, kind: str) -> None:
        text = request(subject.models[kind], subject.headers, kind)
        port = subject.ports[kind]
        self._load(port, text, connections=CONNECTIONS, seconds=0.2)
        before = cpu_ns(subject.pid)
        said = self._load(port, text, connections=CONNECTIONS, seconds=self._seconds)
        spent_us = (cpu_ns(subject.pid) - before) / 1000
        self._count_errors(subject, said)
        if not said["good"]:
            return
        if kind == "stream":
            self.results.add(subject.name, "stream us/chunk", spent_us / said["good"] / EVENTS_IN_ALL)
            return
        self.results.add(subject.name, f"{kind} us/request", spent_us / said["good"])
        if kind == "whole":
            self.results.add(subject.name, "RPS c64", said["good"] / said["seconds"])

    def _latency(self, order: Sequence[Subject]) -> None:
        """At a fixed rate, beside the upstream alone in the same round."""
        alone = self._open(self._upstream_port, request("bench"))
        for subject in order:
            rps = self.results.median(subject.name, "RPS c64")
            if rps is not None and rps > 1.5 * RATE:
                said = self._open(subject.ports["whole"], request(subject.models["whole"], subject.headers))
                self._count_errors(subject, said)
                self.results.add(subject.name, "added p50 us at 500/s", said["p50_us"] - alone["p50_us"])
                self.results.add(subject.name, "added p99 us at 500/s", said["p99_us"] - alone["p99_us"])

    def _open(self, port: int, text: bytes) -> dict[str, Any]:
        time.sleep(0.1)
        return self._load(port, text, connections=CONNECTIONS, seconds=max(self._seconds, 2), rate=RATE)

    def _count_errors(self, subject: Subject, said: dict[str, Any]) -> None:
        failed = said["bad"] + said["lost"] + said["unanswered"]
        self.results.errors[subject.name] = self.results.errors.get(subject.name, 0) + failed

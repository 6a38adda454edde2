"""GPU and engine totals since the store began: what is long past is summed once."""

from collections.abc import Iterator
from dataclasses import astuple

from prometheus_client.core import Metric

from costtui.domain.tick import EngineTotals, StateTotals
from costtui.exporter.host import engine_families, gpu_families
from costtui.store.reader import TelemetryReader

QUARTER_MS = 900_000
STEP_MS = 6 * 3_600_000
"""When the last part is longer than this, all but its last quarter of an hour is added to what is long past."""


class PastTotals:
    """A year of quarters takes 100 ms to sum, six hours of them one."""

    def __init__(self, reader: TelemetryReader, now_ms: int) -> None:
        self._reader = reader
        self._until_ms = 0
        self._gpus: dict[str, StateTotals] = {}
        self._engines: dict[str, EngineTotals] = {}
        self._settle(now_ms)

    def families(self, now_ms: int) -> Iterator[Metric]:
        """Counters at this moment."""
        if now_ms - self._until_ms > STEP_MS:
            self._settle(now_ms)
        gpus, engines = self._up_to(now_ms)
        yield from gpu_families(gpus, {uuid: gpu.index for uuid, gpu in self._reader.known_gpus().items()})
        yield from engine_families(engines)

    def _settle(self, now_ms: int) -> None:
        until_ms = max(now_ms // QUARTER_MS * QUARTER_MS - QUARTER_MS, 0)
        self._gpus, self._engines = self._up_to(until_ms)
        self._until_ms = until_ms

    def _up_to(self, end_ms: int) -> tuple[dict[str, StateTotals], dict[str, EngineTotals]]:
        gpus, engines = dict(self._gpus), dict(self._engines)
        for uuid, total in self._reader.gpu_totals(self._until_ms, end_ms).items():
            gpus[uuid] = _gpu_sum(gpus[uuid], total) if uuid in gpus else total
        for name, engine in self._reader.engine_totals(self._until_ms, end_ms).items():
            engines[name] = _engine_sum(engines[name], engine) if name in engines else engine
        return gpus, engines


def _gpu_sum(one: StateTotals, other: StateTotals) -> StateTotals:
    return StateTotals(
        {state: held + other.milliseconds.get(state, 0) for state, held in one.milliseconds.items()},
        one.energy_millijoules + other.energy_millijoules,
        one.energy_known_ms + other.energy_known_ms,
        one.energy_estimated_ms + other.energy_estimated_ms,
    )


def _engine_sum(one: EngineTotals, other: EngineTotals) -> EngineTotals:
    return EngineTotals(*(mine + more for mine, more in zip(astuple(one), astuple(other), strict=True)))

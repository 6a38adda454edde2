"""What the agent remembers of each GPU between two ticks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from costtui.agent.clock import Beat
from costtui.analysis import energy
from costtui.analysis.states import EngineWork, Verdict, classify
from costtui.domain.clean import clean
from costtui.domain.gpu import GpuState
from costtui.domain.reading import GpuReading
from costtui.domain.tick import GpuTick
from costtui.probes.nvml_driver import UNKNOWN_UUID
from costtui.report.observation import GpuNow
from costtui.store.rows import KnownGpu

RESUME_MS = 60_000
"""A state that an earlier run saw goes on after a restart if nobody looked for at most this long."""


@dataclass(slots=True)
class SeenGpu:
    """One GPU, by UUID; it stays when the driver no longer answers for it."""

    known: KnownGpu
    reading: GpuReading | None = None
    cursor: energy.EnergyCursor | None = None
    verdict: Verdict = (GpuState.UNKNOWN, "not read yet")
    engines: tuple[str, ...] = ()


class Gpus:
    """All GPUs ever seen on this host."""

    def __init__(self, known: Mapping[str, KnownGpu]) -> None:
        self._seen = {uuid: SeenGpu(gpu) for uuid, gpu in known.items()}
        self._changed: set[str] = set()
        self.nameless: tuple[GpuReading, ...] = ()
        """GPUs that the driver lists and cannot name, and that nobody saw before."""

    def take(
        self, beat: Beat, readings: Sequence[GpuReading] | None, why: str, works: Sequence[EngineWork]
    ) -> tuple[GpuTick, ...]:
        """The ticks of this beat; `readings` None: the driver is silent, and `why`."""
        here = self._named(readings or ())
        for reading in here.values():
            self._meet(reading, beat.at_ms)
        return tuple(
            self._tick(seen, here.get(uuid), readings is not None, beat, why, works)
            for uuid, seen in self._seen.items()
        )

    def _named(self, readings: Sequence[GpuReading]) -> dict[str, GpuReading]:
        """By UUID. One that can only tell its index is the missing GPU that had it; if none had, it stays out."""
        here = {reading.uuid: reading for reading in readings if not reading.uuid.startswith(UNKNOWN_UUID)}
        missing = {seen.known.index: seen.known for uuid, seen in self._seen.items() if uuid not in here}
        nameless: list[GpuReading] = []
        for reading in readings:
            if not reading.uuid.startswith(UNKNOWN_UUID):
                continue
            known = missing.get(reading.index)
            if known is None:
                nameless.append(reading)
            else:
                here[known.uuid] = replace(reading, uuid=known.uuid, name=known.name)
        self.nameless = tuple(nameless)
        return here

    def _meet(self, reading: GpuReading, at_ms: int) -> None:
        seen = self._seen.get(reading.uuid)
        if seen is None:
            known = KnownGpu(reading.uuid, reading.index, clean(reading.name), at_ms, at_ms, GpuState.UNKNOWN, at_ms)
            self._seen[reading.uuid] = SeenGpu(known)
            self._changed.add(reading.uuid)

    def _tick(
        self,
        seen: SeenGpu,
        reading: GpuReading | None,
        answering: bool,
        beat: Beat,
        why: str,
        works: Sequence[EngineWork],
    ) -> GpuTick:
        seen.verdict = _verdict(reading, answering, why, works)
        seen.reading = reading
        seen.engines = holders(seen.known.uuid, works)
        self._remember(seen, beat)
        used: energy.EnergyStep | None = None
        if reading is not None and beat.fresh:
            used = energy.advance(seen.cursor, reading, beat.at_ms)
            seen.cursor = used.cursor
        return GpuTick(
            uuid=seen.known.uuid,
            at_ms=beat.at_ms,
            span_ms=beat.span_ms,
            state=seen.verdict[0],
            utilization_percent=reading.utilization_percent if reading else None,
            memory_used_bytes=reading.memory_used_bytes if reading else None,
            power_milliwatts=reading.power_milliwatts if reading else None,
            temperature_celsius=reading.temperature_celsius if reading else None,
            energy_millijoules=used.millijoules if used else None,
            energy_estimated=used.estimated if used else False,
        )

    def _remember(self, seen: SeenGpu, beat: Beat) -> None:
        before, state = seen.known, seen.verdict[0]
        goes_on = before.state is state and beat.at_ms - before.last_seen_ms <= RESUME_MS
        index, name = before.index, before.name
        if seen.reading is not None:
            index, name = seen.reading.index, clean(seen.reading.name)
        since_ms = before.state_since_ms if goes_on else beat.at_ms
        if (index, name, state, since_ms) != (before.index, before.name, before.state, before.state_since_ms):
            self._changed.add(before.uuid)
        seen.known = KnownGpu(before.uuid, index, name, before.first_seen_ms, beat.at_ms, state, since_ms)

    def known(self) -> tuple[KnownGpu, ...]:
        """Every GPU as it is known now."""
        return tuple(seen.known for seen in self._seen.values())

    def changed(self) -> tuple[KnownGpu, ...]:
        """Those whose state or place changed since the last call."""
        changed = tuple(self._seen[uuid].known for uuid in sorted(self._changed))
        self._changed.clear()
        return changed

    def now(self) -> tuple[GpuNow, ...]:
        """For the picture, by index."""
        rows = sorted(self._seen.values(), key=lambda seen: (seen.known.index, seen.known.uuid))
        return tuple(_now(seen) for seen in rows)


def holders(uuid: str, works: Sequence[EngineWork]) -> tuple[str, ...]:
    """Names of the engines known to hold a GPU."""
    return tuple(work.name for work in works if work.holds is not None and uuid in work.holds)


def _verdict(reading: GpuReading | None, answering: bool, why: str, works: Sequence[EngineWork]) -> Verdict:
    if reading is not None:
        return classify(reading, works)
    if answering:
        return GpuState.LOST, "the driver no longer lists it"
    return GpuState.UNKNOWN, why


def _now(seen: SeenGpu) -> GpuNow:
    known, (state, reason) = seen.known, seen.verdict
    return GpuNow(known.uuid, known.index, known.name, seen.reading, state, known.state_since_ms, reason, seen.engines)

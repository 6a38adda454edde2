"""Who holds the GPUs, added up in memory and written down once a minute: each second cost a page of the journal."""

from collections import Counter
from collections.abc import Sequence

from costtui.agent.clock import Beat
from costtui.analysis.holders import held
from costtui.domain.holder import Holder, HolderTick
from costtui.domain.reading import GpuReading
from costtui.probes.nvml_driver import UNKNOWN_UUID

MINUTE_MS = 60_000


class Holders:
    """What is not written down yet: of an agent that is killed the last minute is unobserved."""

    def __init__(self) -> None:
        self._held: Counter[tuple[str, int, Holder]] = Counter()
        self._minute = 0

    def take(self, beat: Beat, readings: Sequence[GpuReading] | None) -> tuple[HolderTick, ...]:
        """Count a beat; what has come together, whenever another minute begins."""
        for reading in readings or ():
            if not reading.lost and not reading.uuid.startswith(UNKNOWN_UUID):
                for (quarter_ms, holder), held_ms in held(reading.processes, beat.at_ms, beat.span_ms).items():
                    self._held[reading.uuid, quarter_ms, holder] += held_ms
        minute, before = beat.at_ms // MINUTE_MS, self._minute
        self._minute = minute
        return self.rest() if minute != before else ()

    def rest(self) -> tuple[HolderTick, ...]:
        """Everything that is not written down yet."""
        found = tuple(HolderTick(*place, held_ms) for place, held_ms in self._held.items())
        self._held.clear()
        return found

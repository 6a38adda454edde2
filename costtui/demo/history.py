"""The simulated host's past, written through the same doors as the agent's seconds and the gateway's attempts.

It runs as a process, `python -m costtui.demo.history`, because the writer and its libraries cost 23 MB that the
screen's process would keep for as long as it is open.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from costtui.analysis.holders import QUARTER_MS
from costtui.demo.host import GPU_NAME, ROLES, SERVING_OWNER, TRAINING_JOB, TRAINING_OWNER, gpu_uuid
from costtui.demo.parent import die_with
from costtui.demo.past import MINUTE_MS, PastMinute, ticks
from costtui.demo.spent import attempt_of, bought, spent
from costtui.domain.gpu import GpuState
from costtui.domain.holder import NOBODY, Holder, HolderTick
from costtui.domain.tick import GpuTick
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter

BATCH_MINUTES = 480
"""Minutes in one transaction."""
WAIT_SECONDS = 30
CLOSED_MS = 3 * 86_400_000
"""Before the host's own past APIs were used too: days whose bills are closed, which is a day after their end."""


def write_telemetry(state_dir: Path, minutes: Sequence[PastMinute], from_ms: int, to_ms: int) -> None:
    """Fill the store with what GPUs and engines did. Raises StoreError where it cannot be written."""
    writer = TelemetryWriter.open(state_dir, now_ms=to_ms)
    try:
        past = _Past(from_ms, to_ms)
        for start in range(0, len(minutes), BATCH_MINUTES):
            writer.record(past.second(minutes[start : start + BATCH_MINUTES]))
        writer.record(Second(to_ms, known=tuple(past.known()))).result(WAIT_SECONDS)
    finally:
        writer.close()


def write_ledger(state_dir: Path, minutes: Sequence[PastMinute], to_ms: int, seed: int, key_id: str) -> None:
    """Fill the ledger with what requests used. Raises StoreError where it cannot be written."""
    writer = LedgerWriter.open(state_dir, now_ms=to_ms, clock_ms=lambda: to_ms)
    try:
        begins_ms = minutes[0].at_ms - MINUTE_MS if minutes else to_ms
        for row in chain(bought(begins_ms - CLOSED_MS, begins_ms, seed, key_id), spent(minutes, seed, key_id)):
            writer.settle(attempt_of(row, writer.new_attempt_id(), writer.lane(row.lane)))
        writer.committed(WAIT_SECONDS)
    finally:
        writer.close()


class _Past:
    """What each GPU was doing when last seen, and since when."""

    def __init__(self, from_ms: int, to_ms: int) -> None:
        self._window = from_ms, to_ms
        self._last: dict[str, GpuState] = {}
        self._since: dict[str, int] = {}

    def second(self, minutes: Sequence[PastMinute]) -> Second:
        """Many minutes as one row to write."""
        self._follow(minutes)
        gpus = tuple(tick for minute in minutes for tick in minute.gpus)
        engines = tuple(tick for minute in minutes for tick in minute.engines)
        return Second(minutes[-1].at_ms, gpus, engines, holders=tuple(_held(gpus)))

    def _follow(self, minutes: Iterable[PastMinute]) -> None:
        for minute in minutes:
            for tick in minute.gpus:
                if self._last.get(tick.uuid) is not tick.state:
                    self._last[tick.uuid], self._since[tick.uuid] = tick.state, tick.at_ms - tick.span_ms

    def known(self) -> Iterator[KnownGpu]:
        """The GPUs that were seen."""
        for index in range(len(ROLES)):
            uuid = gpu_uuid(index)
            if uuid in self._last:
                yield KnownGpu(uuid, index, GPU_NAME, *self._window, self._last[uuid], self._since[uuid])


def _held(gpus: Iterable[GpuTick]) -> Iterator[HolderTick]:
    """Who held each GPU; of a lost one nobody can say."""
    for tick in gpus:
        if tick.state is not GpuState.LOST:
            training = Holder(TRAINING_OWNER, TRAINING_JOB)
            holder = {GpuState.OTHER: training, GpuState.EMPTY: NOBODY}.get(tick.state, Holder(SERVING_OWNER))
            quarter_ms = (tick.at_ms - tick.span_ms) // QUARTER_MS * QUARTER_MS
            yield HolderTick(tick.uuid, quarter_ms, holder, tick.span_ms)


def main(arguments: Sequence[str]) -> None:
    """The command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m costtui.demo.history")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--from", type=int, required=True, dest="from_ms", help="unix milliseconds")
    parser.add_argument("--to", type=int, required=True, dest="to_ms", help="unix milliseconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--key-id", default="", help="gateway key that the ledger's past names")
    parser.add_argument("--parent", type=int, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        die_with(options.parent)
    minutes = list(ticks(options.from_ms, options.to_ms, options.seed))
    write_telemetry(options.state_dir, minutes, options.from_ms, options.to_ms)
    write_ledger(options.state_dir, minutes, options.to_ms, options.seed, options.key_id)


if __name__ == "__main__":
    main(sys.argv[1:])

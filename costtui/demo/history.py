"""The simulated host's past, written through the same door as the agent's seconds.

It runs as a process, `python -m costtui.demo.history`, because the writer and its libraries cost 23 MB that the
screen's process would keep for as long as it is open.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from costtui.demo.host import GPU_NAME, ROLES, gpu_uuid
from costtui.demo.parent import die_with
from costtui.demo.past import PastMinute, ticks
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter

if TYPE_CHECKING:
    from costtui.domain.gpu import GpuState

BATCH_MINUTES = 480
"""Minutes in one transaction."""
WAIT_SECONDS = 30


def write_history(state_dir: Path, from_ms: int, to_ms: int, seed: int) -> None:
    """Fill the store with every minute of [from, to). Raises StoreError where it cannot be written."""
    writer = TelemetryWriter.open(state_dir, now_ms=to_ms)
    try:
        past = _Past(from_ms, to_ms)
        minutes = ticks(from_ms, to_ms, seed)
        while batch := list(islice(minutes, BATCH_MINUTES)):
            writer.record(past.second(batch))
        writer.record(Second(to_ms, known=tuple(past.known()))).result(WAIT_SECONDS)
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
        return Second(minutes[-1].at_ms, gpus, engines)

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


def main(arguments: Sequence[str]) -> None:
    """The command line of the process."""
    parser = argparse.ArgumentParser(prog="python -m costtui.demo.history")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--from", type=int, required=True, dest="from_ms", help="unix milliseconds")
    parser.add_argument("--to", type=int, required=True, dest="to_ms", help="unix milliseconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parent", type=int, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent is not None:
        die_with(options.parent)
    write_history(options.state_dir, options.from_ms, options.to_ms, options.seed)


if __name__ == "__main__":
    main(sys.argv[1:])

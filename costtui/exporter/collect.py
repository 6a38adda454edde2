"""Everything the exporter says, from telemetry.db and ledger.db alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from costtui.exporter import host
from costtui.exporter.first_byte import FirstByteFamily
from costtui.exporter.history import PastTotals
from costtui.exporter.spend import BY, SpendFamilies
from costtui.report import live
from costtui.store.ledger.timings import TimingReader
from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader

if TYPE_CHECKING:
    from costtui.store.ledger.rows import SpendRow

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
OLD_MS, AGAIN_MS = 24 * HOUR_MS, HOUR_MS
"""What is older than a day is summed each hour: a year of a hundred lanes takes 50 ms. Attempts that came late, out of
the spool of a process that died, are in it then."""


class Facts(Collector):
    """A collector in prometheus_client's sense; one scrape at a time."""

    def __init__(self, state_dir: Path, clock_ms: Callable[[], int]) -> None:
        self._state_dir = state_dir
        self._clock_ms = clock_ms
        self._telemetry = TelemetryReader(state_dir)
        self._ledger = TimingReader(state_dir)
        self._past = PastTotals(self._telemetry, clock_ms())
        self._spend = SpendFamilies()
        self._first_byte = FirstByteFamily(self._ledger)
        self._old: list[SpendRow] = []
        self._old_until_ms = -OLD_MS - AGAIN_MS
        self._spent: tuple[Metric, ...] = ()
        """As of the ledger's last change; its sums themselves are not kept."""
        self._lock = Lock()

    def close(self) -> None:
        """Let go of both files."""
        self._telemetry.close()
        self._ledger.close()

    def collect(self) -> Iterator[Metric]:
        """All families."""
        with self._lock:
            yield from self._collected()

    def _collected(self) -> Iterator[Metric]:
        now_ms = self._clock_ms()
        yield from host.families(self._picture(now_ms))
        yield from self._past.families(now_ms)
        if self._ledger.changed():
            self._spent = tuple(self._ledger_families(now_ms))
        yield from self._spent
        yield self._first_byte.family()

    def _ledger_families(self, now_ms: int) -> Iterator[Metric]:
        """Over whole minutes and all that is past, so that sums alone are read and no single attempt."""
        if now_ms >= self._old_until_ms + OLD_MS + AGAIN_MS:
            self._old_until_ms = max((now_ms - OLD_MS) // HOUR_MS * HOUR_MS, 0)
            self._old = self._ledger.spend(0, self._old_until_ms, BY)
        end_ms = (now_ms // MINUTE_MS + 2) * MINUTE_MS
        rows = [*self._old, *self._ledger.spend(self._old_until_ms, end_ms, BY)]
        yield from self._spend.lanes(rows)
        yield from self._spend.keys(rows)

    def _picture(self, now_ms: int) -> "dict[str, object]":
        status = self._telemetry.status()
        if status is None:
            return live.absent()
        alive = holder_pid(self._state_dir) == status.pid
        return live.patch(status.body, status.at_ms, status.pid, now_ms, alive=alive)

"""The host around the GPUs, by psutil; each value is guarded on its own."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from costtui.domain.reading import HostReading, Problem

T = TypeVar("T")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class HostProbe:
    """CPU percent is measured between two reads, so the first one has none."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._primed = False
        self._problems: list[Problem] = []

    def read(self, at_ms: int) -> HostReading:
        """One reading."""
        self._problems = []
        cpu = self._guard("cpu", lambda: psutil.cpu_percent(None))
        memory = self._guard("memory", psutil.virtual_memory)
        disk = self._guard("disk", lambda: psutil.disk_usage(str(self._state_dir)))
        network = self._guard("network", psutil.net_io_counters)
        primed, self._primed = self._primed, True
        return HostReading(
            at_ms=at_ms,
            cpu_percent=cpu if primed else None,
            memory_used_bytes=memory.total - memory.available if memory else None,
            memory_total_bytes=memory.total if memory else None,
            disk_used_bytes=disk.used if disk else None,
            disk_total_bytes=disk.total if disk else None,
            network_received_bytes=network.bytes_recv if network else None,
            network_sent_bytes=network.bytes_sent if network else None,
            boot_at_ms=self._guard("boot", lambda: int(psutil.boot_time() * 1000)),
            boot_id=self._guard("boot", lambda: BOOT_ID.read_text().strip()),
            problems=tuple(self._problems),
        )

    def _guard(self, what: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except (OSError, psutil.Error, RuntimeError) as error:
            self._problems.append(Problem(what, str(error)))
            return None

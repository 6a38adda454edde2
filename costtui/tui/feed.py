"""Where the screen's pictures come from."""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from msgspec import DecodeError

from costtui.report.live import agent_state, splice
from costtui.report.schema import Status, from_json

SLOT_MS = 10_000
"""Sparklines are cut on wall-clock slots, so that only one cell in sixty is new, and only every ten seconds."""
SLOTS = 60

History = tuple[int | None, ...]
"""Utilization in percent per slot, oldest first; None where nothing was observed."""


class Feed(Protocol):
    """Pictures and history. The same picture comes back as the same object, which is how a face sees no change."""

    def look(self, now_ms: int) -> Status | None:
        """The newest picture with the agent's state at `now_ms`, None where no agent ever wrote one."""

    def history(self, uuid: str, now_ms: int) -> History:
        """Ten minutes of one GPU that end with the last full slot before `now_ms`."""

    def close(self) -> None:
        """Let go of the source."""


class StoredPicture(Protocol):
    """What the store hands out: the body as written, when, and by whom."""

    @property
    def body(self) -> bytes: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def pid(self) -> int | None: ...


class HistoryPoint(Protocol):
    """One step of a GPU's history."""

    @property
    def at_ms(self) -> int: ...
    @property
    def utilization_percent(self) -> float | None: ...


class Reader(Protocol):
    """The part of the store's reader that the screen needs."""

    def changed(self) -> bool: ...
    def status(self) -> StoredPicture | None: ...
    def gpu_history(self, uuid: str, from_ms: int, to_ms: int, step_ms: int) -> Sequence[HistoryPoint]: ...
    def close(self) -> None: ...


def process_lives(pid: int | None) -> bool:
    """False only when the process is known to be gone."""
    if pid is None:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class StoreFeed:
    """Pictures from the state directory; the store is asked cheaply and parsed only when it changed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._stored: StoredPicture | None = None
        self._status: Status | None = None
        self._agent = ""

    @classmethod
    def open(cls, state_dir: Path) -> "StoreFeed":
        """A feed on the telemetry database of `state_dir`, which need not exist yet."""
        from costtui.store.reader import TelemetryReader

        return cls(TelemetryReader(state_dir))

    def look(self, now_ms: int) -> Status | None:
        """See `Feed.look`. A picture that this version cannot read leaves the last one, which then grows old."""
        changed = self._reader.changed() or self._stored is None
        if changed:
            self._stored = self._reader.status() or self._stored
        stored = self._stored
        if stored is None:
            return None
        alive = process_lives(stored.pid)
        agent = agent_state(stored.at_ms, now_ms, alive=alive)
        if changed or agent != self._agent:
            self._agent = agent
            with suppress(DecodeError):
                self._status = from_json(splice(stored.body, stored.at_ms, stored.pid, now_ms, alive=alive))
        return self._status

    def history(self, uuid: str, now_ms: int) -> History:
        """See `Feed.history`."""
        end = now_ms // SLOT_MS * SLOT_MS
        begin = end - SLOTS * SLOT_MS
        slots: list[int | None] = [None] * SLOTS
        for point in self._reader.gpu_history(uuid, begin, end, SLOT_MS):
            slot = (point.at_ms - begin) // SLOT_MS
            if 0 <= slot < SLOTS and point.utilization_percent is not None:
                slots[slot] = round(point.utilization_percent)
        return tuple(slots)

    def close(self) -> None:
        """See `Feed.close`."""
        self._reader.close()

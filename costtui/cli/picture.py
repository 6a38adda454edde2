"""The stored picture with the agent's present state, for commands that print it; light on purpose."""

import time
from pathlib import Path
from typing import Any

from costtui.report import live
from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader


def now_ms() -> int:
    """The wall clock: this is the edge of the house."""
    return time.time_ns() // 1_000_000


def stored_json(state_dir: Path) -> bytes | None:
    """The picture as JSON, byte for byte but for the agent block; None where there is none."""
    reader = TelemetryReader(state_dir)
    try:
        status = reader.status()
    finally:
        reader.close()
    if status is None:
        return None
    alive = holder_pid(state_dir) == status.pid
    return live.splice(status.body, status.at_ms, status.pid, now_ms(), alive=alive)


def picture_of(state_dir: Path) -> dict[str, Any]:
    """The picture as a dict; where no agent ever wrote one, the one that knows nothing."""
    body = stored_json(state_dir)
    return live.absent() if body is None else live.load(body)

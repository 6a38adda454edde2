"""The stored picture with the agent's present state, for commands that print it; light on purpose."""

import time

from costtui.report import live
from costtui.store.status_row import lock_holder, read_status

TYPE_CHECKING = False  # importing `typing` costs `status` 3 ms
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any


def now_ms() -> int:
    """The wall clock: this is the edge of the house."""
    return time.time_ns() // 1_000_000


def stored_json(state_dir: "PathLike[str] | str") -> bytes | None:
    """The picture as JSON, byte for byte but for the agent block; None where there is none."""
    status = read_status(str(state_dir))
    if status is None:
        return None
    body, at_ms, pid = status
    return live.splice(body, at_ms, pid, now_ms(), alive=lock_holder(str(state_dir)) == pid)


def picture_of(state_dir: "PathLike[str] | str") -> "dict[str, Any]":
    """The picture as a dict; where no agent ever wrote one, the one that knows nothing."""
    body = stored_json(state_dir)
    return live.absent() if body is None else live.load(body)

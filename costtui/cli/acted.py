"""Whether the gateway has done what was written: it says so in its own picture."""

import json
import time
from pathlib import Path
from typing import Any

PICTURE = "gateway.json"
LATE_MS = 3_000
WAIT_SECONDS = 1.0
LOOK_SECONDS = 0.01


def gateway_picture(state_dir: Path, now_ms: int) -> dict[str, Any] | None:
    """The gateway's picture of itself; None where none is serving."""
    try:
        picture = json.loads((state_dir / PICTURE).read_bytes())
        return picture if now_ms - int(picture["at_ms"]) <= LATE_MS else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def await_revision(state_dir: Path, revision_id: int, wait_seconds: float = WAIT_SECONDS) -> tuple[str, float | None]:
    """What to tell, and the milliseconds until the gateway acted; None where it did not, or where there is none."""
    began = time.monotonic()
    while True:
        picture = gateway_picture(state_dir, time.time_ns() // 1_000_000)
        took_ms = (time.monotonic() - began) * 1000
        if picture is None:
            return "no gateway is running: it holds from the next start on", None
        if int(picture.get("revision", 0)) >= revision_id:
            return f"live after {took_ms:.0f} ms", took_ms
        if took_ms >= wait_seconds * 1000:
            return f"written, but the gateway has not said so within {wait_seconds:g} s: `costtui gateway status`", None
        time.sleep(LOOK_SECONDS)

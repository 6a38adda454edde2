"""The stored picture with the agent's present state in it; standard library only, for faces that must start fast."""

from __future__ import annotations

TYPE_CHECKING = False  # importing `typing` costs `status` 3 ms
if TYPE_CHECKING:
    from typing import Any

RUNNING_MS = 3_000
LATE_MS = 30_000
_OPENING = b'"agent":{'


def agent_state(at_ms: int | None, now_ms: int, *, alive: bool) -> str:
    """`running` up to 3 s after the last picture, `late` to 30 s, `dead` beyond or without its process, or `none`."""
    if at_ms is None:
        return "none"
    age_ms = now_ms - at_ms
    if not alive or age_ms > LATE_MS:
        return "dead"
    return "running" if age_ms <= RUNNING_MS else "late"


def splice(body: bytes, at_ms: int, pid: int | None, now_ms: int, *, alive: bool) -> bytes:
    """The stored JSON, byte for byte, with its agent block replaced by the present one."""
    start = body.find(_OPENING)
    if start < 0:
        return body
    end = body.index(b"}", start) + 1
    state, age_seconds = agent_state(at_ms, now_ms, alive=alive), max(now_ms - at_ms, 0) / 1000
    # written by hand: importing `json` costs `status --json` 5 ms
    block = f'{{"state":"{state}","age_seconds":{age_seconds},"pid":{"null" if pid is None else pid}}}'
    return body[:start] + b'"agent":' + block.encode() + body[end:]


def patch(body: bytes, at_ms: int, pid: int | None, now_ms: int, *, alive: bool) -> dict[str, Any]:
    """The picture as a dict, amounts as Decimal, with the agent's present state."""
    return load(splice(body, at_ms, pid, now_ms, alive=alive))


def load(body: bytes) -> dict[str, Any]:
    """A picture as a dict; every number with a point is a Decimal, so that amounts stay exact."""
    import json
    from decimal import Decimal

    picture: dict[str, Any] = json.loads(body, parse_float=Decimal)
    return picture


def absent() -> dict[str, Any]:
    """The picture where no agent ever wrote one: everything unknown, nothing 0."""
    burn = dict.fromkeys(("gpu", "power", "api", "idle", "lost", "total"))
    return {
        "schema": "costtui.status/1",
        "at": None,
        "agent": {"state": "none", "age_seconds": None, "pid": None},
        "host": None,
        "burn": {f"{name}_usd_per_hour": None for name in burn},
        "today": None,
        "month": None,
        "unknown": ["gpu", "power", "api"],
        "gpus": [],
        "engines": [],
        "routes": [],
        "budgets": [],
        "warnings": [],
        "sources": [],
        "config": {"path": None, "loaded_at": None, "problems": []},
        "api": None,
        "gateway": None,
        "cache": None,
        "decisions": [],
        "balancers": [],
    }

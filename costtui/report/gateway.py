"""What the gateway says of itself each second, as the picture shows it."""

import json
from pathlib import Path
from typing import Any

from costtui.domain.clean import clean
from costtui.report import schema
from costtui.report.budgets import held_budget

PICTURE = "gateway.json"
PICTURE_BYTES = 1024 * 1024
RUNNING_MS = 3_000
NONE = schema.Gateway(state="none")


def gateway_now(state_dir: Path, now_ms: int) -> schema.Gateway:
    """The gateway of a state directory: `running` up to 3 s after its last word, then `late`; `none` without any."""
    try:
        with (state_dir / PICTURE).open("rb") as file:
            told = json.loads(file.read(PICTURE_BYTES))
        return _gateway(told, max(now_ms - int(told["at_ms"]), 0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return NONE


def _gateway(told: dict[str, Any], age_ms: int) -> schema.Gateway:
    return schema.Gateway(
        state="running" if age_ms <= RUNNING_MS else "late",
        pid=int(told["pid"]),
        age_seconds=age_ms / 1000,
        listen=clean(str(told.get("listen", ""))),
        in_flight=int(told["in_flight"]),
        revision=int(told.get("revision", 0)),
        targets=tuple(_target(name, each) for name, each in told.get("targets", {}).items()),
        budgets=tuple(held_budget(name, each) for name, each in told.get("budgets", {}).items()),
        trouble=tuple(clean(str(text), 500) for text in told.get("trouble", ())),
    )


def _target(name: str, told: dict[str, Any]) -> schema.TargetState:
    why, in_flight = clean(str(told.get("why", "")), 300), int(told.get("in_flight", 0))
    return schema.TargetState(
        name=clean(name),
        open=bool(told["open"]),
        why=why,
        in_flight=in_flight,
        room=None if told.get("room") is None else int(told["room"]),
        spilling=bool(told.get("spilling", False)),
        asleep=bool(told.get("asleep", False)),
    )

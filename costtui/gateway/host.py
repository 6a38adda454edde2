"""What the gateway takes from the agent's picture of the host: what tokens cost here, and what rent is due."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from costtui.domain.money import nano_from_usd
from costtui.store.status_row import read_status


class EngineFigures(NamedTuple):
    """An engine's own counters."""

    running: int | None
    waiting: int | None
    gpu_ratio: float | None
    """Utilisation of its busiest GPU, where the engine has no counters."""


class HostFigures(NamedTuple):
    """As of `at_ms`, Unix time."""

    at_ms: int
    rates: Mapping[str, Decimal]
    """USD per million tokens of each engine, on allocation basis."""
    aside: Mapping[str, int]
    """Nano-USD of each budget that its window's rent and power take; budgets where that is not known are missing."""
    engines: Mapping[str, EngineFigures] = {}


NOTHING = HostFigures(0, {}, {})


def read_host(state_dir: Path) -> HostFigures | None:
    """The newest picture; None where there is none. One that makes no sense says nothing."""
    row = read_status(str(state_dir))
    if row is None:
        return None
    try:
        picture = json.loads(row[0], parse_float=Decimal)
        return HostFigures(row[1], _rates(picture), _aside(picture), _engines(picture))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError):
        return NOTHING


def _rates(picture: Any) -> dict[str, Decimal]:
    return {
        str(engine["name"]): Decimal(engine["usd_per_million_tokens"]["allocation"])
        for engine in picture["engines"]
        if engine["usd_per_million_tokens"]["allocation"] is not None
    }


def _engines(picture: Any) -> dict[str, EngineFigures]:
    busy = {gpu["uuid"]: gpu["utilization_percent"] for gpu in picture.get("gpus", ())}
    return {str(engine["name"]): _engine(engine, busy) for engine in picture["engines"]}


def _engine(engine: Any, busy: Mapping[str, int | None]) -> EngineFigures:
    percents = [percent for uuid in engine.get("gpus") or () if (percent := busy.get(uuid)) is not None]
    running, waiting = engine.get("running"), engine.get("waiting")
    return EngineFigures(
        None if running is None else int(running),
        None if waiting is None else int(waiting),
        max((percent / 100 for percent in percents), default=None),
    )


def _aside(picture: Any) -> dict[str, int]:
    return {
        str(budget["name"]): nano_from_usd(Decimal(budget["set_aside_usd"]))
        for budget in picture["budgets"]
        if budget.get("set_aside_usd") is not None
    }

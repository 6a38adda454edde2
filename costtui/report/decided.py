"""What the gateway decided of late, and what else it might have: its own list, which the ledger does not keep."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from costtui.domain.clean import clean

DECISIONS = "decisions.json"
DECISIONS_BYTES = 1 << 20


class Considered(NamedTuple):
    """A target that a request might have gone to."""

    target: str
    marginal_nano: int | None
    """Beyond what is paid anyway; None is unknown."""
    why: str
    """Why it lost; empty for the one that was taken."""


class Decided(NamedTuple):
    """One decision of a steered route."""

    reason: str
    candidates: tuple[Considered, ...]
    route: str = ""


def decided(state_dir: Path) -> Mapping[int, Decided]:
    """By request; nothing where no gateway wrote any, or what it wrote makes no sense."""
    try:
        with (state_dir / DECISIONS).open("rb") as file:
            told = json.loads(file.read(DECISIONS_BYTES))
        return {int(each["request_id"]): _decided(each) for each in told["decisions"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _decided(told: Any) -> Decided:
    candidates = tuple(_considered(each) for each in told["candidates"])
    return Decided(clean(str(told["reason"]), 500), candidates, clean(str(told.get("route", "")), 200))


def marginal_costs(found: Mapping[int, Decided]) -> dict[tuple[str, str], int | None]:
    """By route and target: what its last decided request would have cost there beyond what is paid anyway."""
    return {(each.route, one.target): one.marginal_nano for each in found.values() for one in each.candidates}


def _considered(told: Any) -> Considered:
    nano = told["marginal_nano"]
    return Considered(
        clean(str(told["target"]), 200), None if nano is None else int(nano), clean(str(told["why"]), 200)
    )

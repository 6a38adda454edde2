"""Budgets as the agent's last picture has them, for previews and forecasts."""

from contextlib import closing
from pathlib import Path

import msgspec

from costtui.report.budgets import BudgetStanding
from costtui.report.live import LATE_MS
from costtui.report.schema import Status, from_json
from costtui.store.reader import TelemetryReader


def standings(state_dir: Path, now_ms: int) -> tuple[BudgetStanding, ...]:
    """Where each budget stands; nothing where the newest picture is older than 30 s, since money went on."""
    picture = fresh_picture(state_dir, now_ms)
    return () if picture is None else picture.budgets


def fresh_picture(state_dir: Path, now_ms: int) -> Status | None:
    """The newest picture where it is not older than 30 s."""
    with closing(TelemetryReader(state_dir)) as reader:
        stored = reader.status()
    if stored is None or now_ms - stored.at_ms > LATE_MS:
        return None
    try:
        return from_json(stored.body)
    except msgspec.DecodeError:  # of another version
        return None

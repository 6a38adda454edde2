"""Conditions become messages: one when an alert starts, one when it ends, none for a flicker in between."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from costtui.domain.alert import AlertLevel, AlertMessage, OpenAlert

CLEAR_MS = 60_000
"""A condition must stay away this long before its alert ends: a GPU that flaps sends two messages, not twenty."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that holds right now. `key` names it for as long as it lasts."""

    key: str
    level: AlertLevel
    text: str


@dataclass(frozen=True, slots=True)
class Folded:
    """Alerts that stay open, and what is to be sent."""

    open: tuple[OpenAlert, ...]
    messages: tuple[AlertMessage, ...]


def fold(alerts: Iterable[OpenAlert], conditions: Sequence[Condition], now_ms: int, clear_ms: int = CLEAR_MS) -> Folded:
    """The open alerts after a look at `conditions`, and the messages that follow."""
    holding = {condition.key: condition for condition in conditions}
    still: list[OpenAlert] = []
    messages: list[AlertMessage] = []
    for alert in alerts:
        condition = holding.pop(alert.key, None)
        if condition is not None:
            still.append(replace(alert, level=condition.level, text=condition.text, clear_since_ms=None))
        elif alert.clear_since_ms is None:
            still.append(replace(alert, clear_since_ms=now_ms))
        elif now_ms - alert.clear_since_ms < clear_ms:
            still.append(alert)
        else:
            messages.append(_ended(alert, now_ms))
    for condition in holding.values():
        still.append(OpenAlert(condition.key, condition.level, condition.text, now_ms))
        messages.append(AlertMessage(condition.key, condition.level, "started", condition.text, now_ms, now_ms))
    return Folded(tuple(still), tuple(messages))


def _ended(alert: OpenAlert, now_ms: int) -> AlertMessage:
    return AlertMessage(alert.key, alert.level, "ended", alert.text, now_ms, alert.started_ms)

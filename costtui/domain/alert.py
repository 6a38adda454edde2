"""An alert that has started and not yet ended, and the messages that go out about it."""

from dataclasses import dataclass
from typing import Literal

AlertLevel = Literal["info", "warn", "critical"]


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert for which a start was sent. `key` stays the same while it lasts: `gpu-lost:GPU-1a2b`."""

    key: str
    level: AlertLevel
    text: str
    started_ms: int
    clear_since_ms: int | None = None
    """Since when its condition no longer holds; it ends once that has lasted."""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """What is sent: one when an alert starts, one when it ends."""

    key: str
    level: AlertLevel
    event: Literal["started", "ended"]
    text: str
    at_ms: int
    started_ms: int

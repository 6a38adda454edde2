"""Warnings of the picture become alerts: kept in the store, so that a restart repeats none."""

from collections.abc import Iterable, Sequence

from costtui.agent.log import Log
from costtui.agent.notify import Courier
from costtui.analysis.alerts import Condition, fold
from costtui.domain.alert import OpenAlert
from costtui.store.writer import TelemetryWriter


class Alarms:
    """The open alerts. With a webhook an alert counts as sent once it was delivered, and is stored only then."""

    def __init__(self, open_alerts: Iterable[OpenAlert], writer: TelemetryWriter, courier: Courier, log: Log) -> None:
        self.open: tuple[OpenAlert, ...] = tuple(open_alerts)
        self._stored: tuple[OpenAlert, ...] = self.open
        self._writer = writer
        self._courier = courier
        self._log = log
        courier.on_delivery = self._store

    def look(self, conditions: Sequence[Condition], now_ms: int, *, sends: bool) -> None:
        """Fold what holds now into starts and ends; `sends`: a webhook is configured."""
        folded = fold(self.open, conditions, now_ms)
        self.open = folded.open
        for message in folded.messages:
            self._log.write(f"alert {message.event}", key=message.key, level=message.level, text=message.text)
            if sends:
                self._courier.post(message)
        self._store()

    def _store(self) -> None:
        """Keep what has been told, and what is still to be told as ended."""
        waiting = self._courier.waiting
        unsaid = {message.key for message in waiting if message.event == "started"}
        unended = tuple(
            OpenAlert(message.key, message.level, message.text, message.started_ms, message.at_ms)
            for message in waiting
            if message.event == "ended" and message.key not in unsaid
        )
        told = (*(alert for alert in self.open if alert.key not in unsaid), *unended)
        if _gist(told) != _gist(self._stored):
            self._writer.keep_alerts(told)
            self._stored = told


def _gist(alerts: Sequence[OpenAlert]) -> list[tuple[str, int, int | None]]:
    """What makes a difference after a restart; a text that counts minutes does not."""
    return [(alert.key, alert.started_ms, alert.clear_since_ms) for alert in alerts]

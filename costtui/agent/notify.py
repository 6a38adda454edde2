"""Alerts leave the host: one message when an alert starts, one when it ends."""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Mapping

from costtui.config.model import Config
from costtui.config.secrets import resolve
from costtui.domain.alert import AlertMessage
from costtui.domain.clean import clean
from costtui.domain.secret import SecretRef
from costtui.egress.client import Egress
from costtui.errors import ConfigError, CosttuiError

QUEUE_LIMIT = 200
"""Messages that wait for a webhook that does not answer; beyond it the oldest goes, and the log keeps it."""
RETRY_SECONDS = 5.0
RETRY_CAP_SECONDS = 300.0
TIMEOUT_SECONDS = 10.0


def payload(message: AlertMessage, host: str) -> dict[str, str]:
    """What a Slack-compatible webhook takes. Angle brackets and ampersands are escaped: they would be markup there."""
    sign = "ended" if message.event == "ended" else message.level
    text = clean(f"[costtui {host}] {sign}: {message.text}", 1000)
    return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


class Courier:
    """Sends messages in order, one at a time, and tries again until they are taken."""

    def __init__(self, egress: Egress, host: str, environ: Mapping[str, str]) -> None:
        self._egress = egress
        self._host = host
        self._environ = environ
        self._waiting: deque[AlertMessage] = deque()
        self._arrived = asyncio.Event()
        self.on_delivery: Callable[[], None] = _nothing
        """Called after each message that was taken, so that it can be kept as told."""
        self.trouble: str | None = None
        """Why the last message could not be delivered."""

    @property
    def waiting(self) -> tuple[AlertMessage, ...]:
        """Messages not yet delivered, oldest first."""
        return tuple(self._waiting)

    def post(self, message: AlertMessage) -> None:
        """Queue a message; never blocks."""
        if len(self._waiting) >= QUEUE_LIMIT:
            self._waiting.popleft()
        self._waiting.append(message)
        self._arrived.set()

    async def run(self, webhook: SecretRef) -> None:
        """Deliver until cancelled."""
        failures = 0
        while True:
            await self._arrived.wait()
            failures = failures + 1 if await self._deliver(webhook) else 0
            if failures:
                await asyncio.sleep(min(RETRY_SECONDS * 2.0 ** min(failures - 1, 10), RETRY_CAP_SECONDS))

    async def _deliver(self, webhook: SecretRef) -> bool:
        """Send the oldest message; True if it has to be tried again."""
        message = self._waiting[0]
        try:
            secret = resolve(webhook, self._environ)
            await self._egress.post_json(secret, payload(message, self._host), timeout_seconds=TIMEOUT_SECONDS)
        except CosttuiError as error:
            self.trouble = clean(str(error))
            return True
        self.trouble = None
        if self._waiting and self._waiting[0] is message:
            self._waiting.popleft()
        if not self._waiting:
            self._arrived.clear()
        self.on_delivery()
        return False


def _nothing() -> None:
    """Nobody wants to know."""


async def send_test_alert(config: Config) -> int:
    """Send a test message to the configured webhook and return the HTTP status.

    Raises ConfigError without a webhook or when its secret cannot be read, SourceError when it does not answer.
    """
    if config.alerts.webhook is None:
        raise ConfigError(("alerts.webhook is not set: name where the URL is kept, such as file:PATH",))
    secret = resolve(config.alerts.webhook, os.environ)
    host = clean(config.host.name or socket.gethostname())
    text = {"text": f"[costtui {host}] test: alerts arrive here"}
    async with Egress() as egress:
        return await egress.post_json(secret, text, timeout_seconds=TIMEOUT_SECONDS)

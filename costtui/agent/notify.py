"""Alerts leave the host: one message when an alert starts, one when it ends."""

from costtui.config.model import Config


async def send_test_alert(config: Config) -> int:
    """Send a test message to the configured webhook and return the HTTP status.

    Raises ConfigError without a webhook or when its secret cannot be read, SourceError when it does not answer.
    """
    raise NotImplementedError

"""`costtui alert test`: does the webhook take messages?"""

import asyncio

from costtui.agent.notify import send_test_alert
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.config.load import load


def run(given: Given) -> int:
    """Send one message."""
    given.flags()
    given.action("test")
    asyncio.run(send_test_alert(load(given.config_path, now_ms())))
    print("the webhook took the test message")
    return 0

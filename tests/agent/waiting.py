"""Waiting for something to become true, with a deadline that only a defect reaches."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
DEADLINE_SECONDS = 60.0


async def until(holds: Callable[[], bool]) -> None:
    """Wait in a running event loop."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not holds():  # noqa: ASYNC110 - the thing waited for is another process's or the code under test's
            await asyncio.sleep(0.01)


def eventually(look: Callable[[], T | None], what: str = "it") -> T:
    """The first answer of `look` that holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {DEADLINE_SECONDS:g} s")

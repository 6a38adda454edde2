"""Async tests of the screen run on asyncio through anyio's plugin, which comes with httpx."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"

"""A store in a temporary directory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter

NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 UTC, a whole quarter of an hour."""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TelemetryWriter]:
    opened = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    yield opened
    opened.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[TelemetryReader]:
    opened = TelemetryReader(tmp_path)
    yield opened
    opened.close()

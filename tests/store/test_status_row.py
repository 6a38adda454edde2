"""The quick way to the newest picture says what the reader says."""

import os
from pathlib import Path

import pytest

from costtui.store.lock import holder_pid
from costtui.store.reader import TelemetryReader
from costtui.store.status_row import lock_holder, read_status
from costtui.store.writer import TelemetryWriter
from tests.store.conftest import NOON_MS


@pytest.mark.parametrize("name", ["plain", "a b", "100%?#x"])
def test_the_quick_way_reads_what_the_reader_reads(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    writer = TelemetryWriter.open(folder, now_ms=NOON_MS)
    writer.publish(b'{"a":1}', NOON_MS).result(10)
    reader = TelemetryReader(folder)
    status = reader.status()
    reader.close()
    assert status is not None
    assert read_status(str(folder)) == (status.body, status.at_ms, status.pid) == (b'{"a":1}', NOON_MS, os.getpid())
    assert lock_holder(str(folder)) == holder_pid(folder) == os.getpid()
    writer.close()
    assert lock_holder(str(folder)) is None


def test_a_store_that_is_missing_empty_or_no_database_has_no_picture(tmp_path: Path) -> None:
    assert read_status(str(tmp_path)) is None
    (tmp_path / "telemetry.db").touch()
    assert read_status(str(tmp_path)) is None
    (tmp_path / "telemetry.db").write_text("no database\n" * 1_000)
    assert read_status(str(tmp_path)) is None
    assert lock_holder(str(tmp_path)) is None

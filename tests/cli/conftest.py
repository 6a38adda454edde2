"""What the tests of the command line share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from costtui.report.schema import Status, to_json
from costtui.store.writer import TelemetryWriter
from tests.cli.clock import now_ms
from tests.cli.shell import Shell

Publish = Callable[[Status], None]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A user with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return Shell(home)


@pytest.fixture
def publish(shell: Shell) -> Iterator[Publish]:
    """Store a picture as a running agent would; the lock is held until the test ends."""
    writers: list[TelemetryWriter] = []

    def put(picture: Status) -> None:
        if not writers:
            writers.append(TelemetryWriter.open(shell.state_dir, now_ms=now_ms()))
        writers[0].publish(to_json(picture), now_ms()).result(30)

    yield put
    for writer in writers:
        writer.close()

"""Real faults: a full file system, a reader that stands still, a file that may not grow, a value that does not fit."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from costtui.domain.terms import Session
from costtui.errors import StoreDamaged, StoreError
from costtui.store import faults, schema
from costtui.store import writer as writing
from costtui.store.buckets import GRAINS, MINUTES, SECONDS
from costtui.store.reader import TelemetryReader
from costtui.store.retention import sweep
from costtui.store.rows import Event, Second
from costtui.store.writer import TelemetryWriter
from tests.agent.waiting import eventually
from tests.store.conftest import NOON_MS
from tests.store.test_writer import busy_ms, second


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill_up(path: Path) -> None:
    """Append until nothing fits."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


def test_a_full_disk_is_told_and_everything_is_there_once_it_has_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    writer = TelemetryWriter.open(small_disk, now_ms=NOON_MS)
    filler = small_disk / "filler"
    futures = [writer.record(second(1))]
    futures[0].result(20)
    number = 1
    while (told := writer.trouble) is None:
        fill_up(filler)
        number += 1
        futures.append(writer.record(second(number)))
        assert number < 7_000
    assert "wait in memory" in told.reason
    assert not (small_disk / "ballast").exists()
    filler.unlink()
    for future in futures:
        future.result(30)
    assert not writer.trouble
    writer.close()
    assert busy_ms(small_disk) == number * 1_000
    connection = sqlite3.connect(small_disk / "telemetry.db")
    assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
    connection.close()


READER = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
connection.execute("begin")
connection.execute("select count(*) from gpu_1s").fetchone()
print("reading", flush=True)
sys.stdin.read()
"""


def test_a_reader_that_stands_still_holds_writing_up_at_the_limit_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "WAL_LIMIT_BYTES", 3 * 2**20)
    monkeypatch.setattr(faults, "WAL_MARGIN_BYTES", 1 * 2**20)
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    writer = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    writer.record(second(1)).result(10)
    path = tmp_path / "telemetry.db"
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        reader.stdout.readline()
        reader.send_signal(signal.SIGSTOP)
        number, last = 2, writer.record(second(2))
        while (told := writer.trouble) is None:
            number += 1
            last = writer.record(second(number))
            picture = writer.publish(bytes(100_000), NOON_MS)
            eventually(lambda done=picture.done: done() or writer.trouble, "a commit")  # type: ignore[misc]
            assert number < 1_000
        assert str(reader.pid) in told.reason
        assert (tmp_path / "telemetry.db-wal").stat().st_size <= 4 * 2**20
        reader.send_signal(signal.SIGCONT)
        reader.communicate("")
    last.result(30)
    assert not writer.trouble
    writer.close()
    assert busy_ms(tmp_path) == number * 1_000


LIMITED = """
import resource, signal, sys
from pathlib import Path
from costtui.store.writer import TelemetryWriter
from tests.store.test_writer import second, NOON_MS
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = TelemetryWriter.open(Path(sys.argv[1]), now_ms=NOON_MS)
writer.record(second(1)).result(10)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
futures = [writer.record(second(n)) for n in range(2, 2_000)]
while writer.trouble is None:
    assert not futures[-1].done()
print(writer.trouble.reason)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for future in futures:
    future.result(30)
writer.close()
"""


def test_a_file_that_may_not_grow_costs_nothing_in_the_end(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "wait in memory" in done.stdout
    assert "Traceback" not in done.stderr
    assert busy_ms(tmp_path) == 1_999_000


def test_a_value_that_breaks_a_rule_takes_no_other_with_it(writer: TelemetryWriter, tmp_path: Path) -> None:
    bad = second(2).gpus[0].__class__("GPU-a", NOON_MS + 2_000, 1_000, second(2).gpus[0].state, 1, 1, 1, 1, -5)
    futures = [writer.record(second(1)), writer.record(Second(bad.at_ms, (bad,))), writer.record(second(3))]
    futures[2].result(10)
    futures[0].result(10)
    with pytest.raises(StoreError, match="does not fit"):
        futures[1].result(10)
    assert busy_ms(tmp_path) == 2_000


def test_a_notice_about_a_replaced_database_ends_after_an_hour(tmp_path: Path) -> None:
    (tmp_path / "telemetry.db").write_text("this is no database, but it is long enough to look like one" * 20)
    writer = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    writer.record(second(1)).result(10)
    assert writer.trouble is not None
    writer.record(second(3_700)).result(10)
    assert "damaged" not in str(writer.trouble)
    writer.close()
    reader = TelemetryReader(tmp_path)
    assert "corrupt" in reader.events()[0].text
    reader.close()


def test_an_interrupted_migration_leaves_the_version_before(tmp_path: Path) -> None:
    from sqlite_utils import Database

    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)

    def breaks(db: Database) -> None:
        db.execute("create table half (a)")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        schema.migrate(Database(connection), (*schema.STEPS, breaks))
    assert connection.execute("pragma user_version").fetchone()[0] == len(schema.STEPS)
    assert connection.execute("select count(*) from sqlite_master where name = 'half'").fetchone()[0] == 0
    schema.migrate(Database(connection))
    with pytest.raises(StoreDamaged):
        schema.migrate(Database(connection), ())
    connection.close()


def test_only_what_is_over_its_time_is_deleted_and_in_small_steps(tmp_path: Path) -> None:
    writer = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    for number in (1, 2, 3):
        writer.record(second(number)).result(10)
    writer.close()
    connection = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
    assert sweep(connection, NOON_MS + 10_000) == 0
    assert sweep(connection, NOON_MS + (SECONDS.keep_ms or 0) + 2_000) == 2
    assert sweep(connection, NOON_MS + (MINUTES.keep_ms or 0) + 60_000) == 2
    counts = {
        grain.name: connection.execute(f"select count(*) from gpu_{grain.name}").fetchone()[0] for grain in GRAINS
    }
    connection.close()
    assert counts == {"1s": 0, "1m": 0, "15m": 1, "1h": 1, "1d": 1}


def test_sessions_and_events_are_kept_in_order(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    writer.record(Second(NOON_MS, session=Session("a", 1, 5)))
    writer.record(Second(NOON_MS, session=Session("b", 10, 20)))
    writer.record(Second(NOON_MS, session=Session("b", 12, 30)))
    writer.keep_event(Event(1, "info", "one"))
    writer.keep_event(Event(2, "info", "two")).result(10)
    assert reader.sessions(0, 100) == [Session("a", 1, 5), Session("b", 10, 30)]
    assert [event.text for event in reader.events(1)] == ["two"]


def test_the_next_owner_comes_in_at_once_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import sys,time;from pathlib import Path;from costtui.store.writer import TelemetryWriter;"
        f"TelemetryWriter.open(Path(sys.argv[1]), now_ms={NOON_MS});print('owner',flush=True);time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        owner.kill()
        owner.wait()
        TelemetryWriter.open(tmp_path, now_ms=NOON_MS).close()

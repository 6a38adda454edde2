"""One writer, and what it does when the disk or somebody else is against it."""

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from decimal import Decimal
from pathlib import Path

import pytest

from costtui.domain.alert import OpenAlert
from costtui.domain.amount import RateSource
from costtui.domain.gpu import GpuState
from costtui.domain.terms import Adjustment, GpuTerms, KeptTerms, PowerTerms, Rate, Session
from costtui.domain.tick import EngineCursor, GpuTick
from costtui.errors import StoreBusy, StoreDamaged, StoreError
from costtui.store import place
from costtui.store.reader import TelemetryReader
from costtui.store.rows import Event, KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.store.conftest import NOON_MS


def second(number: int) -> Second:
    at_ms = NOON_MS + 1_000 * number
    return Second(at_ms, (GpuTick("GPU-a", at_ms, 1_000, GpuState.BUSY, 1, 1, 1, 1, 1),))


def busy_ms(state_dir: Path) -> int:
    reader = TelemetryReader(state_dir)
    totals = reader.gpu_totals(NOON_MS, NOON_MS + 86_400_000)
    reader.close()
    return totals["GPU-a"].milliseconds[GpuState.BUSY] if totals else 0


def test_everything_that_is_kept_comes_back(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    power = PowerTerms(in_rent=False, usd_per_kwh=Decimal("0.12"), pue=Decimal("1.3"))
    terms = GpuTerms((Rate(5, Decimal("2.49")),), RateSource.CONTRACT, "always", power, "EUR")
    known = KnownGpu("GPU-a", 3, "H100", 1, 2, GpuState.LOST, 2)
    cursor = EngineCursor("llama", 9, 1, 2, None, absent=frozenset({"input_tokens"}))
    writer.keep_terms("GPU-a", terms, 7)
    writer.keep_adjustments([Adjustment("GPU-a", NOON_MS, -5, "edited")])
    writer.keep_alerts([OpenAlert("gpu-lost:GPU-a", "critical", "GPU 3 is lost", 4)])
    writer.keep_event(Event(3, "info", "hello"))
    writer.record(Second(NOON_MS, known=(known,), cursors=(cursor,), session=Session("boot", 1, NOON_MS)))
    writer.publish(b"{}", NOON_MS).result(10)
    assert reader.terms() == {"GPU-a": (KeptTerms(7, terms),)}
    assert reader.adjustments(NOON_MS, NOON_MS + 1) == [Adjustment("GPU-a", NOON_MS, -5, "edited")]
    assert reader.open_alerts() == [OpenAlert("gpu-lost:GPU-a", "critical", "GPU 3 is lost", 4)]
    assert reader.events() == [Event(3, "info", "hello")]
    assert reader.known_gpus() == {"GPU-a": known}
    assert reader.cursors() == {"llama": cursor}
    assert reader.sessions(0, NOON_MS) == [Session("boot", 1, NOON_MS)]
    status = reader.status()
    assert status is not None
    assert (status.body, status.at_ms, status.pid) == (b"{}", NOON_MS, os.getpid())


def test_a_reader_sees_that_something_changed_once(writer: TelemetryWriter, reader: TelemetryReader) -> None:
    writer.record(second(1)).result(10)
    assert reader.changed()
    assert not reader.changed()
    writer.record(second(2)).result(10)
    assert reader.changed()


def test_files_are_for_their_owner_alone(writer: TelemetryWriter, tmp_path: Path) -> None:
    writer.record(second(1)).result(10)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_second_owner_is_told_who_the_first_is(writer: TelemetryWriter, tmp_path: Path) -> None:
    with pytest.raises(StoreBusy) as caught:
        TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    assert caught.value.pid == os.getpid()


def test_a_network_file_system_is_refused(tmp_path: Path) -> None:
    mounts = f"36 25 0:32 / / rw - ext4 /dev/sda rw\n40 36 0:40 / {tmp_path} rw shared:1 - nfs4 host:/x rw\n"
    with pytest.raises(StoreError, match="nfs4"):
        place.prepare(tmp_path, mounts)
    place.prepare(tmp_path, mounts.replace("nfs4", "xfs"))


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"COSTTUI_STATE_DIR": "/a"}, Path("/a")),
        ({"XDG_STATE_HOME": "/b"}, Path("/b/costtui")),
        ({}, Path("~/.local/state/costtui").expanduser()),
    ],
)
def test_the_state_directory_follows_the_environment(environ: dict[str, str], expected: Path) -> None:
    assert place.find_state_dir(None, environ) == expected


def test_a_foreign_lock_delays_seconds_and_loses_none(writer: TelemetryWriter, tmp_path: Path) -> None:
    writer.record(second(1)).result(10)
    intruder = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
    intruder.execute("begin exclusive")
    waiting = [writer.record(second(number)) for number in range(2, 5)]
    while writer.trouble is None:
        assert not waiting[-1].done()
    assert "lock" in writer.trouble.reason
    intruder.execute("rollback")
    intruder.close()
    for future in waiting:
        future.result(20)
    assert busy_ms(tmp_path) == 4_000
    assert writer.trouble is None


def test_a_deleted_database_is_made_anew_and_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costtui.store.writer.LOOK_SECONDS", 0.0)
    writer = TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    writer.record(second(1)).result(10)
    (tmp_path / "telemetry.db").unlink()
    writer.record(second(2)).result(10)
    writer.record(second(3)).result(10)
    assert writer.trouble is not None
    assert "filled in" in writer.trouble.reason
    writer.close()
    assert busy_ms(tmp_path) == 3_000


def test_a_full_disk_is_told_and_nothing_is_lost_once_there_is_room(writer: TelemetryWriter, tmp_path: Path) -> None:
    writer.record(second(1)).result(10)
    connection = writer._connection
    pages = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {pages}")
    futures = [writer.record(second(number)) for number in range(2, 4_000)]
    while writer.trouble is None:
        assert not futures[-1].done()
    assert "no space" in writer.trouble.reason
    connection.execute("pragma max_page_count = 1073741823")
    for future in futures:
        future.result(30)
    assert busy_ms(tmp_path) == 3_999_000


def damage(path: Path, dice: random.Random) -> None:
    """One of seven ways in which a database file goes bad."""
    whole = bytearray(path.read_bytes())
    kind = dice.randrange(7)
    if kind == 0:
        for _ in range(dice.randrange(1, 64)):
            whole[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
    elif kind == 1:
        whole = whole[: dice.randrange(len(whole))]
    elif kind == 2:
        whole[:100] = bytes(100)
    elif kind == 3:
        whole = bytearray(b"not a database at all\n" * 50)
    elif kind == 4:
        whole = bytearray()
    elif kind == 5:
        start = dice.randrange(len(whole))
        whole[start : start + 4096] = dice.randbytes(4096)
    path.unlink()
    if kind == 6:
        path.mkdir()
    else:
        path.write_bytes(whole)


@pytest.mark.slow
def test_300_damaged_databases_cost_history_and_not_the_monitor(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    writer = TelemetryWriter.open(origin, now_ms=NOON_MS)
    for number in range(1, 300):
        writer.record(second(number))
    writer.close()
    sound = (origin / "telemetry.db").read_bytes()
    dice = random.Random(7)
    for round_number in range(300):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        (folder / "telemetry.db").write_bytes(sound)
        damage(folder / "telemetry.db", dice)
        hurt = TelemetryReader(folder)
        hurt.changed()
        hurt.status()
        hurt.gpu_totals(NOON_MS, NOON_MS + 900_000)
        hurt.known_gpus()
        hurt.close()
        writer = TelemetryWriter.open(folder, now_ms=NOON_MS)
        writer.record(second(1_000)).result(20)
        writer.close()
        assert busy_ms(folder) >= 1_000


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    TelemetryWriter.open(tmp_path, now_ms=NOON_MS).close()
    connection = sqlite3.connect(tmp_path / "telemetry.db")
    connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(StoreDamaged, match="newer"):
        TelemetryWriter.open(tmp_path, now_ms=NOON_MS)
    assert [path.name for path in tmp_path.glob("*corrupt*")] == []


CHILD = """
import sys
from pathlib import Path
from costtui.store.writer import TelemetryWriter
from costtui.errors import StoreBusy
from tests.store.test_writer import second, NOON_MS
try:
    writer = TelemetryWriter.open(Path(sys.argv[1]), now_ms=NOON_MS)
except StoreBusy as busy:
    print("busy", busy.pid, flush=True)
    raise SystemExit
print("owner", flush=True)
sys.stdin.readline()
number = int(sys.argv[2])
while True:
    number += 1
    writer.record(second(number)).result(10)
    print(number, flush=True)
"""


def child(state_dir: Path, number: int = 0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CHILD), str(state_dir), str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def end(process: "subprocess.Popen[str]") -> list[str]:
    process.send_signal(signal.SIGKILL)
    rest = process.communicate()[0]
    return rest.splitlines()


@pytest.mark.slow
def test_what_was_committed_survives_kill_9(tmp_path: Path) -> None:
    dice, last = random.Random(3), 0
    for _ in range(12):
        process = child(tmp_path, last)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "owner"
        process.stdin.write("go\n")
        process.stdin.flush()
        for _ in range(dice.randrange(1, 40)):
            last = int(process.stdout.readline())
        last = max([last, *(int(line) for line in end(process) if line.isdigit())])
        assert busy_ms(tmp_path) >= last * 1_000
        last = busy_ms(tmp_path) // 1_000


@pytest.mark.slow
def test_of_twenty_openers_one_owns_the_store(tmp_path: Path) -> None:
    processes = [child(tmp_path) for _ in range(20)]
    words = [process.stdout.readline().split() for process in processes if process.stdout is not None]
    owner = next(process.pid for process, word in zip(processes, words, strict=True) if word == ["owner"])
    for process in processes:
        end(process)
    assert sorted(word[0] for word in words) == ["busy"] * 19 + ["owner"]
    assert {word[1] for word in words if word[0] == "busy"} == {str(owner)}

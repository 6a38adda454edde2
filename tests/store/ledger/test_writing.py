"""What settles is in the ledger, once, also when the process dies, is replaced, or the disk says no."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costtui.domain.amount import Provenance
from costtui.errors import StoreBusy, StoreDamaged, StoreError
from costtui.store import place
from costtui.store.ledger import keeper
from costtui.store.ledger import writer as writing
from costtui.store.ledger.lock import ledger_holder
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.schema import LEDGER
from costtui.store.ledger.verify import verify
from tests.agent.waiting import eventually
from tests.store.ledger.made import LANES, NOON_MS, any_attempt, attempt, begin, written

ROUNDS = int(os.environ.get("COSTTUI_ROUNDS", "5"))


def ids(state_dir: Path) -> list[int]:
    """Of every attempt, in the order of the ledger."""
    with contextlib.closing(sqlite3.connect(state_dir / LEDGER)) as connection:
        return [row[0] for row in connection.execute("select attempt_id from attempt order by seq")]


def test_what_settled_comes_back_as_it_was(tmp_path: Path) -> None:
    dice = Random(5)
    writer = begin(tmp_path)
    numbers = [writer.lane(lane) for lane in LANES]
    made = [any_attempt(writer.new_attempt_id(), numbers[n % 5], NOON_MS + n, dice) for n in range(300)]
    for each in made:
        writer.settle(each)
    assert writer.committed()
    reader = LedgerReader(tmp_path)
    assert reader.changed()
    assert not reader.changed()
    found = reader.recent(1_000)
    assert [each.attempt for each in found] == made[::-1]
    assert found[0].lane == LANES[299 % 5]
    assert [each.attempt for each in reader.recent(10, before_id=made[5].attempt_id)] == made[4::-1]
    assert writer.trouble is None
    writer.close()
    reader.close()
    assert list((tmp_path / "spool").iterdir()) == [tmp_path / "spool" / "ballast"]


@settings(max_examples=4 * ROUNDS, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=120), st.randoms(use_true_random=False), st.integers(1, 40))
def test_an_attempt_counts_once_however_often_and_in_whatever_order_it_is_told(
    tmp_path_factory: pytest.TempPathFactory, told: list[int], dice: Random, pause: int
) -> None:
    state_dir = tmp_path_factory.mktemp("ledger")
    made = {number: any_attempt(number + 1, number % 5, NOON_MS + number, dice) for number in set(told)}
    told = told + dice.sample(told, len(told) // 2)
    writer = begin(state_dir)
    numbers = [writer.lane(lane) for lane in LANES]
    for place_, number in enumerate(told):
        writer.settle(made[number]._replace(lane=numbers[number % 5]))
        if place_ % pause == 0:
            assert writer.committed()
    writer.close()
    assert sorted(ids(state_dir)) == sorted(each.attempt_id for each in made.values())
    reader = LedgerReader(state_dir)
    rows = reader.spend(0, 1 << 50, ("provider",))
    reader.close()
    assert sum(row.nano or 0 for row in rows) == sum(each.charge.nano for each in made.values() if each.charge)
    assert sum(row.unpriced for row in rows) == sum(each.charge is None for each in made.values())
    assert verify(state_dir) == []
    shutil.rmtree(state_dir)


FALL = "\nimport os; os._exit(0)"
CHILD = """
import sys
from pathlib import Path
from tests.store.ledger.made import LANES, attempt, begin
writer = begin(Path(sys.argv[1]))
lane = writer.lane(LANES[0])
while True:
    each = attempt(writer.new_attempt_id(), lane)
    writer.settle(each)
    sys.stdout.write(f"{each.attempt_id}\\n")
    sys.stdout.flush()
"""


def test_nothing_that_settled_is_lost_when_its_process_is_killed(tmp_path: Path) -> None:
    dice, told = Random(9), set[int]()
    for _ in range(ROUNDS):
        with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            for _ in range(dice.randrange(1, 900)):
                told.add(int(child.stdout.readline()))
            child.send_signal(signal.SIGKILL)
            rest = child.stdout.read().split(b"\n")[:-1]
        told.update(int(line) for line in rest)
    begin(tmp_path).close()
    found = ids(tmp_path)
    assert told <= set(found)
    assert len(found) - len(told) <= ROUNDS, "at most the one a round that was not told any more"
    assert len(set(found)) == len(found)
    assert verify(tmp_path) == []


def test_a_successor_commits_what_its_predecessor_still_settles(tmp_path: Path) -> None:
    old = begin(tmp_path)
    lane = old.lane(LANES[0])
    old.settle(attempt(old.new_attempt_id(), lane))
    lock = os.dup(old.detach())
    new = writing.LedgerWriter.open(tmp_path, now_ms=NOON_MS, clock_ms=lambda: NOON_MS, lock_fd=lock)
    other = old.lane(LANES[1])
    late = [attempt(old.new_attempt_id(), (lane, other)[n % 2]) for n in range(50)]
    for each in late:
        old.settle(each)
    own = attempt(new.new_attempt_id(), new.lane(LANES[2]))
    new.settle(own)
    new.adopt()
    eventually(lambda: len(ids(tmp_path)) == 52, "the predecessor's rows")
    assert own.attempt_id > late[-1].attempt_id
    old.close()
    new.adopt()
    eventually(lambda: len(list((tmp_path / "spool").glob("*.spool"))) == 1, "only the successor's own file")
    with pytest.raises(StoreBusy):
        begin(tmp_path)
    new.close()
    assert ledger_holder(tmp_path) is None
    assert verify(tmp_path) == []


def test_a_ledger_is_taken_back_when_no_successor_comes_up(tmp_path: Path) -> None:
    old = begin(tmp_path)
    lane = old.lane(LANES[0])
    old.detach()
    for _ in range(20):
        old.settle(attempt(old.new_attempt_id(), lane))
    old.attach()
    old.settle(attempt(old.new_attempt_id(), lane))
    eventually(lambda: len(ids(tmp_path)) == 21, "everything since")
    old.close()
    assert verify(tmp_path) == []


def test_a_second_gateway_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    with pytest.raises(StoreBusy) as caught:
        begin(tmp_path)
    assert caught.value.pid == os.getpid()
    assert ledger_holder(tmp_path) == os.getpid()
    writer.close()


def test_ids_never_come_again_also_from_an_old_copy_of_everything(tmp_path: Path) -> None:
    state_dir, copy = tmp_path / "state", tmp_path / "copy"
    writer = begin(state_dir)
    first = writer.new_attempt_id()
    writer.close()
    shutil.copytree(state_dir, copy)
    writer = begin(state_dir)
    second = writer.new_attempt_id()
    writer.close()
    writer = begin(copy, NOON_MS + 3 * 60_000)
    third = writer.new_attempt_id()
    writer.close()
    assert first < second < third


def test_figures_that_no_ledger_can_hold_become_unknown_and_take_no_other_row_along(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    lane, base = writer.lane(LANES[0]), attempt(1)
    wild = [2**62, 2**63, 2**70, -5]
    for number, figure in enumerate(wild):
        writer.settle(attempt(100 + number, lane, usage=base.usage._replace(input_tokens=figure)))
        writer.settle(attempt(200 + number, lane))
    assert writer.committed()
    writer.close()
    reader = LedgerReader(tmp_path)
    found = {each.attempt.attempt_id: each.attempt for each in reader.recent(100)}
    reader.close()
    assert len(found) == 8
    for number in (1, 2):
        assert found[100 + number].charge is None
        assert found[100 + number].provenance is Provenance.UNKNOWN
    assert all(found[200 + number].charge == base.charge for number in range(4))


def test_rows_cannot_be_changed_or_taken_away(tmp_path: Path) -> None:
    written(tmp_path, [attempt(1, 0), attempt(2, 0)])
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER)) as connection:
        connection.execute("pragma recursive_triggers = on")
        for edit in (
            "update attempt set input_nano = 0",
            "delete from attempt where seq = 1",
            "update lanes set provider = 'x'",
            "delete from link",
            "update origin set seq = 1",
            "update texts set text = 'x'",
            "insert or replace into attempt select * from attempt where seq = 1",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(edit)


def test_a_damaged_ledger_is_frozen_announced_and_gone_on_from(tmp_path: Path) -> None:
    written(tmp_path, [attempt(number, 0) for number in range(1, 9)])
    data = bytearray((tmp_path / LEDGER).read_bytes())
    data[100:4096] = os.urandom(3996)
    (tmp_path / LEDGER).write_bytes(data)
    writer = begin(tmp_path)
    assert writer.trouble is not None
    assert "frozen as ledger.db.corrupt-" in writer.trouble.reason
    writer.settle(attempt(20, writer.lane(LANES[0])))
    assert writer.committed()
    writer.close()
    assert len(list(tmp_path.glob("ledger.db.corrupt-*"))) == 1
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER)) as connection:
        assert connection.execute("select seq from attempt").fetchall() == [(9,)]
    assert any("was damaged" in finding.text for finding in verify(tmp_path))


def test_a_ledger_that_is_deleted_under_the_gateway_is_begun_anew_and_said(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    lane = writer.lane(LANES[0])
    writer.settle(attempt(1, lane))
    assert writer.committed()
    (tmp_path / LEDGER).unlink()
    writer.settle(attempt(2, lane))
    assert writer.committed()
    assert writer.trouble is not None
    assert "deleted or replaced" in writer.trouble.reason
    writer.close()
    assert ids(tmp_path) == [2]
    assert any("missing" in finding.text for finding in verify(tmp_path))


def test_a_foreign_lock_delays_rows_and_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    writer = begin(tmp_path)
    lane = writer.lane(LANES[0])
    other = sqlite3.connect(tmp_path / LEDGER, isolation_level=None)
    other.execute("begin exclusive")
    for number in range(1, 30):
        writer.settle(attempt(number, lane))
    eventually(lambda: writer.trouble is not None, "a word about the lock")
    assert "another program holds a lock" in str(writer.trouble)
    other.execute("rollback")
    other.close()
    assert writer.committed()
    assert writer.trouble is None
    writer.close()
    assert len(ids(tmp_path)) == 29


def test_a_network_file_system_and_a_newer_ledger_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path / "a").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "a" / LEDGER)) as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(StoreDamaged, match="newer"):
        begin(tmp_path / "a")
    monkeypatch.setattr(place, "_mounts", lambda: "1 1 0:1 / / rw - nfs4 server:/ rw")
    with pytest.raises(StoreError, match="network file system"):
        begin(tmp_path / "b")


def test_a_torn_spool_gives_its_whole_records_and_is_kept_for_a_look(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD.replace("while True:", "for _ in range(40):") + FALL, str(tmp_path)],
        capture_output=True,
        check=True,
    )
    (spooled,) = (tmp_path / "spool").glob("*.spool")
    with spooled.open("ab") as file:
        file.write(b"\x88\x00\x00\x00garbage")
    writer = begin(tmp_path)
    assert "no attempt" in str(writer.trouble)
    writer.close()
    assert len(ids(tmp_path)) == 40 == len(child.stdout.split())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB."""
    place_ = tmp_path / "small"
    place_.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place_)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("mounting needs root")
    yield place_
    subprocess.run(["umount", "-l", str(place_)], check=True)


def test_a_full_disk_is_said_and_everything_is_there_once_it_has_room(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(keeper, "CHORES_SECONDS", 0.05)
    for round_ in range(ROUNDS):
        before = len(ids(small_disk)) if (small_disk / LEDGER).exists() else 0
        writer = begin(small_disk, NOON_MS + round_ * 60_000)
        lane, count = writer.lane(LANES[0]), 0
        with (small_disk / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        while writer.trouble is None or count % 500:
            writer.settle(attempt(writer.new_attempt_id(), lane, NOON_MS + count))
            count += 1
            assert count < 100_000
        (small_disk / "filler").unlink()
        assert writer.committed(30)
        eventually(lambda: writer.trouble is None, "the end of the trouble")  # noqa: B023
        writer.close()
        assert len(ids(small_disk)) == before + count
        assert verify(small_disk) == []
        written_bytes = sum(path.stat().st_size for path in small_disk.glob("ledger.db*"))
        if written_bytes > 3 << 20:  # half of the disk: the next round begins with a new ledger
            for path in (each for each in small_disk.rglob("*") if each.is_file()):
                path.unlink()

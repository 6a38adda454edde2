"""Holds: nothing that was sent is ever free of charge because its process died."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Outcome
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.store.ledger.holds import SpooledHold
from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.spool import SEGMENT_BYTES, SPOOL, spool_files
from costtui.store.ledger.verify import verify
from costtui.store.ledger.writer import LedgerWriter
from tests.store.ledger.made import LANES, NOON_MS, attempt, begin

CHILD = """
import sys, time
from pathlib import Path
from tests.store.ledger.test_holds import SPOOL, begin, opened, LANES, attempt, padded, spool_files
folder = Path(sys.argv[1])
writer = begin(folder)
lane = writer.lane(LANES[0])
first = opened(writer, lane, 1_000)
for _ in range(int(sys.argv[2])):
    held = opened(writer, lane, 5)
    writer.settle(padded(held.attempt_id, lane))
last = opened(writer, lane, 2_000)
assert writer.committed(30)
deadline = time.monotonic() + 30
while len(spool_files(folder / SPOOL)) > 1 and time.monotonic() < deadline:
    time.sleep(0.01)  # what is committed is removed a moment later
print(first.attempt_id, last.attempt_id, flush=True)
time.sleep(60)
"""


def recent(state_dir: Path) -> list[Attempt]:
    """What the ledger holds."""
    with contextlib.closing(LedgerReader(state_dir)) as reader:
        return [row.attempt for row in reader.recent(10_000)]


def opened(writer: LedgerWriter, lane: int, nano: int) -> SpooledHold:
    """A hold that was written down."""
    number = writer.new_attempt_id()
    hold = SpooledHold(number, number, lane, NOON_MS, NanoUsd(nano))
    assert writer.hold(hold)
    return hold


def padded(attempt_id: int, lane: int) -> Attempt:
    """An attempt whose record is large, so that files of the spool fill soon."""
    return attempt(attempt_id, lane, reason="x" * 20_000)


def killed(state_dir: Path, settled: int = 0) -> list[int]:
    """The ids of two holds that a process left open when it was killed, with `settled` attempts between them."""
    argv = [sys.executable, "-c", CHILD, str(state_dir), str(settled)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        told = [int(word) for word in child.stdout.readline().split()]
        child.send_signal(signal.SIGKILL)
    return told


def test_a_hold_that_its_process_left_open_is_charged_in_full_as_an_estimate(tmp_path: Path) -> None:
    first, last = killed(tmp_path)
    begin(tmp_path).close()
    rows = {row.attempt_id: row for row in recent(tmp_path)}
    assert sorted(rows) == [first, last]
    assert rows[first].charge == Charge(flat_nano=NanoUsd(1_000))
    assert rows[last].charge == Charge(flat_nano=NanoUsd(2_000))
    assert {(row.outcome, row.provenance) for row in rows.values()} == {(Outcome.LOST, Provenance.ESTIMATED)}
    begin(tmp_path).close()
    assert len(recent(tmp_path)) == 2, "charged once, however often it is started"
    assert verify(tmp_path) == []


def test_a_hold_outlives_the_file_that_it_was_written_to(tmp_path: Path) -> None:
    count = SEGMENT_BYTES // 20_000 * 2
    first, last = killed(tmp_path, count)
    assert len(spool_files(tmp_path / SPOOL)) == 1, "the files before were committed and removed"
    begin(tmp_path).close()
    lost = [row.attempt_id for row in recent(tmp_path) if row.outcome is Outcome.LOST]
    assert sorted(lost) == [first, last]
    assert len(recent(tmp_path)) == count + 2


def test_a_hold_that_settled_is_charged_at_what_it_cost(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    hold = opened(writer, writer.lane(LANES[0]), 9_000_000)
    writer.settle(attempt(hold.attempt_id, hold.lane))
    writer.close()
    begin(tmp_path).close()
    assert [row.outcome for row in recent(tmp_path)] == [Outcome.OK]


def test_a_predecessors_holds_stay_open_while_it_lives_and_settle_as_it_says(tmp_path: Path) -> None:
    old = begin(tmp_path)
    lane = old.lane(LANES[0])
    running = opened(old, lane, 1_000)
    lock = os.dup(old.detach())
    new = LedgerWriter.open(tmp_path, now_ms=NOON_MS, clock_ms=lambda: NOON_MS, lock_fd=lock)
    told = new.watch_others()
    late = opened(old, lane, 3_000)
    for _ in range(3):
        looked(new)
    assert new.others_live is True
    assert recent(tmp_path) == []
    old.settle(attempt(running.attempt_id, lane))
    looked(new)
    assert [each.attempt_id for each in told] == [running.attempt_id]
    old.close()
    looked(new)
    looked(new)
    assert bool(new.others_live) is False
    assert [(each.attempt_id, each.outcome) for each in told][1:] == [(late.attempt_id, Outcome.LOST)]
    assert spool_files(tmp_path / SPOOL) == []
    new.close()
    assert verify(tmp_path) == []


def test_a_writer_that_takes_its_ledger_back_charges_none_of_its_own_holds(tmp_path: Path) -> None:
    writer = begin(tmp_path)
    lane = writer.lane(LANES[0])
    hold = opened(writer, lane, 1_000)
    writer.detach()
    opened_meanwhile = opened(writer, lane, 2_000)
    writer.attach()
    looked(writer)
    looked(writer)
    assert recent(tmp_path) == []
    for each in (hold, opened_meanwhile):
        writer.settle(attempt(each.attempt_id, lane))
    writer.close()
    assert {row.outcome for row in recent(tmp_path)} == {Outcome.OK}
    assert spool_files(tmp_path / SPOOL) == []


def looked(writer: LedgerWriter) -> None:
    """One whole look through the spool."""
    writer._looked_through = False
    writer.adopt()
    assert writer._wait_for(lambda: writer._looked_through, 10)

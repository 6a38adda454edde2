"""The disk fails, or a reader holds the journal: attempts wait, the reason is said, and nothing is lost."""

import shutil
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

from costtui.store import faults
from costtui.store.ledger import writer as writing
from costtui.store.ledger.schema import LEDGER
from costtui.store.ledger.verify import verify
from tests.agent.waiting import eventually
from tests.store.ledger.made import LANES, attempt, begin
from tests.store.ledger.test_writing import ids

SOURCE = Path(__file__).parents[2] / "parts" / "failing_disk.c"
CHILD = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from costtui.store.ledger import writer as writing
    from tests.store.ledger.made import LANES, attempt, begin
    writing.RETRY_SECONDS = 0.05
    state_dir, fail = Path(sys.argv[1]), Path(sys.argv[2])
    writer = begin(state_dir)
    lane = writer.lane(LANES[0])
    def settle(first, last):
        for number in range(first, last):
            writer.settle(attempt(number, lane))
    settle(1, 20)
    assert writer.committed(30)
    fail.touch()
    settle(20, 60)
    deadline = time.monotonic() + 30
    while writer.trouble is None and time.monotonic() < deadline:
        time.sleep(0.01)
    print(writer.trouble.reason, writer.trouble.remedy)
    fail.unlink()
    settle(60, 80)
    assert writer.committed(30)
    print(writer.trouble)
    writer.close()
    """
)


@pytest.fixture(scope="module")
def failing_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that fails on demand."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    library = tmp_path_factory.mktemp("disk") / "failing_disk.so"
    subprocess.run([compiler, "-O2", "-fPIC", "-shared", "-o", str(library), str(SOURCE), "-ldl"], check=True)
    return library


def test_a_disk_that_fails_for_a_while_delays_rows_and_loses_none(failing_disk: Path, tmp_path: Path) -> None:
    fail = tmp_path / "fail"
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "state"), str(fail)],
        env={"LD_PRELOAD": str(failing_disk), "FAIL_WHEN": str(fail), "FAIL_ON": LEDGER, "PATH": "/usr/bin:/bin"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    failed, after = done.stdout.splitlines()
    assert "ledger.db cannot be written (SQLITE_IOERR" in failed
    assert "attempts wait in memory and in the spool check the disk" in failed
    assert after == "None"
    assert sorted(ids(tmp_path / "state")) == list(range(1, 80))
    assert verify(tmp_path / "state") == []


def test_a_reader_that_stands_still_holds_the_journal_to_its_limit_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(faults, "WAL_LIMIT_BYTES", 12 << 20)
    writer, count = begin(tmp_path), 0
    lane = writer.lane(LANES[0])
    journal = tmp_path / f"{LEDGER}-wal"
    with closing(sqlite3.connect(f"file:{tmp_path / LEDGER}?mode=ro", uri=True, isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from attempt").fetchone()
        deadline = time.monotonic() + 60
        while writer.trouble is None:
            assert time.monotonic() < deadline, "the journal grows on"
            count += 1
            writer.settle(attempt(count, lane, reason=f"reason {count}" * 40))
            if count % 200 == 0:
                time.sleep(0.02)
        trouble = writer.trouble
        assert "holds the journal" in trouble.reason
        assert trouble.remedy == "end that process"
        assert journal.stat().st_size <= 12 << 20
    assert writer.committed(30)
    eventually(lambda: writer.trouble is None, "the end of the trouble")
    writer.close()
    assert len(ids(tmp_path)) == count
    assert verify(tmp_path) == []

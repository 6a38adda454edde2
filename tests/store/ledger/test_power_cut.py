"""The power goes: what was not synced is lost in part, in any order. COSTTUI_ROUNDS sets how many cuts (30).

A real writer is traced; every write to the ledger and its journal, and every sync, is replayed into images in which
each write that no sync had made safe is there, missing or torn in the middle of a sector, by chance. The spool is
dropped whole. A row that the writer had called committed before the cut must be in every image.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from costtui.store.ledger.schema import LEDGER
from costtui.store.ledger.verify import verify
from tests.store.ledger.made import begin
from tests.store.ledger.test_writing import ids

CUTS = int(os.environ.get("COSTTUI_ROUNDS", "30"))
CHILD = """
import os, sys
from pathlib import Path
from tests.store.ledger.made import LANES, attempt, begin
writer = begin(Path(sys.argv[1]))
lane = writer.lane(LANES[0])
told = os.open(Path(sys.argv[1]) / "told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for group in range(60):
    for _ in range(group % 9 + 1):
        each = attempt(writer.new_attempt_id(), lane)
        writer.settle(each)
    assert writer.committed()
    os.write(told, b"%d\\n" % each.attempt_id)
os._exit(0)
"""
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(\d+<([^>]*)>(?:, (.*))?\) += (\d+)")
DATA = re.compile(r'^"((?:\\x[0-9a-f]{2})*)", \d+(?:, (\d+))?')


class Call(NamedTuple):
    """One system call on a file of the ledger."""

    kind: str
    file: str
    at: int = 0
    data: bytes = b""


def plain(text: str) -> bytes:
    """What strace spelt in hex."""
    return bytes.fromhex(text.replace("\\x", ""))


def whole_lines(trace: str) -> list[str]:
    """A call that another thread's interrupted counts from when it returned."""
    begun: dict[str, str] = {}
    lines: list[str] = []
    for line in trace.splitlines():
        process, _, rest = line.partition(" ")
        if rest.endswith(" <unfinished ...>"):
            begun[process] = line.removesuffix(" <unfinished ...>")
        elif " resumed>" in rest:
            lines.append(begun.pop(process) + rest.partition(" resumed>")[2])
        else:
            lines.append(line)
    return lines


def calls_of(trace: str) -> list[Call]:
    """Writes, syncs and cuts on the ledger, its journal and the file of what was told."""
    found: list[Call] = []
    for line in whole_lines(trace):
        match = CALL.match(line)
        name = Path(plain(match[2]).decode()).name if match else ""
        if match is None or name not in (LEDGER, f"{LEDGER}-wal", "told"):
            continue
        kind, rest = match[1], match[3] or ""
        if kind in ("fsync", "fdatasync"):
            found.append(Call("sync", name))
        elif kind == "ftruncate":
            found.append(Call("cut", name, int(rest)))
        elif (written := DATA.match(rest)) is not None:
            data = plain(written[1])
            assert len(data) == int(match[4])
            found.append(Call("write", name, int(written[2] or 0), data))
    return found


def image(calls: list[Call], folder: Path, dice: Random) -> None:
    """The files as a disk may have them when the power goes after `calls`."""
    files: dict[str, bytearray] = {LEDGER: bytearray(), f"{LEDGER}-wal": bytearray()}
    last_sync = {call.file: place for place, call in enumerate(calls) if call.kind == "sync"}
    for place, call in enumerate(calls):
        if call.file not in files or call.kind == "sync":
            continue
        safe, data = place < last_sync.get(call.file, -1), call.data
        if not safe and dice.random() < 0.5:
            if dice.random() < 0.5:
                continue
            data = data[: dice.randrange(len(data) // 512 + 1) * 512] if call.kind == "write" else data
        held = files[call.file]
        if call.kind == "cut":
            del held[call.at :]
            held.extend(bytes(call.at - len(held)))
        else:
            held.extend(bytes(max(0, call.at - len(held))))
            held[call.at : call.at + len(data)] = data
    for name, data_held in files.items():
        (folder / name).write_bytes(data_held)


def test_what_was_committed_survives_a_power_cut_at_any_moment(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    state_dir, trace = tmp_path / "state", tmp_path / "trace"
    state_dir.mkdir()
    traced = "trace=pwrite64,write,fsync,fdatasync,ftruncate"
    subprocess.run(
        [
            *("strace", "-f", "-y", "-xx", "-s", "200000", "-e", traced, "-o", str(trace)),
            *(sys.executable, "-c", CHILD, str(state_dir)),
        ],
        check=True,
        capture_output=True,
    )
    calls = calls_of(trace.read_text())
    told = [place for place, call in enumerate(calls) if call.file == "told"]
    assert len(told) == 60
    for seed in range(CUTS):
        dice, folder = Random(seed), tmp_path / "image"
        folder.mkdir()
        cut = dice.randrange(told[0], len(calls)) + 1
        image(calls[:cut], folder, dice)
        begin(folder).close()
        last_told = int([call.data for call in calls[:cut] if call.file == "told"][-1])
        found = ids(folder)
        assert found[: found.index(last_told) + 1] == list(range(found[0], last_told + 1)), f"seed {seed}"
        assert not list(folder.glob("*.corrupt-*")), f"seed {seed}"
        assert verify(folder) == [], f"seed {seed}"
        connection = sqlite3.connect(folder / LEDGER)
        assert connection.execute("pragma integrity_check").fetchone()[0] == "ok"
        connection.close()
        shutil.rmtree(folder)

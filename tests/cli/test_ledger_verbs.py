"""`verify`, `backup` and `purge` as they are typed."""

import json
from pathlib import Path

from tests.cli.clock import now_ms
from tests.cli.shell import Shell
from tests.store.ledger.made import NOON_MS, attempt, begin, written


def test_a_whole_ledger_is_said_to_be_whole(shell: Shell) -> None:
    written(shell.state_dir, [attempt(number, number % 5) for number in range(1, 20)])
    said = shell("verify")
    assert said.code == 0
    assert "is what was written" in said.out
    picture = json.loads(shell("verify", "--json").out)
    assert picture["ok"] is True
    assert picture["anchor"]["seq"] == 19


def test_a_ledger_that_was_changed_makes_verify_exit_1_and_say_where(shell: Shell) -> None:
    written(shell.state_dir, [attempt(number, number % 5) for number in range(1, 20)])
    (shell.state_dir / "ledger.db").unlink()
    begin(shell.state_dir).close()
    said = shell("verify")
    assert said.code == 1
    assert "begins after row 19" in said.out
    assert json.loads(shell("verify", "--json").out)["findings"]


def test_without_a_ledger_each_verb_says_so(shell: Shell) -> None:
    for words in (("verify",), ("backup", "copy.db"), ("purge", "--older-than", "9d", "--yes")):
        said = shell(*words)
        assert said.code == 74
        assert "there is no ledger" in said.err


def test_a_backup_is_a_ledger_that_verifies(shell: Shell, tmp_path: Path) -> None:
    written(shell.state_dir, [attempt(number, number % 5) for number in range(1, 20)])
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / "ledger.db"
    said = shell("backup", str(copy))
    assert said.code == 0
    assert "19 rows" in said.out
    assert shell("--state-dir", str(tmp_path / "copy"), "verify").code == 0
    assert shell("backup", str(copy)).code == 74
    assert shell("backup").code == 64


def test_purge_asks_first_and_removes_what_is_older(shell: Shell) -> None:
    written(shell.state_dir, [attempt(number, 0, NOON_MS - 10**11) for number in range(1, 20)])
    written(shell.state_dir, [attempt(number, 0, now_ms()) for number in range(30, 40)])
    assert shell("purge", "--older-than", "90d").code == 64
    assert shell("purge", "--older-than", "soon", "--yes").code == 64
    assert shell("purge", "--older-than", "90d", "--yes").out.startswith("19 attempts removed")
    assert shell("verify").code == 0


def test_purge_is_refused_under_a_running_gateway(shell: Shell) -> None:
    writer = begin(shell.state_dir)
    assert shell("purge", "--older-than", "90d", "--yes").code == 75
    writer.close()

"""A fault in costtui itself is one line for the user and a traceback in a file that only they can read."""

import stat
from pathlib import Path

import pytest

from costtui import cli
from costtui.cli.given import Given


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command line whose verbs all fail; the state directory."""

    def fail(given: Given) -> int:
        raise ZeroDivisionError("cost\x1b[2J per\nnothing")

    monkeypatch.setattr(cli, "_verb", fail)
    monkeypatch.setenv("COSTTUI_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_crash_is_one_line_and_its_traceback_is_in_the_log(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["status"]) == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "\x1b" not in said
    assert "Traceback" not in said
    log = broken / "crash.log"
    assert str(log) in said
    assert "ZeroDivisionError" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_log_is_in_the_state_directory_that_was_asked_for(broken: Path, tmp_path: Path) -> None:
    assert cli.run(["--state-dir", str(tmp_path / "other"), "status"]) == 70
    assert (tmp_path / "other" / "crash.log").exists()
    assert not broken.exists()


def test_a_crash_under_check_is_unknown(broken: Path) -> None:
    assert cli.run(["status", "--check"]) == 3


def test_a_crash_whose_log_cannot_be_written_is_still_one_line(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken.write_text("a file where the directory should be")
    assert cli.run(["status"]) == 70
    assert "cannot be written" in capsys.readouterr().err


def test_ctrl_c_is_no_crash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(given: Given) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_verb", interrupt)
    assert cli.run(["status"]) == 130
    assert capsys.readouterr().err == ""

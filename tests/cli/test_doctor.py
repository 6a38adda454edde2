"""`costtui doctor`: every finding says what it is, and every problem what to do."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from costtui.cli.doctor_host import neighbours, painted, python, sqlite
from costtui.cli.doctor_state import agent, directory, prices
from costtui.cli.finding import Finding
from costtui.cli.zone import local_zone
from tests.agent.servers import serving, vllm_metrics
from tests.cli.shell import Said, Shell
from tests.parts.nvml import FakeDriver

NOW_MS = 1_795_431_663_000


def findings(said: Said) -> dict[str, list[dict[str, Any]]]:
    """By name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(said.out)["findings"]:
        found.setdefault(finding["name"], []).append(finding)
    return found


def test_a_whole_host_has_no_problem(shell: Shell, fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 2")
    with serving() as site:
        site.body = vllm_metrics(1, 1)
        shell.config(
            f'[[gpus]]\nmatch = "*"\nrates = [{{ from = 2026-01-01, usd_per_gpu_hour = 2 }}]\n'
            f'[targets]\nm = {{ engine = "vllm", url = "{site.url}/v1", gpus = [0] }}\n'
        )
        said = shell("doctor", "--json")
    found = findings(said)
    assert said.code == 0, said.out
    assert found["driver"][0]["level"] == "ok"
    assert {"gpu 0", "gpu 1"} <= set(found)
    assert found["engines"][0]["text"].startswith("m (vllm) answers")
    assert "rates" not in found
    assert not shell.state_dir.exists()


def test_every_problem_is_found_at_once_and_has_a_remedy(shell: Shell, fake_driver: FakeDriver) -> None:
    fake_driver.play("gpus 2", "at 0 1 lost")
    (shell.home / "key").write_text("sk-do-not-show-me-0123456789\n")
    (shell.home / "key").chmod(0o644)
    shell.config(
        '[targets]\nm = { engine = "vllm", url = "http://127.0.0.1:9/v1" }\n'
        f'api = {{ provider = "openai", model = "m", key = "file:{shell.home}/key" }}\n'
        'other = { provider = "openai", model = "m", key = "env:NOT_SET_ANYWHERE" }\n'
    )
    said = shell("doctor", "--json")
    found = findings(said)
    problems = [finding for many in found.values() for finding in many if finding["level"] == "problem"]
    assert said.code == 1
    assert [finding["name"] for finding in problems] == ["gpu 1", "secrets", "secrets", "engines"]
    assert all(finding["remedy"] for finding in problems)
    assert "do-not-show-me" not in said.out
    assert found["rates"][0]["level"] == "note"
    text = shell("doctor")
    assert text.code == 1
    assert text.out.count("\nproblem ") == len(problems)


def test_a_configuration_with_mistakes_is_told_whole_and_the_rest_is_still_looked_at(shell: Shell) -> None:
    shell.config("[hosts]\n[targets]\nm = { engin = 1 }\n")
    found = findings(shell("doctor", "--json"))
    assert len([finding for finding in found["config"] if finding["level"] == "problem"]) >= 2
    assert {"python", "sqlite", "driver", "state", "prices", "agent", "clock", "time zone", "terminal"} <= set(found)


def test_state_that_others_can_read_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "telemetry.db").write_bytes(b"")
    (folder / "telemetry.db").chmod(0o644)
    (folder / "agent.log").write_bytes(b"")
    (folder / "agent.log").chmod(0o600)
    problems = [finding for finding in directory(folder) if finding.level == "problem"]
    assert [finding.remedy for finding in problems] == [f"chmod 700 {folder}", f"chmod 600 {folder / 'telemetry.db'}"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_state_directory_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    assert [finding.level for finding in directory(tmp_path / "state")] == ["problem"]


def test_state_that_is_not_there_yet_is_fine(tmp_path: Path) -> None:
    absent = tmp_path / "a" / "b"
    assert [finding.level for finding in directory(absent)] == ["ok"]
    assert prices(absent, NOW_MS).level == "note"
    assert agent(absent, NOW_MS).level == "note"
    assert not absent.exists()


def test_edited_prices_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text('{"content": {}}')
    assert prices(tmp_path, NOW_MS).level == "problem"


@pytest.mark.parametrize(
    ("litellm", "hook", "levels"),
    [
        (None, False, ["ok"]),
        ("1.82.6", False, ["ok"]),
        ("1.82.7", False, ["problem"]),
        ("1.82.8", True, ["problem", "problem"]),
        ("1.107.0", False, ["problem"]),
        (None, True, ["problem"]),
    ],
)
def test_packages_that_steal_keys_are_named(tmp_path: Path, litellm: str | None, hook: bool, levels: list[str]) -> None:
    if hook:
        (tmp_path / "litellm_init.pth").write_text("")
    assert [finding.level for finding in neighbours(litellm, [tmp_path])] == levels
    assert "litellm" not in sys.modules


def test_old_software_is_told() -> None:
    assert python((3, 10, 14)).level == "problem"
    assert python((3, 11, 0)).level == "ok"
    assert sqlite((3, 51, 2)).level == "note"
    assert sqlite((3, 51, 3)).level == "ok"


@pytest.mark.parametrize(
    ("term", "size", "level"),
    [
        ("xterm-256color", (80, 24), "ok"),
        ("xterm", (79, 24), "note"),
        ("dumb", (120, 40), "note"),
        ("", (80, 24), "note"),
    ],
)
def test_a_terminal_too_poor_for_the_screen_is_noted(term: str, size: tuple[int, int], level: str) -> None:
    assert painted(term, size, plain=False).level == level


def test_a_finding_cannot_steer_the_terminal() -> None:
    shown = Finding("gpu \x1b[2J", "problem", "name\x9b31m\nproblem", "do\x07").lines()
    assert [letter for letter in shown if (ord(letter) < 32 and letter != "\n") or 127 <= ord(letter) < 160] == []
    assert shown.count("\n") == 1


def test_the_time_zone_comes_from_tz_then_from_the_link(tmp_path: Path) -> None:
    target = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"")
    link = tmp_path / "localtime"
    link.symlink_to(target)
    assert local_zone({}, link) == "Europe/Berlin"
    assert local_zone({"TZ": ":Asia/Tokyo"}, link) == "Asia/Tokyo"
    assert local_zone({"TZ": "Etc/UTC"}, link) == "UTC"
    assert local_zone({"TZ": "../../etc/passwd"}, link) is None
    assert local_zone({}, tmp_path / "absent") is None

"""`costtui status` as a process, with and without a store."""

import json
import subprocess
import sys
from decimal import Decimal

import msgspec
import pytest

from costtui.report.schema import Agent, Status, from_json, to_json
from tests.cli.conftest import Publish
from tests.cli.shell import Shell
from tests.tui.hostile import MARK, hostile_status, payloads
from tests.tui.pictures import status

HEAVY = ("textual", "rich", "httpx", "asyncio", "msgspec", "sqlite_utils", "argparse", "psutil")


def test_without_a_store_the_text_says_what_to_do(shell: Shell) -> None:
    said = shell("status")
    assert (said.code, said.err) == (0, "")
    assert "costtui agent start" in said.out


def test_without_a_store_the_line_is_short(shell: Shell) -> None:
    assert shell("status", "--line").out == "costtui: no agent\n"


def test_without_a_store_the_json_has_every_part_and_no_amount(shell: Shell) -> None:
    said = shell("status", "--json")
    picture = json.loads(said.out)
    assert said.code == 0
    assert set(picture) == {field.name for field in msgspec.structs.fields(Status)}
    assert set(picture["agent"]) == {field.name for field in msgspec.structs.fields(Agent)}
    assert set(picture["burn"].values()) == {None}


def test_without_a_store_the_check_cannot_tell(shell: Shell) -> None:
    assert shell("status", "--check").code == 3
    assert shell("status", "--json", "--check").code == 3
    assert not shell.state_dir.exists()


def test_a_store_that_is_no_database_is_unknown_and_not_a_crash(shell: Shell) -> None:
    shell.state_dir.mkdir()
    (shell.state_dir / "telemetry.db").write_bytes(b"\xff\xfe" * 4096)
    assert shell("status", "--check", "--line").code == 3


def test_json_keeps_every_amount_to_the_byte(shell: Shell, publish: Publish) -> None:
    exact = Decimal("0.100000000000000000000000001")
    picture = status()
    burn = msgspec.structs.replace(picture.burn, total_usd_per_hour=exact)
    publish(msgspec.structs.replace(picture, burn=burn))
    said = shell("status", "--json")
    assert '"total_usd_per_hour":0.100000000000000000000000001' in said.out
    read = from_json(said.out.encode())
    assert read.burn == burn
    assert msgspec.structs.replace(read, agent=picture.agent) == msgspec.structs.replace(picture, burn=burn)


def test_json_tells_the_agent_of_now_not_of_then(shell: Shell, publish: Publish) -> None:
    publish(status(agent=Agent(state="running", age_seconds=0.0, pid=1)))
    agent = json.loads(shell("status", "--json").out)["agent"]
    assert agent["pid"] != 1
    assert agent["age_seconds"] > 0


def test_the_text_shows_every_gpu_engine_and_budget(shell: Shell, publish: Publish) -> None:
    picture = status()
    publish(picture)
    said = shell("status")
    assert said.code == 0
    for name in [*(engine.name for engine in picture.engines), *(budget.name for budget in picture.budgets)]:
        assert name in said.out
    assert sum(line[:2].strip().isdigit() for line in said.out.splitlines()) == len(picture.gpus)


def test_ascii_means_ascii(shell: Shell, publish: Publish) -> None:
    publish(status())
    for arguments in (["status", "--ascii"], ["status", "--line", "--ascii"], ["--plain", "--ascii"]):
        assert shell(*arguments).out.isascii()


def test_the_screen_without_a_terminal_prints_the_status(shell: Shell, publish: Publish) -> None:
    publish(status())
    assert shell("--plain").out.splitlines()[2:] == shell("status").out.splitlines()[2:]
    assert shell().out.splitlines()[2:] == shell("status").out.splitlines()[2:]


@pytest.mark.parametrize("arguments", [["status"], ["status", "--line"], ["status", "--json"], ["--plain"]])
def test_a_hostile_host_steers_no_terminal(shell: Shell, publish: Publish, arguments: list[str]) -> None:
    publish(hostile_status("".join(payloads(30)).encode(errors="replace").decode()))
    said = shell(*arguments)
    assert said.code == 0
    assert [letter for letter in said.out if (ord(letter) < 32 and letter != "\n") or 127 <= ord(letter) < 160] == []
    assert arguments == ["status", "--line"] or MARK in said.out


def test_watch_prints_again_when_the_picture_changes(shell: Shell, publish: Publish) -> None:
    publish(status())
    argv = shell.argv("status", "--line", "--watch")
    with subprocess.Popen(argv, env=shell.environment(), stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        first = watching.stdout.readline()
        picture = status()
        publish(
            msgspec.structs.replace(
                picture, burn=msgspec.structs.replace(picture.burn, total_usd_per_hour=Decimal("77.77"))
            )
        )
        second = watching.stdout.readline()
        watching.terminate()
    assert first != second
    assert "77.77" in second


def test_a_reader_that_goes_away_is_no_crash(shell: Shell, publish: Publish) -> None:
    publish(status())
    with subprocess.Popen(
        shell.argv("status", "--json"), env=shell.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


@pytest.mark.parametrize("option", ["--json", "--line", "--check"])
def test_status_imports_nothing_that_is_slow(shell: Shell, publish: Publish, option: str) -> None:
    publish(status())
    argv = [sys.executable, "-X", "importtime", *shell.argv("status", option)[1:]]
    done = subprocess.run(argv, env=shell.environment(), capture_output=True, text=True, check=False)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "sqlite3" in imported
    assert imported.isdisjoint(HEAVY)


def test_to_json_is_what_the_tests_publish() -> None:
    assert from_json(to_json(status())) == status()

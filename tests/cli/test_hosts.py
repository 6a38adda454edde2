"""`costtui status --hosts` over an `ssh` that is a script: answers, silence, garbage and attacks."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from costtui.report.schema import Status, to_json
from tests.cli.shell import Shell
from tests.tui.hostile import hostile_status, payloads
from tests.tui.pictures import status

SSH = """\
#!{python}
import pathlib, sys
host = sys.argv[-2]
assert sys.argv[-3:] == ["--", host, "costtui status --json"], sys.argv
answer = pathlib.Path({folder!r}, host)
if not answer.exists():
    sys.stderr.write("ssh: connect to host \\x1b[2J" + host + " port 22: No route to host\\n")
    sys.exit(255)
sys.stdout.buffer.write(answer.read_bytes())
"""


class Fleet:
    """Hosts that `ssh` reaches."""

    def __init__(self, shell: Shell) -> None:
        self._folder = shell.home / "hosts"
        self._folder.mkdir()
        path = shell.home / "bin" / "ssh"
        path.parent.mkdir()
        path.write_text(SSH.format(python=sys.executable, folder=str(self._folder)))
        path.chmod(0o755)
        shell.environ["PATH"] = f"{path.parent}:{Path(sys.executable).parent}"

    def answer(self, host: str, body: bytes) -> None:
        """What a host says."""
        (self._folder / host).write_bytes(body)


@pytest.fixture
def fleet(shell: Shell) -> Fleet:
    """No host answers until a test says so."""
    return Fleet(shell)


def costing(total: str, idle: str, **facts: object) -> bytes:
    """A picture that burns `total`, `idle` of it idle, and is otherwise at peace."""
    picture = status(budgets=(), warnings=(), unknown=("api",), **facts)
    gpus = tuple(gpu for gpu in picture.gpus if gpu.state != "unknown")
    burn = msgspec.structs.replace(
        picture.burn, total_usd_per_hour=Decimal(total), idle_usd_per_hour=Decimal(idle), api_usd_per_hour=None
    )
    return to_json(msgspec.structs.replace(picture, burn=burn, gpus=gpus))


def test_hosts_are_added_up_exactly(shell: Shell, fleet: Fleet) -> None:
    fleet.answer("gpu-01", costing("0.1", "0.000000000000000001"))
    fleet.answer("gpu-02", costing("0.2", "7"))
    said = shell("status", "--json", "--hosts", "gpu-01,gpu-02")
    whole = json.loads(said.out, parse_float=Decimal)
    # 0.1 + 0.2 = 0.3 and 7 + 1e-18, neither of which binary floating point can hold
    assert whole["burn"]["total_usd_per_hour"] == Decimal("0.3")
    assert whole["burn"]["idle_usd_per_hour"] == Decimal("7.000000000000000001")
    assert whole["burn"]["api_usd_per_hour"] is None
    assert whole["unknown"] == ["gpu-01:api", "gpu-02:api"]
    assert [host["host"] for host in whole["hosts"]] == ["gpu-01", "gpu-02"]
    assert shell("status", "--check", "--hosts", "gpu-01,gpu-02").code == 0


def test_a_host_that_cannot_be_reached_is_unknown_and_named(shell: Shell, fleet: Fleet) -> None:
    fleet.answer("gpu-01", costing("2.49", "0"))
    said = shell("status", "--hosts", "gpu-01,gpu-02")
    rows = said.out.splitlines()
    assert said.code == 0
    assert "No route to host" in rows[2]
    assert rows[2].split()[1:3] == ["?", "?"]
    assert rows[3].split()[1] == "≥2.49"
    assert "unknown: gpu-02" in rows[3]
    assert "\x1b" not in said.out
    assert shell("status", "--check", "--hosts", "gpu-01,gpu-02").code == 3


def test_one_host_over_its_budget_decides_for_all(shell: Shell, fleet: Fleet) -> None:
    budget = msgspec.structs.replace(status().budgets[0], state="over")
    picture = msgspec.structs.replace(status(), budgets=(budget,))
    fleet.answer("gpu-01", to_json(picture))
    assert shell("status", "--check", "--hosts", "gpu-01,gone").code == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"bash: costtui: command not found",
        b"[]",
        b"null",
        b'{"schema":"costtui.status/2"}',
        b'{"schema":"costtui.status/1"}',
        b"[" * 100_000,
        costing("1", "1").replace(b'"idle_usd_per_hour":1', b'"idle_usd_per_hour":NaN'),
        costing("1", "1").replace(b'"idle_usd_per_hour":1', b'"idle_usd_per_hour":-Infinity'),
        costing("1", "1").replace(b'"idle_usd_per_hour":1', b'"idle_usd_per_hour":"1"'),
        costing("1", "1").replace(b'"idle_usd_per_hour":1', b'"idle_usd_per_hour":true'),
        costing("1", "1").replace(b'"idle_usd_per_hour":1', b'"idle_usd_per_hour":1e999999999'),
        costing("1", "1").replace(b'"idle_usd_per_hour":1', b'"idle_usd_per_hour":1e-999999999'),
    ],
    ids=["nothing", "words", "list", "null", "other", "part", "deep", "nan", "inf", "text", "bool", "huge", "tiny"],
)
def test_an_answer_that_is_no_picture_is_unknown_and_adds_nothing(shell: Shell, fleet: Fleet, body: bytes) -> None:
    fleet.answer("gpu-01", body)
    said = shell("status", "--json", "--check", "--hosts", "gpu-01")
    whole = json.loads(said.out)
    assert said.code == 3
    assert whole["hosts"][0]["status"] is None
    assert whole["hosts"][0]["error"]
    assert set(whole["burn"].values()) == {None}


def test_a_hostile_host_steers_no_terminal_here(shell: Shell, fleet: Fleet) -> None:
    text = "".join(payloads(30)).encode(errors="replace").decode()
    fleet.answer("gpu-01", hostile(text))
    for arguments in (["status", "--hosts", "gpu-01"], ["status", "--json", "--hosts", "gpu-01"]):
        shown = shell(*arguments).out
        assert [one for one in shown if (ord(one) < 32 and one != "\n") or 127 <= ord(one) < 160] == []


def hostile(text: str) -> bytes:
    """Every string but the schema is an attack."""
    attacked: Status = hostile_status(text)
    agent = msgspec.structs.replace(attacked.agent, state=text)
    return to_json(msgspec.structs.replace(attacked, agent=agent))


@pytest.mark.parametrize("name", ["-oProxyCommand=touch pwned", "a b", "$(id)", "gpu-01;id", "", "x" * 300])
def test_a_host_name_is_never_an_option_or_a_command(shell: Shell, fleet: Fleet, name: str) -> None:
    said = shell("status", "--hosts", name)
    assert said.code == 64
    assert "--hosts" in said.err
    assert not (shell.home / "pwned").exists()


def test_an_answer_that_is_too_long_is_not_kept(fleet: Fleet, shell: Shell) -> None:
    fleet.answer("endless", b"0" * (5 * 2**20))
    assert "longer than 4 MiB" in shell("status", "--hosts", "endless").out

"""`costtui route`: shown, previewed, agreed to, made, taken back."""

import json
import os
import pty
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from costtui.cli.acted import PICTURE, await_revision
from costtui.domain.control import Revision
from costtui.store.controls import CONTROLS, ControlsStore
from tests.cli.clock import now_ms
from tests.cli.shell import Shell

CONFIG = """
[targets]
llama = { engine = "vllm", url = "http://127.0.0.1:1" }
novita = { provider = "novita", model = "m" }
[routes.chat]
strategy = "idle-first"
targets = ["llama", "novita"]
[routes.legal]
strategy = "pinned"
targets = ["llama"]
boundary = ["llama"]
"""


@pytest.fixture
def host(shell: Shell) -> Shell:
    """A user with two routes."""
    shell.config(CONFIG)
    return shell


def revisions(shell: Shell) -> tuple[Revision, ...]:
    """What was made; nothing where a command ended before it looked."""
    if not (shell.state_dir / CONTROLS).exists():
        return ()
    with closing(ControlsStore.open(shell.state_dir)) as store:
        return store.state().revisions


def paint(shell: Shell, revision: int, at_ms: int) -> None:
    """A gateway's picture of itself."""
    draft = shell.state_dir / "draft"
    draft.write_text(json.dumps({"at_ms": at_ms, "revision": revision}))
    draft.replace(shell.state_dir / PICTURE)


def test_routes_are_listed_with_what_is_in_force(host: Shell) -> None:
    said = host("route")
    assert said.code == 0
    assert said.out.splitlines() == [
        "chat             idle-first  llama 100 %",
        "legal            pinned      llama 100 %",
        "                 never leaves llama",
    ]
    assert json.loads(host("route", "list", "--json").out)["routes"][0] == {
        "name": "chat",
        "strategy": "idle-first",
        "configured_strategy": "idle-first",
        "targets": ["llama", "novita"],
        "percent": {"llama": 100.0, "novita": 0.0},
        "drained": [],
        "boundary": None,
        "override": None,
    }


def test_a_shift_shows_its_effect_and_is_signed_with_its_reason_and_end(host: Shell) -> None:
    host.environ["COSTTUI_ACTOR"] = "ana"
    before_ms = now_ms()
    said = host("route", "shift", "chat", "llama=90", "novita=10", "--for", "30m", "--reason", "night batch", "--yes")
    assert said.code == 0, said
    assert "  llama     100 % ->    90 %" in said.out
    assert "no gateway is running" in said.out
    (made,) = revisions(host)
    assert made.weights == (("llama", 90), ("novita", 10))
    assert made.reason == "night batch"
    assert made.actor.endswith("(ana)")
    assert made.until_ms is not None
    assert made.until_ms - made.at_ms == 1_800_000
    assert made.at_ms >= before_ms
    shown = host("route", "show", "chat").out
    assert "by hand: shift by" in shown
    assert "then idle-first (night batch)" in shown


def test_a_shift_holds_two_hours_unless_told_otherwise_a_pin_until_undone(host: Shell) -> None:
    host("route", "shift", "chat", "novita=1", "--yes")
    host("route", "shift", "chat", "novita=1", "--yes", "--for", "always")
    host("route", "pin", "chat", "novita", "--yes")
    lasting = [None if each.until_ms is None else each.until_ms - each.at_ms for each in revisions(host)]
    assert lasting == [7_200_000, None, None]


def test_undo_and_drain_work_from_the_command_line(host: Shell) -> None:
    assert host("route", "drain", "novita", "--yes").code == 0
    assert json.loads(host("route", "--json").out)["routes"][0]["drained"] == ["novita"]
    assert host("route", "drain", "novita", "--undo", "--yes").code == 0
    assert host("route", "pin", "chat", "novita", "--yes").code == 0
    undone = json.loads(host("route", "undo", "--yes", "--json").out)
    assert undone["made"]["kind"] == "undo"
    assert undone["live_ms"] is None
    assert host("route", "undo", "--yes").err == ("costtui: no change by hand is in force: there is nothing to undo\n")


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("shift", "chat", "llama=1"), 64, "--yes makes the change without asking"),
        (("shift", "chat", "llama", "--yes"), 64, "'llama' is no share; write TARGET=90"),
        (("shift", "chat", "llama=-1", "--yes"), 64, "no share"),
        (("shift", "--yes"), 64, "needs the name of a route"),
        (("shift", "chat", "--yes"), 64, "needs a share above 0"),
        (("shift", "chat", "llama=1", "--for", "2 hours", "--yes"), 64, "--for needs a duration"),
        (("pin", "legal", "novita", "--yes"), 64, "novita is no target of legal"),
        (("pin", "chat", "--yes"), 64, "needs the name of a target"),
        (("shfit", "chat"), 64, "did you mean 'shift'?"),
        (("show", "chta"), 64, "no route chta; known: chat, legal"),
        (("undo", "chat", "--yes"), 64, "unexpected 'chat'"),
        (("pin", "chat", "llama", "--undo", "--yes"), 64, "--undo belongs to drain"),
        (("list", "--jsn"), 64, "no option '--jsn'"),
    ],
)
def test_what_makes_no_sense_changes_nothing(host: Shell, words: tuple[str, ...], code: int, what: str) -> None:
    said = host("route", *words)
    assert said.code == code
    assert what in said.err
    assert revisions(host) == ()


def test_where_control_is_off_nothing_moves(host: Shell) -> None:
    host.config('[host]\ncontrol = "off"\n' + CONFIG)
    said = host("route", "pin", "chat", "novita", "--yes")
    assert said.code == 1
    assert "changes by hand are off here" in said.err
    assert host("route").code == 0


@pytest.mark.parametrize(("answer", "made"), [(b"n\n", 0), (b"\n", 0), (b"y\n", 1)])
def test_at_a_terminal_the_effect_is_shown_and_a_yes_is_needed(host: Shell, answer: bytes, made: int) -> None:
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            host.argv("route", "pin", "chat", "novita"),
            env=host.environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as child:
            os.write(ours, answer)
            out, err = child.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert b"novita      0 % ->   100 %" in out
    assert b"apply? [y/N]" in err
    assert (child.returncode, len(revisions(host))) == (0 if made else 1, made)


def test_the_gateways_own_word_says_how_long_it_took(host: Shell) -> None:
    host("route")
    paint(host, 4, now_ms())
    acting = threading.Timer(0.1, paint, (host, 5, now_ms()))
    acting.start()
    told, took_ms = await_revision(host.state_dir, 5, wait_seconds=60)
    acting.join()
    assert took_ms is not None
    assert took_ms >= 50
    assert told == f"live after {took_ms:.0f} ms"


def test_a_gateway_that_does_not_act_and_one_that_is_gone_are_told_apart(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.state_dir.mkdir()
    assert await_revision(shell.state_dir, 1)[0].startswith("no gateway is running")
    paint(shell, 0, time.time_ns() // 1_000_000 - 10_000)
    assert await_revision(shell.state_dir, 1)[0].startswith("no gateway is running")
    paint(shell, 0, time.time_ns() // 1_000_000)
    told, took_ms = await_revision(shell.state_dir, 1, wait_seconds=0.05)
    assert "has not said so" in told
    assert took_ms is None

"""`costtui route show` and `status --json` say what a load balancer beside the gateway does, and how old that is."""

import json
from pathlib import Path

import msgspec
import pytest

from costtui.domain.balancer import Ack, AckState, Balancer, Order, Orders, Process, ServerNow
from costtui.report.balancers import balancer
from costtui.report.observation import BalancerNow
from tests.cli.clock import now_ms
from tests.cli.conftest import Publish
from tests.cli.shell import Shell
from tests.tui.pictures import status

CONFIG = """
[targets]
vllm1 = { engine = "vllm", url = "http://127.0.0.1:1" }
vllm2 = { engine = "vllm", url = "http://127.0.0.1:2" }
[routes.chat]
strategy = "idle-first"
targets = ["vllm1", "vllm2"]
[routes.other]
strategy = "idle-first"
targets = ["vllm1"]
"""
EDGE = Balancer("edge", Path("/s"), "llm", "chat", (("vllm1", "s1"), ("vllm2", "s2")))
SHIFT = Orders(7, (Order("s1", 20), Order("s2", 80)))
PLAIN = Orders(8, (Order("s1"), Order("s2")))
SERVERS = (
    ServerNow("s1", 20, 90, status="UP", sessions=3, served=1_234),
    ServerNow("s2", 80, 10, drained=True, maintenance=True, status="DRAIN", sessions=0, served=5),
)
SERVER_LINES = [
    "  vllm1 = s1: weight 20 (configured 90) · UP · 3 running, 1,234 since it started",
    "  vllm2 = s2: weight 80 (configured 10) · DRAIN · in maintenance · 0 running, 5 since it started",
]
NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 UTC."""
FRESH_MS = now_ms() + 3_600_000
"""Not old, however slow this machine is."""


def ack(state: AckState, orders: Orders = SHIFT, problem: str = "") -> Ack:
    return Ack("edge", state, NOON_MS, orders, Process(41, 9), SERVERS, problem)


def seen(asked: Orders | None = SHIFT, said: Ack | None = None, away: str = "") -> BalancerNow:
    return BalancerNow(EDGE, asked, said, SERVERS, FRESH_MS, away, NOON_MS if away else None)


@pytest.mark.parametrize(
    ("now", "state", "words"),
    [
        (seen(PLAIN), "configured", "as in its own configuration"),
        (seen(PLAIN, ack(AckState.APPLIED, PLAIN)), "configured", "as in its own configuration"),
        (seen(SHIFT, ack(AckState.APPLIED)), "applied", "revision 7 applied, read back at "),
        (seen(PLAIN, ack(AckState.APPLIED)), "asked", "revision 8 asked, revision 7 live"),
        (seen(SHIFT, ack(AckState.ASKED)), "asked", "revision 7 asked, nothing live"),
        (
            seen(SHIFT, ack(AckState.REFUSED, problem="Permission denied")),
            "refused",
            "revision 7 refused: Permission denied",
        ),
        (
            seen(SHIFT, ack(AckState.CHANGED, problem="s2 has weight 5 instead of 80")),
            "changed",
            "revision 7 applied, changed by somebody else since and left alone: s2 has weight 5 instead of 80",
        ),
        (
            seen(PLAIN, ack(AckState.APPLIED), "nothing answers at /s"),
            "away",
            "revision 8 asked, revision 7 acknowledged: nothing answers at /s",
        ),
        (BalancerNow(EDGE), "unknown", "not read yet"),
    ],
)
def test_what_a_balancer_does_is_shown_with_its_route(
    shell: Shell, publish: Publish, now: BalancerNow, state: str, words: str
) -> None:
    shell.config(CONFIG)
    publish(msgspec.structs.replace(status(), balancers=(balancer(now, now_ms()),)))
    lines = shell("route", "show", "chat").out.splitlines()
    assert lines[1].startswith("HAProxy edge, backend llm: ")
    assert words in lines[1]
    never = [f"  {target} = {server}: never read" for target, server in EDGE.servers]
    assert lines[2:4] == (SERVER_LINES if now.servers else never)
    (told,) = json.loads(shell("route", "show", "chat", "--json").out)["balancers"]
    assert (told["name"], told["state"]) == ("edge", state)
    assert json.loads(shell("status", "--json").out)["balancers"] == [told]


def test_a_route_without_one_has_no_line_of_it(shell: Shell, publish: Publish) -> None:
    shell.config(CONFIG)
    publish(msgspec.structs.replace(status(), balancers=(balancer(seen(), now_ms()),)))
    assert "HAProxy" not in shell("route", "show", "other").out
    assert json.loads(shell("route", "show", "other", "--json").out)["balancers"] == []


def test_what_was_read_long_ago_is_shown_with_its_age(shell: Shell, publish: Publish) -> None:
    shell.config(CONFIG)
    old = BalancerNow(EDGE, SHIFT, ack(AckState.APPLIED), SERVERS, now_ms() - 7_500_000)
    publish(msgspec.structs.replace(status(), balancers=(balancer(old, now_ms()),)))
    assert "  ! as read 2h05 ago; the agent reads it each second while both run" in shell("route", "show", "chat").out


def test_words_of_a_balancer_cannot_steer_the_terminal(shell: Shell, publish: Publish) -> None:
    shell.config(CONFIG)
    now = seen(SHIFT, ack(AckState.REFUSED, problem="\x1b]52;c;aGk=\x07[red]no"))
    publish(msgspec.structs.replace(status(), balancers=(balancer(now, now_ms()),)))
    out = shell("route", "show", "chat").out
    assert "\x1b" not in out
    assert "[red]no" in out

"""The real agent drives a real HAProxy, and a socket that misbehaves stops nothing of it."""

import socket
from contextlib import closing
from pathlib import Path
from typing import Any

from costtui.controls.desk import Desk
from costtui.store.controls import ControlsStore
from tests.agent.agents import AgentProcess
from tests.balancers.driven import TEXT, config_of
from tests.balancers.real import RealHaproxy, about, needs_haproxy
from tests.balancers.scripted import ScriptedSocket

BAD = """[haproxy.{name}]
socket = "{socket}"
backend = "llm"
route = "chat"
servers = {{ vllm1 = "s1" }}
"""
NOW_MS = 1_700_000_000_000


def edge(picture: dict[str, Any], name: str = "edge") -> dict[str, Any]:
    return next((each for each in picture["balancers"] if each["name"] == name), {"state": "not there"})


def shift(state_dir: Path, config: Path, weights: dict[str, int]) -> None:
    with closing(ControlsStore.open(state_dir)) as store:
        desk = Desk(config_of(config), store.state().revisions, "ana", NOW_MS, "")
        store.add_revision(desk.shift("chat", weights, None))


@needs_haproxy
def test_the_agent_applies_shifts_and_says_what_became_of_them(folder: Path) -> None:
    with RealHaproxy(folder) as haproxy, AgentProcess(folder, TEXT.format(socket=haproxy.socket)) as agent:
        agent.start()
        agent.status(lambda picture: edge(picture)["state"] == "configured")
        shift(agent.state_dir, haproxy.socket, {"vllm1": 20, "vllm2": 80})
        live = edge(agent.status(lambda picture: edge(picture)["state"] == "applied"))
        assert (live["asked_revision"], live["live_revision"]) == (1, 1)
        assert haproxy.serve(100) == about({"s1": 20, "s2": 80})
        haproxy.stop()
        away = agent.status(lambda picture: edge(picture)["state"] == "away")
        assert any(warning["key"] == "source:haproxy:edge" for warning in away["warnings"])
        haproxy.start()
        agent.status(lambda picture: edge(picture)["state"] == "applied" and edge(picture)["away_since"] is None)
        assert haproxy.serve(100) == about({"s1": 20, "s2": 80})
        agent.config.write_text(TEXT.format(socket=haproxy.socket).partition("[haproxy")[0])
        agent.status(lambda picture: not picture["balancers"])


def test_sockets_that_misbehave_stop_nothing_of_the_agent(folder: Path) -> None:
    def garbage(connection: socket.socket, _: str) -> None:
        connection.sendall(b"\xff\x00# be_id srv_name\n" * 100)

    def huge(connection: socket.socket, _: str) -> None:
        connection.sendall(b"x" * 5 * 2**20)

    def silent(connection: socket.socket, _: str) -> None:
        slow.wait_for_the_end(60)

    text = TEXT.format(socket=folder / "none")
    text += "".join(BAD.format(name=name, socket=folder / name) for name in ("garbage", "huge", "silent"))
    with (
        ScriptedSocket(folder / "garbage", garbage),
        ScriptedSocket(folder / "huge", huge),
        ScriptedSocket(folder / "silent", silent) as slow,
        AgentProcess(folder, text) as agent,
    ):
        agent.start()
        names = ("edge", "garbage", "huge", "silent")
        seen = agent.status(lambda picture: all(edge(picture, name)["state"] == "away" for name in names))
        reasons = {name: edge(seen, name)["reason"].split(" at ")[0] for name in names}
        assert reasons == {
            "edge": "nothing answers",
            "garbage": "no description of servers",
            "huge": "an answer over 4 MiB",
            "silent": "no answer within 2 s",
        }
        assert agent.status(lambda picture: picture["at"] > seen["at"])["agent"]["state"] == "running"
        assert agent.end()[0] == 0

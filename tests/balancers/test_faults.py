"""Whatever a runtime socket does: it is bounded in time and size, and becomes a reason with a remedy."""

import asyncio
import csv
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costtui.balancers import runtime
from costtui.balancers.haproxy import parse, read, tell
from costtui.domain.balancer import Balancer, Process, ServerNow
from costtui.errors import SourceError
from tests.balancers.scripted import INFO, STATES, WHOLE, ScriptedSocket


def balancer(path: Path) -> Balancer:
    return Balancer("edge", path, "llm", "chat", (("vllm1", "s1"), ("vllm2", "s2")))


def said(connection: socket.socket, text: str) -> None:
    connection.sendall(text.encode())


def failure(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        asyncio.run(read(balancer(path)))
    return caught.value


def test_a_backend_is_read_in_one_conversation(tmp_path: Path) -> None:
    with ScriptedSocket(tmp_path / "s", lambda connection, _: said(connection, WHOLE)) as scripted:
        now = asyncio.run(read(balancer(tmp_path / "s")))
        assert scripted.lines == ["show info;show servers state llm;show stat llm 4 -1\n"]
    assert now.process == Process(41, 9)
    assert now.servers == (
        ServerNow("s1", 90, 90, status="UP", sessions=2, served=90),
        ServerNow("s2", 10, 10, status="no check", sessions=0, served=10),
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda connection, _: None, "no description of servers"),
        (lambda connection, _: said(connection, "\x00\xff garbage\n\n# be_id x\n1 2 3\n"), "no description of servers"),
        (lambda connection, _: said(connection, "Permission denied\n"), "no description of servers"),
        (lambda connection, _: said(connection, INFO + "Can't find backend.\n\n"), "HAProxy has no backend llm"),
        (lambda connection, _: said(connection, WHOLE.replace("90 90", "-1 90")), "no description of servers"),
        (lambda connection, _: said(connection, WHOLE.replace("90 90", f"{'9' * 5_000} 90")), "no description"),
        (lambda connection, _: said(connection, "x" * 5 * 2**20), "an answer over 4 MiB"),
        (lambda connection, _: said(connection, "Pid: " + "7\n" * 3 * 2**20), "an answer over 4 MiB"),
    ],
    ids=["closed", "garbage", "denied", "other backend", "negative", "5,000 digits", "one line", "many lines"],
)
def test_an_answer_that_is_none_is_a_reason(
    tmp_path: Path, answer: Callable[[socket.socket, str], None], reason: str
) -> None:
    with ScriptedSocket(tmp_path / "s", answer):
        error = failure(tmp_path / "s")
    assert reason in error.reason
    assert error.remedy


def test_a_socket_that_stays_silent_or_dribbles_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "TIMEOUT_SECONDS", 0.2)

    def dribble(connection: socket.socket, _: str) -> None:
        while True:
            said(connection, "x")
            scripted.wait_for_the_end(0.01)

    with ScriptedSocket(tmp_path / "s", dribble) as scripted:
        begun = time.monotonic()
        assert "no answer within 0.2 s" in failure(tmp_path / "s").reason
        assert time.monotonic() - begun < 30


def test_no_socket_a_file_and_a_dead_socket_are_told_apart_from_hanging(tmp_path: Path) -> None:
    assert "no such file" in failure(tmp_path / "none").reason
    (tmp_path / "file").write_text("")
    assert "connection refused" in failure(tmp_path / "file").reason
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "dead"))
    dead.close()
    error = failure(tmp_path / "dead")
    assert "connection refused" in error.reason
    assert "start HAProxy" in error.remedy


def test_what_haproxy_has_against_a_command_comes_back_in_one_line(tmp_path: Path) -> None:
    with ScriptedSocket(tmp_path / "s", lambda connection, _: said(connection, "\nNo such\x1b[31m server.\n\n")):
        assert asyncio.run(tell(balancer(tmp_path / "s"), ["set server llm/s1 weight 3"])) == "No such[31m server."


def test_without_commands_nothing_is_asked(tmp_path: Path) -> None:
    assert asyncio.run(tell(balancer(tmp_path / "nowhere"), [])) == ""


def test_a_status_with_a_comma_and_columns_that_are_missing_do_no_harm(tmp_path: Path) -> None:
    stats = '# pxname,svname,status,\nllm,s1,"DOWN, 1/2",\nllm,s2,\n\n'
    first, second = parse(INFO + STATES + stats, balancer(tmp_path)).servers
    assert (first.status, first.sessions, first.served) == ("DOWN, 1/2", None, None)
    assert (second.status, second.weight) == ("", 10)


def test_what_haproxy_calls_a_state_cannot_steer_the_terminal(tmp_path: Path) -> None:
    stats = "# pxname,svname,status,\nllm,s1,\x1b]52;c;aGk=\x07UP\u202e,\n\n"
    first, _ = parse(INFO + STATES + stats, balancer(tmp_path)).servers
    assert first.status == "]52;c;aGk=UP\ufffd"


@given(st.integers(0, len(WHOLE)), st.text(max_size=30), st.integers(0, 40))
def test_a_torn_or_altered_answer_is_read_or_refused_and_nothing_else(cut: int, put: str, dropped: int) -> None:
    told = WHOLE[:cut] + put + WHOLE[cut + dropped :]
    try:
        now = parse(told, balancer(Path("/s")))
    except (ValueError, KeyError, csv.Error, SourceError):
        return
    assert all(server.weight >= 0 for server in now.servers)

"""Owners of GPU processes, and what is never shown of them."""

import getpass
import os
import socket
import subprocess
import sys

import pytest

from costtui.domain.reading import GpuProcess
from costtui.probes.processes import describe, engine_pids, listening_ports, short_command


def test_a_process_of_this_user_has_owner_and_command() -> None:
    found = describe(GpuProcess(os.getpid(), 5))
    assert found.owner == getpass.getuser()
    assert found.command
    assert found.memory_bytes == 5


def test_a_process_that_is_not_visible_says_why() -> None:
    found = describe(GpuProcess(2**22 + 12_345, 5))
    assert (found.owner, found.command) == (None, None)
    assert "container" in found.reason


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["/usr/bin/python3", "train.py", "--lr", "1e-4"], "python3 train.py --lr 1e-4"),
        (["vllm", "serve", "--api-key", "sk-hidden", "m"], "vllm serve --api-key=*** m"),
        (["x", "--hf-token=hf_hidden"], "x --hf-token=***"),
        (["env", "WANDB_API_KEY=hidden", "python"], "env WANDB_API_KEY=*** python"),
        (["a", "\x1b]52;c;aGk=\x07b"], "a ]52;c;aGk=b"),
    ],
)
def test_a_command_is_short_and_keeps_secrets_to_itself(words: list[str], shown: str) -> None:
    assert short_command(words) == shown


def test_a_port_leads_to_its_process_and_to_what_that_started() -> None:
    code = (
        "import socket,subprocess,sys;s=socket.create_server(('127.0.0.1',0));"
        "c=subprocess.Popen([sys.executable,'-c','import sys;sys.stdin.read()'],stdin=subprocess.PIPE);"
        "print(s.getsockname()[1],c.pid,flush=True);sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port, worker = map(int, process.stdout.readline().split())
        assert listening_ports()[port] == process.pid
        assert engine_pids(port) == (process.pid, worker)
        process.communicate("")


def test_a_port_that_nobody_listens_on_has_no_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert engine_pids(port) == ()

"""The server and the load client as real processes, asked by a real client."""

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import openai
import pytest

from costtui.demo.host import ENGINES
from costtui.engines import vllm
from costtui.probes.wire import gpu_from_json

DEADLINE_SECONDS = 30.0


@pytest.fixture(scope="module")
def host() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "costtui.demo.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        yield json.loads(child.stdout.readline())
        child.terminate()
        assert child.wait(DEADLINE_SECONDS) == 0
        assert child.stderr.read() == b""


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def output_tokens(engine: dict[str, Any]) -> int:
    reading = vllm.parse(get(engine["url"].removesuffix("/v1") + "/metrics"), 1)
    assert reading is not None
    assert reading.output_tokens is not None
    return reading.output_tokens


def test_the_gpus_of_the_simulated_host_are_readings(host: dict[str, Any]) -> None:
    gpus = [gpu_from_json(body) for body in json.loads(get(host["url"] + "/simulated/gpus"))]
    assert [gpu.index for gpu in gpus] == list(range(8))
    assert json.loads(get(host["url"] + "/simulated/host")) == host


def test_an_openai_client_is_served_and_its_usage_is_what_the_engine_counts(host: dict[str, Any]) -> None:
    engine = host["engines"][2]
    before = output_tokens(engine)
    with openai.OpenAI(base_url=engine["url"], api_key="none") as client:
        assert [model.id for model in client.models.list()] == [ENGINES[2].model]
        whole = client.chat.completions.create(
            model=engine["model"], messages=[{"role": "user", "content": "one two three"}], max_tokens=5
        )
        pieces = list(
            client.chat.completions.create(
                model=engine["model"],
                messages=[{"role": "user", "content": "one two"}],
                max_tokens=7,
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    assert whole.usage is not None
    assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (3, 5)
    last = pieces[-1].usage
    assert last is not None
    assert (last.prompt_tokens, last.completion_tokens) == (2, 7)
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert len(text.split()) == 7
    assert output_tokens(engine) - before == 12


def test_a_body_that_is_no_chat_is_refused(host: dict[str, Any]) -> None:
    client = openai.OpenAI(base_url=host["engines"][0]["url"], api_key="none", max_retries=0)
    with client, pytest.raises(openai.BadRequestError):
        client.post("/chat/completions", body={"messages": 5}, cast_to=object)


def test_a_load_client_that_is_told_nothing_or_nonsense_ends() -> None:
    command = [sys.executable, "-m", "costtui.demo.load"]
    for line, code, said in ((b"", 0, b""), (b"{}\n", 1, b'the first line of the standard input must be {"url"')):
        ended = subprocess.run(command, input=line, capture_output=True, timeout=DEADLINE_SECONDS, check=False)
        assert (ended.returncode, ended.stderr[: len(said)], ended.stdout) == (code, said, b"")


class Recorder(BaseHTTPRequestHandler):
    """A gateway that only writes down what it is asked."""

    seen: ClassVar[list[tuple[str, str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append((self.path, self.headers["authorization"], body))
        self.send_response(503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_the_load_client_asks_for_routes_with_the_key_it_was_told_and_shows_it_nowhere() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        command = [sys.executable, "-m", "costtui.demo.load", "--per-second", "300"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdin is not None
            assert child.stderr is not None
            told = {"url": f"http://127.0.0.1:{server.server_address[1]}", "key": "ctk-canary"}
            child.stdin.write(json.dumps(told).encode() + b"\n")
            child.stdin.close()
            deadline = time.monotonic() + DEADLINE_SECONDS
            while len(Recorder.seen) < 200 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert b"canary" not in Path(f"/proc/{child.pid}/cmdline").read_bytes()
            assert b"canary" not in Path(f"/proc/{child.pid}/environ").read_bytes()
            child.terminate()
            assert child.wait(DEADLINE_SECONDS) == 0
            assert child.stderr.read() == b""
        server.shutdown()
        thread.join()
    assert {key for _, key, _ in Recorder.seen} == {"Bearer ctk-canary"}
    assert {body["model"] for _, _, body in Recorder.seen} >= {"chat", "code", "small"}
    assert {path for path, _, _ in Recorder.seen} == {"/v1/chat/completions", "/v1/messages"}
    assert {body["model"] for path, _, body in Recorder.seen if path == "/v1/messages"} == {"code"}
    assert {body["stream"] for _, _, body in Recorder.seen} == {True, False}


def test_the_server_ends_with_the_process_that_started_it() -> None:
    script = (
        "import os, subprocess, sys\n"
        "command = [sys.executable, '-m', 'costtui.demo.server', '--parent', str(os.getpid())]\n"
        "child = subprocess.Popen(command, stdout=subprocess.PIPE)\n"
        "sys.stdout.write(child.stdout.readline().decode())\n"
        "sys.stdout.flush()\n"
        "os._exit(0)\n"
    )
    started = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=DEADLINE_SECONDS, check=True
    )
    url = json.loads(started.stdout)["url"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while answers(url):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        get(url + "/simulated/host")
    except OSError:
        return False
    return True

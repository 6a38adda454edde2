"""The server and the load client as real processes, asked by a real client."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

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


def test_the_load_client_makes_the_engines_work_and_ends_when_told(host: dict[str, Any]) -> None:
    command = [sys.executable, "-m", "costtui.demo.load", "--host", host["url"], "--per-second", "20"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as child:
        deadline = time.monotonic() + DEADLINE_SECONDS
        before = output_tokens(host["engines"][0])
        while output_tokens(host["engines"][0]) <= before:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        child.terminate()
        assert child.wait(DEADLINE_SECONDS) == 0
        assert child.stderr is not None
        assert child.stderr.read() == b""


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


def test_a_load_client_without_a_server_says_what_to_start() -> None:
    command = [sys.executable, "-m", "costtui.demo.load", "--host", "http://127.0.0.1:1"]
    ended = subprocess.run(command, capture_output=True, timeout=DEADLINE_SECONDS, check=False)
    assert ended.returncode == 1
    assert (
        ended.stderr.decode().strip()
        == "nothing listens on http://127.0.0.1:1: start python -m costtui.demo.server first"
    )

"""A real llama.cpp server with a tiny model, for a whole run of tests."""

import importlib.util
import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("llama_child.py")
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Usage:
    """What the API said that one completion used; input includes cached tokens."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class LlamaServer:
    """A running server: `url` is its base, as a configuration names it (`http://127.0.0.1:PORT/v1`)."""

    url: str
    model: str
    pid: int

    def complete(self, prompt: str, max_tokens: int = 8) -> Usage:
        """One chat completion."""
        message = {"role": "user", "content": prompt}
        body = {"model": self.model, "messages": [message], "max_tokens": max_tokens, "temperature": 0}
        request = urllib.request.Request(
            f"{self.url}/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            usage = json.load(answer)["usage"]
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        return Usage(usage["prompt_tokens"], cached, usage["completion_tokens"])


@pytest.fixture(scope="session")
def llama_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """The server; skipped where its wheel or the model writer is not installed."""
    for wheel in ("xllamacpp", "gguf"):
        if importlib.util.find_spec(wheel) is None:
            pytest.skip(f"{wheel} is not installed")
    from tests.parts.tiny_gguf import write_tiny_gguf

    folder = tmp_path_factory.mktemp("llama")
    model = folder / "tiny.gguf"
    write_tiny_gguf(model)
    port = _free_port()
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(model), str(port), "tiny-random"], stdout=log, stderr=log
        )
    try:
        _wait(child, port, folder / "log")
        yield LlamaServer(f"http://127.0.0.1:{port}/v1", "tiny-random", child.pid)
    finally:
        child.kill()
        child.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(child: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            pytest.fail(f"llama.cpp's server ended: {log.read_text(errors='replace')[-500:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    pytest.fail("llama.cpp's server did not start in time")

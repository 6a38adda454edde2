"""A real agent reads bills from a provider's addresses, and does to endpoints what the command line orders."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from costtui.store.bills import BillReader
from tests.agent.agents import AgentProcess
from tests.agent.waiting import eventually
from tests.tui.test_terminal import session

FIXTURES = Path(__file__).parent.parent / "fixtures" / "providers" / "huggingface"
DAY_SECONDS = 86_400
SCREENS = 20
KEYS = {"COSTS_KEY": "sk-admin-canary", "READ_KEY": "hf_read_canary", "WRITE_KEY": "hf_write_canary"}
CONFIG = """
[billing]
openai = {{ key = "env:COSTS_KEY", projects = ["p"], url = "{url}" }}
huggingface = {{ key = "env:READ_KEY", control_key = "env:WRITE_KEY", namespace = "acme", url = "{url}" }}
siliconflow = {{ key = "env:READ_KEY" }}
"""
pytestmark = pytest.mark.xdist_group("bills")


class Providers(ThreadingHTTPServer):
    """OpenAI's costs and Hugging Face's endpoints at one address; keeps who asked what with which key."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def answer(self, path: str) -> Any:
        today = int(time.time()) // DAY_SECONDS * DAY_SECONDS
        if path == "/v1/organization/costs":
            line = {"amount": {"value": "12.5", "currency": "usd"}, "line_item": "gpt-5, output_tokens"}
            bucket = {"start_time": today, "end_time": today + DAY_SECONDS, "results": [line]}
            return {"object": "page", "data": [bucket], "has_more": False, "next_page": None}
        if path.startswith("/v2/provider/"):
            return json.loads((FIXTURES / "prices.json").read_text())
        if path == "/v2/endpoint/acme":
            return json.loads((FIXTURES / "endpoints.json").read_text())
        return {} if path.startswith("/v2/endpoint/acme/") else None


class Handler(BaseHTTPRequestHandler):
    server: Providers

    def do_GET(self) -> None:
        self._say()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self._say()

    def _say(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append((self.command, path, self.headers.get("authorization", "")))
        found = self.server.answer(path)
        body = b"" if found is None else json.dumps(found).encode()
        self.send_response(404 if found is None else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def providers() -> Iterator[Providers]:
    server = Providers()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def agent(providers: Providers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentProcess]:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    url = f"http://127.0.0.1:{providers.server_address[1]}"
    with AgentProcess(tmp_path, CONFIG.format(url=url)) as found:
        found.start()
        yield found


def command(agent: AgentProcess, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "costtui", "--config", str(agent.config), "--state-dir", str(agent.state_dir), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))


def test_bills_reach_every_face_and_no_face_asks_a_provider(agent: AgentProcess, providers: Providers) -> None:
    status = agent.status(lambda found: found["api"]["today_usd"] == 12.5)
    assert status["api"]["provenance"] == "billed"
    eventually(lambda: BillReader(agent.state_dir).levels())
    asked = len(providers.asked)
    said = command(agent, "reconcile", "--json")
    found = {each["provider"]: each for each in json.loads(said.stdout)["providers"]}
    assert found["openai"]["month"]["billed_usd"] == 12.5
    assert found["huggingface"]["burning"]
    assert "410" in found["siliconflow"]["problem"] or "billing API" in found["siliconflow"]["problem"]
    for _ in range(3):
        assert command(agent, "status").returncode == 0
    assert {path for _, path, _ in providers.asked[asked:]} <= {"/v1/organization/usage/completions"}
    keys = {path: key for method, path, key in providers.asked if method == "GET"}
    assert keys["/v1/organization/costs"] == "Bearer sk-admin-canary"
    assert keys["/v2/endpoint/acme"] == "Bearer hf_read_canary"


def test_an_endpoint_is_paused_from_the_command_line_with_its_own_key(
    agent: AgentProcess, providers: Providers
) -> None:
    levels = eventually(
        lambda: [each.row.name for each in BillReader(agent.state_dir).levels() if each.feed == "endpoints"]
    )
    said = command(agent, "endpoint", "pause", f"huggingface/{levels[0]}", "--reason", "weekend", "--yes")
    assert (said.returncode, "done" in said.stdout) == (0, True), said
    assert "$/h" in said.stderr
    posts = [(path, key) for method, path, key in providers.asked if method == "POST"]
    assert posts == [(f"/v2/endpoint/{levels[0]}/pause", "Bearer hf_write_canary")]
    listed = command(agent, "endpoint").stdout
    assert f"pause huggingface/{levels[0]}" in listed
    kept = b"".join(path.read_bytes() for path in agent.state_dir.rglob("*") if path.is_file())
    assert not [value for value in KEYS.values() if value.encode() in kept or value in said.stdout + said.stderr]


def test_a_terminal_less_order_without_yes_is_refused(agent: AgentProcess, providers: Providers) -> None:
    said = command(agent, "endpoint", "pause", "huggingface/acme/x")
    assert (said.returncode, "--yes" in said.stderr) == (64, True)
    assert not [path for method, path, _ in providers.asked if method == "POST"]


def test_opening_twenty_screens_makes_no_provider_call(agent: AgentProcess, providers: Providers) -> None:
    agent.status(lambda found: found["api"]["today_usd"] == 12.5)
    eventually(lambda: BillReader(agent.state_dir).levels())
    assert providers.connections > 0
    os.kill(agent.pid, signal.SIGSTOP)  # from here on every call is a screen's; its lock says that it runs
    try:
        by_agent = providers.connections
        words = ("--config", str(agent.config), "--state-dir", str(agent.state_dir))
        with contextlib.ExitStack() as stack:
            screens = [stack.enter_context(session(*words, module="costtui")) for _ in range(SCREENS)]
            for screen in screens:
                screen.read_until(b"\x1b[?2004h")  # the terminal is the program's
                os.write(screen.master, b"8")
            for screen in screens:
                screen.read_until(b"month billed")
                screen.read_until(b"12.50")
                os.write(screen.master, b"q")
            assert [screen.exit_code() for screen in screens] == [0] * SCREENS
        assert providers.connections == by_agent
    finally:
        os.kill(agent.pid, signal.SIGCONT)

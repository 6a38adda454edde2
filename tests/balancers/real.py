"""A real HAProxy in front of two small HTTP servers that answer with their own name."""

import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
needs_haproxy = pytest.mark.skipif(HAPROXY is None, reason="haproxy is not installed")
CONFIG = """global
  stats socket {folder}/admin.sock mode 600 level {level}
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend front
  bind unix@{folder}/front.sock
  default_backend llm
backend llm
  balance {balance}
  server s1 127.0.0.1:{ports[0]} weight 90
  server s2 127.0.0.1:{ports[1]} weight 10
"""
READY_SECONDS = 30.0


def about(served: dict[str, int]) -> Any:
    """Who answered how many, as far as round robin is exact: a changed weight begins anywhere in its turn."""
    return pytest.approx(served, abs=2)


class _Named(ThreadingHTTPServer):
    """Answers with its name; `/held` only once it is let go."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.name = name
        self.arrived = threading.Event()
        self.let_go = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: _Named

    def do_GET(self) -> None:
        if self.path == "/held":
            self.server.arrived.set()
            self.server.let_go.wait(READY_SECONDS)
        body = self.server.name.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


class RealHaproxy:
    """Backend `llm` with servers s1 (weight 90) and s2 (weight 10); ends with the test."""

    def __init__(self, folder: Path, *, level: str = "admin", balance: str = "roundrobin") -> None:
        self.folder = folder
        self.socket = folder / "admin.sock"
        self.servers = [_Named("s1"), _Named("s2")]
        self._threads = [threading.Thread(target=each.serve_forever, args=(0.05,)) for each in self.servers]
        ports = [each.server_address[1] for each in self.servers]
        self._config = folder / "haproxy.cfg"
        self._config.write_text(CONFIG.format(folder=folder, level=level, balance=balance, ports=ports))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RealHaproxy":
        for thread in self._threads:
            thread.start()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        for each in self.servers:
            each.let_go.set()
            each.shutdown()
            each.server_close()
        for thread in self._threads:
            thread.join()

    def start(self, *options: str) -> None:
        """Run, and wait until it answers."""
        assert HAPROXY is not None
        argv = [HAPROXY, "-db", "-f", str(self._config), *options]
        with (self.folder / "haproxy.log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers(self._process.pid):
            assert self._process.poll() is None, (self.folder / "haproxy.log").read_text()
            assert time.monotonic() < deadline, "haproxy does not answer"
            time.sleep(0.02)

    def reload(self) -> None:
        """A new process takes over; the old one ends when its connections have."""
        old = self._process
        assert old is not None
        self.start("-sf", str(old.pid))
        old.wait(READY_SECONDS)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            self.socket.unlink(missing_ok=True)

    def by_hand(self, command: str) -> str:
        """What an operator types into the runtime API."""
        return _talk(self.socket, f"{command}\n")

    def serve(self, requests: int) -> Counter[str]:
        """Send requests, one after the other; who answered how many."""
        return Counter(self.get("/") for _ in range(requests))

    def get(self, path: str) -> str:
        """The answer's body; empty where there is none."""
        return _talk(self.folder / "front.sock", f"GET {path} HTTP/1.0\r\n\r\n").partition("\r\n\r\n")[2]

    def _answers(self, pid: int) -> bool:
        try:
            return f"Pid: {pid}\n" in self.by_hand("show info")
        except OSError:
            return False


def _talk(path: Path, text: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(READY_SECONDS)
        connection.connect(str(path))
        connection.sendall(text.encode())
        told = b""
        while more := connection.recv(65_536):
            told += more
    return told.decode()

"""The real gateway as a process, with a key and a port of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from costtui.store.ledger.reader import LedgerReader
from costtui.store.ledger.rows import RecentAttempt

START_SECONDS = 30.0


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class GatewayProcess:
    """A gateway in the foreground. Use as a context manager: nothing of it is left behind.

    `config` is everything but `[gateway]`; `limits` are further lines of that section.
    """

    def __init__(self, folder: Path, config: str, limits: str = "", environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.state_dir = folder / "state"
        self.config = folder / "config.toml"
        self.port = free_port()
        self.environment = os.environ | (environment or {})
        self.write(config, limits)
        self.key = self._command("key", "add", "test").strip()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "GatewayProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def write(self, config: str, limits: str = "") -> None:
        """A configuration, in place of the one before."""
        draft = self.config.with_suffix(".draft")
        draft.write_text(f'[gateway]\nlisten = "127.0.0.1:{self.port}"\n{limits}\n{config}')
        draft.replace(self.config)

    @property
    def url(self) -> str:
        """As clients of OpenAI's kind name it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def root(self) -> str:
        """As clients of Anthropic's kind name it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self.process is not None
        return self.process.pid

    @property
    def log_path(self) -> Path:
        """Everything that it printed."""
        return self.folder / "said"

    def start(self, *, wait: bool = True) -> None:
        """Begin, and wait until it answers."""
        argv = [sys.executable, "-m", "costtui.gateway", "--state-dir", str(self.state_dir)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*argv, "--config", str(self.config)], stdout=log, stderr=log, env=self.environment
            )
        if wait:
            self.await_health()

    def await_health(self) -> None:
        """Until it answers; fails with what it printed."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            assert self.process.poll() is None, self.log_path.read_text(errors="replace")
            assert time.monotonic() < deadline, "the gateway did not answer"
            time.sleep(0.01)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.root}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self, number: signal.Signals = signal.SIGTERM, wait_seconds: float = 60) -> int:
        """Send a signal and wait; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(wait_seconds)

    def post(self, path: str, body: object, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """One request by hand: status, headers, body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json", "authorization": f"Bearer {self.key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.url}{path}", data, sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, dict(answer.headers.items()), answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers.items()), error.read()

    def rows(self, count: int) -> list[RecentAttempt]:
        """What the ledger holds of single attempts, oldest first, once it is at least `count`."""
        deadline = time.monotonic() + START_SECONDS
        with contextlib.closing(LedgerReader(self.state_dir)) as reader:
            while len(rows := reader.recent(100_000)) < count:
                assert time.monotonic() < deadline, f"{len(rows)} of {count} attempts are in the ledger"
                time.sleep(0.02)
        return rows[::-1]

    def picture(self) -> dict[str, Any]:
        """What it writes for the screens."""
        picture: dict[str, Any] = json.loads((self.state_dir / "gateway.json").read_bytes())
        return picture

    def _command(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "costtui", "--state-dir", str(self.state_dir), *arguments]
        said = subprocess.run(argv, capture_output=True, text=True, env=self.environment, timeout=60, check=False)
        assert said.returncode == 0, said
        return said.stdout

    def command(self, *arguments: str) -> str:
        """What one of costtui's own commands prints, of this gateway's state."""
        return self._command("--config", str(self.config), *arguments)

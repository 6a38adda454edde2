"""The real agent as a process, and what a face sees of it."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from costtui.report.live import load
from costtui.store.reader import TelemetryReader
from tests.agent.waiting import eventually

SHIFTED = Path(__file__).with_name("shifted.py")


class AgentProcess:
    """An agent in the foreground. Use as a context manager: nothing of it is left behind."""

    def __init__(self, folder: Path, config: str) -> None:
        self.state_dir = folder / "state"
        self.config = folder / "config.toml"
        self.offset = folder / "offset"
        self.config.write_text(config)
        if not self.offset.exists():
            self.offset.write_text("0")
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "AgentProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    def start(self) -> None:
        """Begin."""
        argv = [sys.executable, str(SHIFTED), str(self.state_dir), str(self.config), str(self.offset)]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self.process is not None
        return self.process.pid

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait; exit code and everything it printed."""
        assert self.process is not None
        self.process.send_signal(number)
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said

    def shift(self, seconds: int) -> None:
        """Let time pass for the agent."""
        moved = self.offset.with_suffix(".new")
        moved.write_text(str(int(self.offset.read_text()) + seconds * 1000))
        moved.replace(self.offset)

    def status(self, holds: Callable[[dict[str, Any]], Any] = bool) -> dict[str, Any]:
        """The first picture of this process for which `holds`."""
        reader = TelemetryReader(self.state_dir)
        last: dict[str, Any] = {}

        def look() -> dict[str, Any] | None:
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()
            stored = reader.status()
            if stored is None or stored.pid != self.pid:
                return None
            last.update(load(stored.body))
            return last if holds(last) else None

        try:
            return eventually(look, "the picture")
        except AssertionError as error:
            shown = json.dumps(last, default=lambda value: str(value) if isinstance(value, Decimal) else repr(value))
            raise AssertionError(f"{error}: {shown}") from None
        finally:
            reader.close()

    def children(self) -> list[int]:
        """Processes that it started and that still run."""
        text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(word) for word in text.split()]

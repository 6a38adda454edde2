"""The real command in a process of its own, in a home that holds nothing."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

KEPT = ("PATH", "LD_LIBRARY_PATH", "FAKE_NVML_SCENARIO", "FAKE_NVML_TRACE", "LANG")
DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """Runs `costtui` with a home, a state directory and an environment of its own."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def state_dir(self) -> Path:
        """Where the store is, unless a test says otherwise."""
        return self.home / "state"

    def environment(self) -> dict[str, str]:
        """Of each command."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        own = {"HOME": str(self.home), "COSTTUI_STATE_DIR": str(self.state_dir), "TZ": "UTC", "PYTHONUTF8": "1"}
        return kept | own | self.environ

    def argv(self, *arguments: str) -> list[str]:
        """A command line."""
        return [sys.executable, "-m", "costtui", *arguments]

    def __call__(self, *arguments: str) -> Said:
        """Run one command to its end; standard input is empty and output goes into pipes."""
        done = subprocess.run(
            self.argv(*arguments),
            env=self.environment(),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
        said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in said.out + said.err, said
        return said

    def config(self, text: str) -> Path:
        """Write a configuration where the command looks for it by itself."""
        path = self.home / ".config" / "costtui" / "config.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

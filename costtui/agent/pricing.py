"""Token prices are compiled by a child process at the start and when the configuration or prices.toml changes."""

import asyncio
import sys
from pathlib import Path

from costtui.config.model import Config
from costtui.domain.clean import clean
from costtui.errors import SourceError
from costtui.rates.overlay import inputs_digest
from costtui.rates.prices import PriceBook

COMPILE_SECONDS = 60.0
LOOK_MS = 10_000


class Pricing:
    """The price book in force; where none can be compiled the last one stays, and `trouble` says why."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self.book: PriceBook | None = None
        self.trouble: str | None = None
        self._tried: str | None = None
        """Hash of what the last compilation read, whether or not it went well."""
        self._looked_ms = 0

    def is_stale(self, config: Config, now_ms: int) -> bool:
        """Whether the user's files are others than those that were compiled last; looks every ten seconds."""
        if abs(now_ms - self._looked_ms) < LOOK_MS:
            return False
        self._looked_ms = now_ms
        return inputs_digest(config.path) != self._tried

    def load(self) -> None:
        """Read the book that the last compilation left."""
        try:
            self.book = PriceBook.load(self._state_dir)
        except SourceError as error:
            self.trouble = str(error)

    async def compile(self, config: Config) -> None:
        """Compile and read anew; the catalogue's memory goes with the child."""
        self._tried = inputs_digest(config.path)
        argv = [sys.executable, "-m", "costtui.rates.compile", "--state-dir", str(self._state_dir)]
        if config.path is not None:
            argv += ["--config", str(config.path)]
        failure = await _run(argv)
        self.trouble = failure
        if failure is None:
            self.load()


async def _run(argv: list[str]) -> str | None:
    """Run a child to its end; why it failed, or None."""
    quiet = asyncio.subprocess.DEVNULL
    try:
        child = await asyncio.create_subprocess_exec(*argv, stdin=quiet, stdout=quiet, stderr=asyncio.subprocess.PIPE)
    except OSError as error:
        return f"prices could not be compiled: {error.strerror}"
    try:
        async with asyncio.timeout(COMPILE_SECONDS):
            _, said = await child.communicate()
    except TimeoutError:
        return f"prices could not be compiled within {COMPILE_SECONDS:g} s"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == 0:
        return None
    last = said.decode(errors="replace").strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
    return clean(f"prices could not be compiled: {last[0]}")

"""The agent's side of a child process that sweeps: patient with a slow one, done with a hanging one."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from costtui.domain.reading import GpuReading, GpuSweep, Problem
from costtui.probes.nvml_driver import UNKNOWN_UUID
from costtui.probes.wire import decode

SILENCE_SECONDS = 5.0
"""A child that says nothing for this long is not waited for any more."""
STUCK_SECONDS = 15.0
"""After this long it is killed; while it is not dead, no other one is started."""
RESTART_SECONDS = (1.0, 5.0, 15.0, 30.0)
"""Pauses before the first, second, ... restart in a row; recovery is promised within a minute."""
FRAME_LIMIT_BYTES = 4 * 2**20


class ChildSweeps:
    """Sweeps of one child process, started again when it ends."""

    def __init__(self, module: str, arguments: Sequence[str], interval_seconds: float) -> None:
        self._command = (sys.executable, "-m", module, *arguments)
        self._interval_seconds = interval_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._line: asyncio.Task[bytes] | None = None
        self._heard = time.monotonic()
        self._restarts = 0
        self._start_at = 0.0
        self._problem: Problem | None = None
        self._known: dict[str, GpuReading] = {}

    async def sweep(self) -> GpuSweep:
        """The next sweep. While there is none it says why, every interval, with the GPUs known from before."""
        await self._ensure_child()
        if self._line is None:
            await asyncio.sleep(self._interval_seconds)
            return self._silent(self._problem or Problem("driver", "the driver is being started"))
        quiet = time.monotonic() - self._heard
        patience = self._interval_seconds if quiet >= SILENCE_SECONDS else SILENCE_SECONDS - quiet
        done, _ = await asyncio.wait({self._line}, timeout=patience)
        if not done:
            return self._waiting()
        line = self._line.result()
        if not line:
            await self._see_off()
        return self._took(line)

    async def close(self) -> None:
        """Kill the child and wait for it a second at most."""
        if self._line is not None:
            self._line.cancel()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 1.0)

    async def _see_off(self) -> None:
        """A child that closed its end is about to end; how long that takes is its affair, but never a busy wait."""
        if self._process is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), self._interval_seconds)

    async def _ensure_child(self) -> None:
        if self._process is not None and self._process.returncode is None:
            if self._line is None and self._process.stdout is not None:
                self._line = asyncio.ensure_future(self._process.stdout.readline())
            return
        if self._process is not None:
            self._process, self._line = None, None
            pause = RESTART_SECONDS[min(self._restarts, len(RESTART_SECONDS) - 1)]
            self._start_at, self._restarts = time.monotonic() + pause, self._restarts + 1
        if time.monotonic() < self._start_at:
            return
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=FRAME_LIMIT_BYTES,
        )
        self._heard = time.monotonic()
        if self._process.stdout is not None:
            self._line = asyncio.ensure_future(self._process.stdout.readline())

    def _took(self, line: bytes) -> GpuSweep:
        self._line = None
        if not line:
            code = self._process.returncode if self._process else None
            why = self._problem or Problem("driver", f"the process that reads the driver ended (code {code})")
            self._problem = why
            return self._silent(why)
        self._heard = time.monotonic()
        try:
            sweep = self._named(decode(line))
        except ValueError as error:
            return self._silent(Problem("driver", str(error)))
        self._problem = sweep.problem
        if sweep.problem is not None:
            return self._silent(sweep.problem)
        self._restarts = 0
        self._known = {gpu.uuid: gpu for gpu in sweep.gpus}
        return sweep

    def _waiting(self) -> GpuSweep:
        quiet = time.monotonic() - self._heard
        if quiet > STUCK_SECONDS and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        return self._silent(
            Problem("driver", f"the driver has not answered for {quiet:.0f} s", "look for Xid lines in `dmesg`")
        )

    def _silent(self, problem: Problem) -> GpuSweep:
        """The GPUs of before, with nothing known about them."""
        gpus = tuple(GpuReading(gpu.uuid, gpu.index, gpu.name, problems=(problem,)) for gpu in self._known.values())
        return GpuSweep(int(time.time() * 1000), gpus, None, problem)

    def _named(self, sweep: GpuSweep) -> GpuSweep:
        """Give a lost GPU, of which the driver tells the index alone, the name it had before."""
        present = {gpu.uuid for gpu in sweep.gpus}
        missing = {gpu.index: gpu for gpu in self._known.values() if gpu.uuid not in present}
        return replace(
            sweep,
            gpus=tuple(
                replace(gpu, uuid=missing[gpu.index].uuid, name=missing[gpu.index].name)
                if gpu.uuid.startswith(UNKNOWN_UUID) and gpu.index in missing
                else gpu
                for gpu in sweep.gpus
            ),
        )

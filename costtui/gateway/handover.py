"""A new process takes over from a running one: same socket, same lock, no request lost in between."""

import asyncio
import os
import socket
import subprocess
import sys
from dataclasses import dataclass

from costtui.gateway.options import GatewayOptions
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.log import EventLog

READY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Successor:
    """The process that serves from now on."""

    pid: int

    @classmethod
    async def start(
        cls, options: GatewayOptions, listener: socket.socket, ledger: LedgerWriter, log: EventLog
    ) -> "Successor | None":
        """Start it and wait until it says that it is ready; None where it did not, and this process goes on.

        From `detach` on this process writes its own spool only, which the successor commits; were the successor to
        fail, the ledger is taken back.
        """
        reading, writing = os.pipe()
        lock = ledger.detach()
        try:
            child = _start(options, listener.fileno(), lock, writing)
        finally:
            os.close(writing)
        try:
            said = await _line(reading)
        finally:
            os.close(reading)
        if said == b"ready\n":
            child.returncode = 0  # it outlives this process on purpose
            return cls(child.pid)
        child.kill()
        child.wait()
        ledger.attach()
        log.write("successor did not come up", code=child.returncode)
        return None


def _start(options: GatewayOptions, listener: int, lock: int, ready: int) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-m", "costtui.gateway", "--state-dir", str(options.state_dir.absolute())]
    if options.config_path is not None:
        argv += ["--config", str(options.config_path.absolute())]
    if options.detached:
        argv.append("--detached")
    argv += ["--inherit", f"{listener},{lock},{ready}"]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=(listener, lock, ready))


async def _line(descriptor: int) -> bytes:
    """What the child says, empty if it says nothing in time or ends."""
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, there.set)
    try:
        async with asyncio.timeout(READY_SECONDS):
            await there.wait()
        return os.read(descriptor, 64)
    except TimeoutError:
        return b""
    finally:
        loop.remove_reader(descriptor)

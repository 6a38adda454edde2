"""The agent as a process in the foreground."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable

from costtui.agent.balancers import Balancers
from costtui.agent.bill_watch import BillWatch
from costtui.agent.bills import Bills
from costtui.agent.endpoints import Endpoints
from costtui.agent.log import Log
from costtui.agent.loop import AgentLoop, Parts
from costtui.agent.options import AgentOptions
from costtui.agent.past import past
from costtui.agent.pricing import Pricing
from costtui.agent.witness import Witness
from costtui.config.model import Sampling
from costtui.config.watch import ConfigWatch
from costtui.egress.client import Egress
from costtui.errors import StoreBusy
from costtui.probes.gpus import GpuSource
from costtui.probes.host import HostProbe
from costtui.probes.nvml import NvmlSource
from costtui.probes.simulated import SimulatedSource
from costtui.report.compose import Composer
from costtui.report.traffic import Traffic
from costtui.store.balancers import newest_acks
from costtui.store.bills import BillReader
from costtui.store.controls import CONTROLS, ControlsStore
from costtui.store.ledger.reader import LedgerReader
from costtui.store.reader import TelemetryReader
from costtui.store.writer import TelemetryWriter

CLOSE_SECONDS = 1.0
"""A store that cannot be written must not hold up the agent's end; what it lacks is at most the last second."""
LOCK_TRIES = 5
LOCK_PAUSE_SECONDS = 0.1


def run_agent(options: AgentOptions) -> int:
    """Sample until SIGTERM or SIGINT; returns the exit code.

    Raises ConfigError, StoreBusy with the other agent's pid, StoreError or StoreDamaged before it begins.
    """
    watch = ConfigWatch(options.config_path, os.environ, options.clock.now_ms())
    writer = _own(options)
    log = Log(options.state_dir, options.clock)
    reader, ledger = TelemetryReader(options.state_dir), LedgerReader(options.state_dir)
    controls, steering = (ControlsStore(options.state_dir / CONTROLS) for _ in range(2))
    balancers = Balancers(steering, writer, options.clock, log, newest_acks(options.state_dir))
    traffic = Traffic(ledger, controls, options.state_dir)
    try:
        log.write("started", pid=os.getpid(), state_dir=str(options.state_dir))
        _say(options, f"costtui agent {os.getpid()}: sampling into {options.state_dir}; Ctrl-C ends it")
        gc.freeze()  # what is imported stays: the collector need not walk it every few seconds
        asyncio.run(_sample(options, watch, writer, reader, traffic, balancers, log))
    finally:
        for each in (reader, ledger, controls, steering):
            each.close()
        _close(writer)
        log.write("ended", pid=os.getpid())
        log.close()
    return 0


def _own(options: AgentOptions) -> TelemetryWriter:
    """Own the store. A face that asks who the owner is holds the lock for an instant: that is not an owner."""
    for _ in range(LOCK_TRIES):
        try:
            return TelemetryWriter.open(options.state_dir, now_ms=options.clock.now_ms())
        except StoreBusy as busy:
            if busy.pid is not None:
                raise
            time.sleep(LOCK_PAUSE_SECONDS)
    return TelemetryWriter.open(options.state_dir, now_ms=options.clock.now_ms())


def _say(options: AgentOptions, line: str) -> None:
    if not options.detached:
        with contextlib.suppress(OSError):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def _close(writer: TelemetryWriter) -> None:
    closing = threading.Thread(target=writer.close, name="closing", daemon=True)
    closing.start()
    closing.join(CLOSE_SECONDS)


async def _sample(
    options: AgentOptions,
    watch: ConfigWatch,
    writer: TelemetryWriter,
    reader: TelemetryReader,
    traffic: Traffic,
    balancers: Balancers,
    log: Log,
) -> None:
    stop = _stop_signals(detached=options.detached)
    config, _ = watch.look(options.clock.now_ms())
    async with Egress() as egress:
        loop = AgentLoop(
            Parts(
                clock=options.clock,
                watch=watch,
                writer=writer,
                composer=Composer(reader, traffic),
                log=log,
                egress=egress,
                gpus=_gpus(options, config.sampling),
                host=HostProbe(options.state_dir),
                pricing=Pricing(options.state_dir),
                past=past(reader, options.clock.now_ms()),
                witness=Witness(options.state_dir, writer),
                balancers=balancers,
                bills=Bills(
                    egress, writer, options.clock, log, BillReader(options.state_dir).feeds(), environ=os.environ
                ),
                bill_watch=BillWatch(options.state_dir),
                endpoints=Endpoints(options.state_dir, egress, writer, options.clock, log, os.environ),
                simulated=options.simulated_url is not None,
            )
        )
        try:
            await _until(stop, loop.run())
        finally:
            await loop.end()


def _gpus(options: AgentOptions, sampling: Sampling) -> GpuSource:
    if options.simulated_url is not None:
        return SimulatedSource(options.simulated_url, sampling)
    return NvmlSource(sampling)


def _stop_signals(*, detached: bool) -> asyncio.Event:
    """Set by SIGTERM and SIGINT, and by the terminal's hang-up unless the agent runs in the background."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if detached and number == signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        else:
            loop.add_signal_handler(number, stop.set)
    return stop


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Run `work` until it fails or `stop` is set."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if working.done():
        await working
    working.cancel()

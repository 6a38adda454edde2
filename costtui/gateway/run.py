"""The gateway as a process: open everything, serve, hand over or drain, close."""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from random import Random, SystemRandom
from typing import Any

from costtui.config.model import Config
from costtui.config.watch import ConfigWatch
from costtui.errors import CosttuiError
from costtui.gateway.client import ClientConnection
from costtui.gateway.handover import Successor
from costtui.gateway.keeper import PICTURE, Keeper
from costtui.gateway.listening import listen
from costtui.gateway.options import GatewayOptions
from costtui.gateway.relay import Relay
from costtui.gateway.salt import salt_in
from costtui.gateway.tables import Tables
from costtui.store.controls import ControlsStore
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.log import EventLog
from costtui.store.place import prepare

LOG = "gateway.log"
COLLECT_AFTER = 20_000
"""Objects made before the collector looks: a request leaves no cycles, so it seldom finds anything."""


def now_ms() -> int:
    """Unix time."""
    return int(time.time() * 1000)


def run_gateway(options: GatewayOptions) -> int:
    """Serve until SIGTERM or SIGINT, or until a successor has taken over; returns the exit code.

    Raises ConfigError, StoreBusy with the other gateway's pid, StoreError, or CosttuiError for a port that is taken.
    """
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold keys
    prepare(options.state_dir)
    watch = ConfigWatch(options.config_path, os.environ, now_ms())
    config, _ = watch.look(now_ms())
    if not config.targets:
        raise CosttuiError("the configuration names no [targets]: the gateway has nowhere to send; try `costtui init`")
    log = EventLog(options.state_dir / LOG, now_ms)
    inherited = options.inherited
    ledger = LedgerWriter.open(
        options.state_dir,
        now_ms=now_ms(),
        clock_ms=now_ms,
        lock_fd=None if inherited is None else inherited.lock,
        on_anchor=lambda head: log.write("ledger head", seq=head.seq, hash=head.hash.hex()),
    )
    try:
        listener = listen(config.gateway.listen) if inherited is None else socket.socket(fileno=inherited.listener)
        with listener:
            _run(_serve(options, watch, config, ledger, listener, log))
    finally:
        ledger.close()
        log.close()
    return 0


def _run(main: Coroutine[Any, Any, None]) -> None:
    """On uvloop where it can be imported: a fifth less CPU per request than the standard loop."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


async def _serve(
    options: GatewayOptions,
    watch: ConfigWatch,
    config: Config,
    ledger: LedgerWriter,
    listener: socket.socket,
    log: EventLog,
) -> None:
    loop = asyncio.get_running_loop()
    make_tables = partial(_tables, ledger=ledger, clock=loop.time)
    relay = Relay(
        make_tables(config),
        ledger,
        now=loop.time,
        clock_ms=now_ms,
        dice=Random(SystemRandom().getrandbits(64)),  # noqa: S311 - it shares out traffic, it hides nothing
        uid=os.getuid(),
        salt=salt_in(options.state_dir),
    )
    with contextlib.closing(ControlsStore.open(options.state_dir)) as controls:
        keeper = Keeper(relay, watch, controls, options.state_dir, log, make_tables)
        keeper.begin()
        await _until_told(options, relay, keeper, listener, log)


def _tables(config: Config, *, ledger: LedgerWriter, clock: Callable[[], float]) -> Tables:
    return Tables.of(config, os.environ, clock, now_ms, ledger.lane)


async def _until_told(
    options: GatewayOptions, relay: Relay, keeper: Keeper, listener: socket.socket, log: EventLog
) -> None:
    loop = asyncio.get_running_loop()
    stop, replace = _signals(detached=options.detached)
    server = await loop.create_server(partial(ClientConnection, relay), sock=listener.dup())
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    keeper.paint()
    log.write("serving", pid=os.getpid(), listen=relay.limits.listen)
    _say(options, relay)
    keeping = loop.create_task(keeper.run())
    successor: Successor | None = None
    try:
        while not stop.is_set():
            await _either(stop, replace, keeping)
            if replace.is_set() and not stop.is_set():
                replace.clear()
                keeper.quiet = True  # from now on the picture is the successor's
                if relay.desk is not None:
                    await relay.desk.reserve()
                successor = await Successor.start(options, listener, relay.ledger, log)
                if successor is not None:
                    break
                keeper.quiet = False
        log.write(
            "leaving", pid=os.getpid(), in_flight=relay.in_flight, to=None if successor is None else successor.pid
        )
        server.close()
        await _drain(relay)
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        relay.tables.close()
        if relay.desk is not None and successor is None:
            await relay.desk.close()
        if successor is None:
            (options.state_dir / PICTURE).unlink(missing_ok=True)
        log.write("ended", pid=os.getpid())


async def _either(stop: asyncio.Event, replace: asyncio.Event, keeping: "asyncio.Task[None]") -> None:
    """Until one of the events is set; a failure of the keeper is the process's."""
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(replace.wait())]
    done, _ = await asyncio.wait((*waits, keeping), return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    if keeping in done:
        keeping.result()


async def _drain(relay: Relay) -> None:
    """Let running answers end; connections close with their answer, idle ones once nothing is asked of them."""
    relay.drain()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(relay.limits.drain_seconds):
            await relay.emptied.wait()
    for client in list(relay.clients):
        client.transport.abort()
    for exchange in list(relay.drains):
        exchange.expired()
    await asyncio.sleep(0)


def _signals(*, detached: bool) -> tuple[asyncio.Event, asyncio.Event]:
    """Set by SIGTERM and SIGINT, and by SIGUSR2, which asks for a successor."""
    loop, stop, replace = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if detached and number == signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        else:
            loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR2, replace.set)
    return stop, replace


def _say(options: GatewayOptions, relay: Relay) -> None:
    if options.inherited is not None:
        os.write(options.inherited.ready, b"ready\n")
        os.close(options.inherited.ready)
    if not options.detached:
        with contextlib.suppress(OSError):
            names = ", ".join(sorted(relay.tables.aliases))
            sys.stdout.write(f"costtui gateway {os.getpid()}: http://{relay.limits.listen}/v1 serves {names}\n")
            sys.stdout.flush()

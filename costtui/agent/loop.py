"""The agent's second: what the sources said becomes a row in the store and a picture for every face."""

import asyncio
import contextlib
import os
import pwd
import socket
from dataclasses import dataclass

from costtui.agent.alarms import Alarms
from costtui.agent.balancers import SOURCE_PREFIX, Balancers, source_name
from costtui.agent.bill_watch import BillWatch
from costtui.agent.bills import TASK_PREFIX, Bills
from costtui.agent.board import Board
from costtui.agent.clock import Beat, Clock, Pulse, until_next_second
from costtui.agent.contracts import Contracts
from costtui.agent.crew import Crew
from costtui.agent.endpoints import TASK as ENDPOINTS
from costtui.agent.endpoints import Endpoints
from costtui.agent.engines import EngineLook, Engines
from costtui.agent.gpus import Gpus
from costtui.agent.health import Health
from costtui.agent.holders import Holders
from costtui.agent.log import Log
from costtui.agent.looks import engine_source, gpu_source, host_source, process_source, readable
from costtui.agent.notify import Courier
from costtui.agent.past import Past, session_of
from costtui.agent.pricing import Pricing
from costtui.agent.source import attempt
from costtui.agent.witness import Witness
from costtui.config.model import Config
from costtui.config.watch import ConfigWatch
from costtui.domain.clean import clean
from costtui.domain.terms import Session
from costtui.egress.client import Egress
from costtui.probes.gpus import GpuSource
from costtui.probes.host import HostProbe
from costtui.report.compose import Composer
from costtui.report.observation import Observation
from costtui.report.schema import to_json
from costtui.report.warnings import conditions
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter

FIRST_ANSWERS_SECONDS = 2.0
"""How long the first tick waits for every source to have said something."""
KNOWN_EVERY_MS = 10_000
"""GPUs whose state did not change are written down again this often, as still there."""


def login() -> str:
    """Name of the user that the agent runs as; the number where it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loop is put together from."""

    clock: Clock
    watch: ConfigWatch
    writer: TelemetryWriter
    composer: Composer
    log: Log
    egress: Egress
    gpus: GpuSource
    host: HostProbe
    pricing: Pricing
    past: Past
    witness: Witness
    balancers: Balancers
    bills: Bills
    bill_watch: BillWatch
    endpoints: Endpoints
    simulated: bool


class AgentLoop:
    """Ticks on whole seconds of the wall clock, whatever the sources do."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._board = Board()
        self._crew = Crew(parts.clock, parts.log)
        self._gpus = Gpus(parts.past.gpus)
        self._engines = Engines(parts.past.cursors)
        self._holders = Holders()
        self._contracts = Contracts(parts.past.terms, parts.writer)
        self._config, self._problems = parts.watch.look(parts.clock.now_ms())
        self._host_name = clean(self._config.host.name or socket.gethostname())
        self._user = clean(login())
        self._courier = Courier(parts.egress, self._host_name, os.environ)
        self._alarms = Alarms(parts.past.alerts, parts.writer, self._courier, parts.log)
        self._pulse = Pulse(parts.past.written_until_ms)
        self._picture = Health("picture", 1.0, parts.log)
        self._session: Session | None = None
        self._known_ms = 0

    async def run(self) -> None:
        """Sample until cancelled."""
        self._parts.pricing.load()
        self._begin()
        await self._first_answers()
        while True:
            await asyncio.sleep(until_next_second(self._clock.now_ms()))
            self._second()

    async def end(self) -> None:
        """Stop all sources, within two seconds, whatever they do."""
        self._parts.writer.record(Second(self._clock.now_ms(), holders=self._holders.rest()))
        await self._crew.end(0.5)
        self._parts.bill_watch.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._parts.gpus.close(), 1.2)

    def _begin(self) -> None:
        self._crew.follow(gpu_source(self._parts.gpus, self._board, self._clock, self._config))
        self._crew.follow(process_source(self._board, lambda: self._config))
        self._board.strangers.set()
        self._pace()
        self._engines_of(self._config, self._config)
        self._balancers_of(self._config, self._config)
        self._bills_of(self._config, self._config)
        self._follow_up(self._config)

    def _pace(self) -> None:
        """Begin, or begin anew at another pace, what is read at the configuration's intervals."""
        self._crew.follow(host_source(self._parts.host, self._board, self._clock, self._config))

    async def _first_answers(self) -> None:
        deadline = asyncio.get_running_loop().time() + FIRST_ANSWERS_SECONDS
        while not self._crew.has_answers() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - once, 40 looks
            await asyncio.sleep(0.05)

    def _apply(self, config: Config) -> None:
        """Put a newer configuration in force."""
        before, self._config = self._config, config
        if config.sampling != before.sampling:
            self._pace()
        self._engines_of(config, before)
        self._balancers_of(config, before)
        self._bills_of(config, before)
        self._board.strangers.set()
        self._follow_up(config)

    def _engines_of(self, config: Config, before: Config) -> None:
        """Engines come and go; one that stays as it was is not disturbed."""
        wanted = {f"engine:{target.name}": target for target in config.engines if readable(target)}
        same = {f"engine:{target.name}": target for target in before.engines if config.sampling == before.sampling}
        for name in self._crew.names:
            if name.startswith("engine:") and name not in wanted:
                self._crew.drop(name)
        for name, target in wanted.items():
            if name not in self._crew.names or same.get(name) != target:
                self._board.engines.pop(target.name, None)
                self._crew.follow(engine_source(target, self._parts.egress, self._board, self._clock, config))

    def _balancers_of(self, config: Config, before: Config) -> None:
        """Balancers come and go; one that stays as it was is not disturbed."""
        wanted = {source_name(balancer): balancer for balancer in config.balancers}
        same = {source_name(balancer): balancer for balancer in before.balancers}
        for name in self._crew.names:
            if name.startswith(SOURCE_PREFIX) and name not in wanted:
                self._crew.drop(name)
                self._parts.balancers.drop(name.removeprefix(SOURCE_PREFIX))
        for name, balancer in wanted.items():
            if name not in self._crew.names or same.get(name) != balancer:
                self._crew.follow(self._parts.balancers.source(balancer, lambda: self._config))

    def _bills_of(self, config: Config, before: Config) -> None:
        """Feeds of bills come and go with their providers; one whose section stays as it was is not disturbed."""
        same = {billing.provider for billing in before.billing if billing in config.billing}
        kept = {f"{TASK_PREFIX}{name}/" for name in same}
        running = {name for name in self._crew.names if name.startswith(TASK_PREFIX)}
        for name in running:
            if not name.startswith(tuple(kept)):
                self._crew.drop(name)
                self._parts.bills.drop(name)
        for billing in config.billing:
            if not any(name.startswith(f"{TASK_PREFIX}{billing.provider}/") for name in self._crew.names):
                for name, work in self._parts.bills.tasks(billing).items():
                    self._crew.run(name, work)

    def _follow_up(self, config: Config) -> None:
        """Prices and the webhook's address may be others now."""
        self._crew.run("prices", self._parts.pricing.compile(config))
        if any(billing.control_key is not None for billing in config.billing):
            self._crew.run(ENDPOINTS, self._parts.endpoints.run(config))
        else:
            self._crew.drop(ENDPOINTS)
        if config.alerts.webhook is None:
            self._crew.drop("alerts")
        else:
            self._crew.run("alerts", self._courier.run(config.alerts.webhook))

    def _second(self) -> None:
        now_ms = self._clock.now_ms()
        config, self._problems = self._parts.watch.look(now_ms)
        if config is not self._config:
            self._parts.log.write("configuration applied", path=str(config.path))
            self._apply(config)
        elif self._parts.pricing.is_stale(config, now_ms):
            self._crew.run("prices", self._parts.pricing.compile(config))
        self._parts.witness.look(now_ms)
        beat = self._pulse.beat(now_ms, self._clock.monotonic())
        if beat is not None:
            self._tick(beat)

    def _tick(self, beat: Beat) -> None:
        config, monotonic = self._config, self._clock.monotonic()
        readings = self._board.gpus(monotonic, config.sampling)
        looks = self._board.looks(config.engines, readings or (), monotonic, config.sampling)
        engines, cursors = self._engines.take(beat, looks)
        gpus = self._gpus.take(beat, readings, self._board.why_no_gpus(), self._engines.works(looks))
        self._session = self._session_at(beat.at_ms)
        sessions = (*self._parts.past.sessions, *self._present())
        self._contracts.settle(self._gpus.known(), config, sessions, beat.at_ms)
        body = self._picture_at(beat, looks)
        if beat.fresh:
            known, holders = self._known(beat.at_ms), self._holders.take(beat, readings)
            self._parts.writer.record(Second(beat.at_ms, gpus, engines, known, cursors, self._session, holders))
        if body is not None:
            self._parts.writer.publish(body, self._clock.now_ms())

    def _session_at(self, at_ms: int) -> Session | None:
        host = self._board.host
        if host is None:
            return None
        return session_of(host.boot_id, host.boot_at_ms, (*self._parts.past.sessions, *self._present()), at_ms)

    def _present(self) -> tuple[Session, ...]:
        return (self._session,) if self._session is not None else ()

    def _known(self, at_ms: int) -> tuple[KnownGpu, ...]:
        changed = self._gpus.changed()
        if abs(at_ms - self._known_ms) < KNOWN_EVERY_MS:
            return changed
        self._known_ms = at_ms
        return self._gpus.known()

    def _picture_at(self, beat: Beat, looks: tuple[EngineLook, ...]) -> bytes | None:
        """The picture as JSON; a fault in it is a source's fault and stops neither sampling nor the next picture."""
        body, problem = attempt("picture", lambda: self._composed(beat, looks))
        if problem is None:
            self._picture.answered(beat.at_ms)
        else:
            self._picture.failed(problem, beat.at_ms)
        return body

    def _composed(self, beat: Beat, looks: tuple[EngineLook, ...]) -> bytes:
        status = self._parts.composer.compose(self._seen(beat, looks), self._config, self._parts.pricing.book)
        sends = self._config.alerts.webhook is not None
        self._alarms.look(conditions(status, self._config), beat.at_ms, sends=sends)
        return to_json(status)

    def _seen(self, beat: Beat, looks: tuple[EngineLook, ...]) -> Observation:
        sweep, network = self._board.sweep, self._board.network_per_second
        return Observation(
            at_ms=beat.at_ms,
            host_name=self._host_name,
            user=self._user,
            pid=os.getpid(),
            gpus=self._gpus.now(),
            engines=self._engines.now(looks),
            kept=self._contracts.kept,
            session=self._session,
            host=self._board.host,
            network_received_bytes_per_second=network[0],
            network_sent_bytes_per_second=network[1],
            driver=sweep.driver if sweep else None,
            sources=(*self._crew.health(), *self._parts.bills.health()),
            config_loaded_ms=self._config.loaded_ms,
            config_problems=self._problems,
            trouble=self._parts.writer.trouble,
            notices=self._notices(),
            simulated=self._parts.simulated,
            balancers=self._parts.balancers.now(),
        )

    def _notices(self) -> tuple[tuple[str, str], ...]:
        found = [
            (
                f"gpu-nameless:{gpu.index}",
                f"GPU {gpu.index} cannot be read and was never seen before: its rent is unknown",
            )
            for gpu in self._gpus.nameless
        ]
        if self._parts.pricing.trouble is not None:
            found.append(("prices", self._parts.pricing.trouble))
        if self._courier.trouble is not None and self._courier.waiting:
            found.append(("alerts", f"{len(self._courier.waiting)} alert(s) not delivered: {self._courier.trouble}"))
        bills = self._parts.bill_watch.notices(self._config, self._clock.now_ms())
        return (*found, *self._parts.balancers.notices(), *bills)

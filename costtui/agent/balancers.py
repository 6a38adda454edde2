"""Drives load balancers by the same changes by hand that the gateway follows, and remembers what they acknowledged."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from costtui.agent.clock import Clock
from costtui.agent.log import Log
from costtui.agent.source import Source
from costtui.balancers import haproxy, orders
from costtui.config.model import Config
from costtui.domain.balancer import Ack, AckState, Balancer, Orders, Process
from costtui.domain.control import ControlsState, Revision
from costtui.domain.reading import Problem
from costtui.errors import SourceError
from costtui.policy.overlay import newest
from costtui.policy.plan import plans
from costtui.report.observation import BalancerNow
from costtui.store.writer import TelemetryWriter

LOOK_SECONDS = 1.0
GLANCE_SECONDS = 0.25
"""Between two glances at whether somebody changed something by hand: 0.1 % of a core; ten a second would be 0.3 %."""
SOURCE_PREFIX = "haproxy:"
REMEDY = (
    "it needs `level admin` on the socket, a dynamic algorithm (roundrobin, leastconn), and the servers of [haproxy]"
)


class Controls(Protocol):
    """The part of the controls' store that is asked."""

    def changed(self) -> bool:
        """Whether anything was written since `state`."""

    def state(self) -> ControlsState:
        """Everything set by hand."""


def orders_of(balancer: Balancer, config: Config, revisions: Sequence[Revision], now_ms: int) -> Orders:
    """What the changes by hand that are in force ask of a balancer, at `now_ms`."""
    plan = plans(config, revisions, now_ms).plans[balancer.route]
    by_hand = plan.overridden_by
    shares = None if by_hand is None else dict(by_hand.weights)
    scopes = {(balancer.route, ""), *(("", target) for target, _ in balancer.servers)}
    made = [revision.revision_id for scope, revision in newest(revisions).items() if scope in scopes]
    return orders.orders(balancer, shares, plan.drained, max(made, default=None))


class Balancers:
    """All balancers of the configuration. `acks` are the last ones of earlier runs of the agent."""

    def __init__(
        self,
        controls: Controls,
        writer: TelemetryWriter,
        clock: Clock,
        log: Log,
        acks: Mapping[str, Ack],
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._controls = controls
        self._writer = writer
        self._clock = clock
        self._log = log
        self._acks = dict(acks)
        self._seen: dict[str, Process] = {}
        self._now: dict[str, BalancerNow] = {}
        self._made: tuple[Revision, ...] | None = None
        self._followed: dict[str, tuple[Revision, ...]] = {}
        self._look_seconds = look_seconds

    def source(self, balancer: Balancer, config: Callable[[], Config]) -> Source:
        """One balancer, read each second, told whenever somebody changed something by hand."""
        self._now[balancer.name] = BalancerNow(balancer, ack=self._last(balancer))
        self._followed.pop(balancer.name, None)

        async def look() -> Problem | None:
            await self._until_due(balancer.name)
            return await self._look(balancer, config())

        return Source(source_name(balancer), LOOK_SECONDS, None, look, paced=False)

    def drop(self, name: str) -> None:
        """Drive one no more; it stays as it is."""
        self._now.pop(name, None)

    def notices(self) -> tuple[tuple[str, str], ...]:
        """What somebody else changed, by key."""
        changed = [each.ack for each in self._now.values() if each.ack is not None]
        return tuple(
            (f"balancer:{ack.balancer}", f"HAProxy {ack.balancer} was changed by somebody else: {ack.problem}")
            for ack in changed
            if ack.state is AckState.CHANGED
        )

    def now(self) -> tuple[BalancerNow, ...]:
        """For the picture."""
        return tuple(self._now.values())

    async def _until_due(self, name: str) -> None:
        """Until a second after the last look, or a change by hand; the first look is due at once."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._look_seconds
        while name in self._followed and self._revisions() is self._followed[name] and loop.time() < deadline:  # noqa: ASYNC110 - another process writes
            await asyncio.sleep(min(GLANCE_SECONDS, self._look_seconds))

    async def _look(self, balancer: Balancer, config: Config) -> Problem | None:
        name, made = balancer.name, self._revisions()
        self._followed[name] = made
        asked = orders_of(balancer, config, made, self._clock.now_ms())
        try:
            last = self._last(balancer)
            backend = await haproxy.read(balancer, last.touched if last else ())
            asked = orders.with_leftovers(asked, last, backend.servers)
            if orders.due(asked, last, backend.process, self._seen.get(name)):
                backend = await self._tell(balancer, asked, last, backend)
            elif last is not None:
                self._keep(orders.compared(last, backend.servers, self._clock.now_ms()))
        except SourceError as error:
            self._away(balancer, asked, error)
            raise
        self._seen[name] = backend.process
        now_ms, ack = self._clock.now_ms(), self._last(balancer)
        self._now[name] = BalancerNow(balancer, asked, ack, backend.servers, now_ms)
        return None if ack is None else _refusal(source_name(balancer), ack)

    async def _tell(
        self, balancer: Balancer, asked: Orders, last: Ack | None, backend: haproxy.BackendNow
    ) -> haproxy.BackendNow:
        """Tell it, read it back, keep what it says."""
        asking = orders.asking(balancer, asked, last, backend.process, self._clock.now_ms())
        self._keep(asking)
        missing = orders.commands(balancer, asked, last, backend.servers)
        refusal = await haproxy.tell(balancer, [command for each in missing.values() for command in each])
        backend = await haproxy.read(balancer, asking.touched)
        told = [server for server, each in missing.items() if each]
        ack = orders.acknowledged(asking, refusal, told, backend.servers, self._clock.now_ms())
        self._keep(replace(ack, process=backend.process))
        return backend

    def _keep(self, ack: Ack) -> None:
        """Remember it; store it where it says something new."""
        last = self._acks.get(ack.balancer)
        if last is not None and ack.state is AckState.ASKED and _is_refused(last, ack.orders):
            return
        self._acks[ack.balancer] = ack
        if last is None or _gist(ack) != _gist(last):
            self._writer.keep_ack(ack)
            self._log.write(
                f"balancer {ack.state}", balancer=ack.balancer, revision=ack.orders.revision, problem=ack.problem
            )

    def _last(self, balancer: Balancer) -> Ack | None:
        """What this backend acknowledged last, not another one of the same name."""
        last = self._acks.get(balancer.name)
        return last if last is not None and last.place == balancer.place else None

    def _away(self, balancer: Balancer, asked: Orders, error: SourceError) -> None:
        before = self._now[balancer.name]
        since_ms = before.away_since_ms if before.away_since_ms is not None else self._clock.now_ms()
        self._now[balancer.name] = replace(
            before, asked=asked, ack=self._last(balancer), away=error.reason, away_since_ms=since_ms
        )

    def _revisions(self) -> tuple[Revision, ...]:
        """Changes by hand. Where they never could be read nobody knows what is asked, and nothing may be set back."""
        if self._made is None or self._controls.changed():
            made = self._controls.state().revisions
            if not self._controls.changed():
                self._made = made
            elif self._made is None:
                raise SourceError("controls.db cannot be read", "see `costtui doctor`")
        return self._made


def source_name(balancer: Balancer) -> str:
    """As the agent's sources call it."""
    return f"{SOURCE_PREFIX}{balancer.name}"


def _is_refused(last: Ack, asked: Orders) -> bool:
    """Whether it refuses these very orders: what it may have to set back is written down already."""
    return last.state is AckState.REFUSED and last.orders == asked


def _refusal(name: str, ack: Ack) -> Problem | None:
    return Problem(name, f"does not do as told: {ack.problem}", REMEDY) if ack.state is AckState.REFUSED else None


def _gist(ack: Ack) -> tuple[object, ...]:
    """What makes a difference after a restart of the agent, or to somebody who looks back."""
    return ack.state, ack.orders, ack.problem, ack.process.pid, ack.weighted, ack.drained

"""The agent's driver with its real parts: controls.db, telemetry.db, a log, and a clock that a test sets."""

import asyncio
from dataclasses import replace
from pathlib import Path

from costtui.agent.balancers import Balancers
from costtui.agent.clock import SystemClock
from costtui.agent.log import Log
from costtui.config.load import load_bytes
from costtui.config.model import Config
from costtui.domain.balancer import Ack
from costtui.domain.control import Kind, Revision
from costtui.domain.reading import Problem
from costtui.policy.overlay import newest
from costtui.report.balancers import Balancer, balancer
from costtui.store.balancers import newest_acks
from costtui.store.controls import CONTROLS, ControlsStore
from costtui.store.writer import TelemetryWriter

TEXT = """[targets]
vllm1 = {{ engine = "vllm", url = "http://127.0.0.1:8001" }}
vllm2 = {{ engine = "vllm", url = "http://127.0.0.1:8002" }}
novita = {{ provider = "novita", model = "m" }}
[routes.chat]
strategy = "idle-first"
targets = ["vllm1", "vllm2", "novita"]
[haproxy.edge]
socket = "{socket}"
backend = "llm"
route = "chat"
servers = {{ vllm1 = "s1", vllm2 = "s2" }}
"""


class SetClock(SystemClock):
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.at_ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.at_ms


def config_of(socket: Path, servers: str = "") -> Config:
    """One balancer, `edge`, on route `chat`; with other `servers` than usual."""
    text = TEXT.format(socket=socket)
    if servers:
        text = text[: text.index("servers = ")] + f"servers = {servers}\n"
    return load_bytes(Path("c.toml"), text.encode(), 7)


class Driven:
    """What an agent does with one balancer, look by look."""

    def __init__(self, state_dir: Path, socket: Path, *, look_seconds: float = 0.0) -> None:
        self.state_dir = state_dir
        self.look_seconds = look_seconds
        self.clock = SetClock()
        self.config = config_of(socket)
        self._writer = TelemetryWriter.open(state_dir, now_ms=self.clock.at_ms)
        self._log = Log(state_dir, self.clock)
        self.controls = ControlsStore.open(state_dir)
        self._steering: list[ControlsStore] = []
        self.start()

    def configure(self, config: Config) -> None:
        """Put a newer configuration in force."""
        self.config = config
        self._source = self.balancers.source(config.balancers[0], lambda: self.config)

    def start(self) -> None:
        """Begin as an agent does that knows only what is stored."""
        steering = ControlsStore(self.state_dir / CONTROLS)
        self._steering.append(steering)
        self.balancers = Balancers(
            steering, self._writer, self.clock, self._log, newest_acks(self.state_dir), self.look_seconds
        )
        self._source = self.balancers.source(self.config.balancers[0], lambda: self.config)

    def __enter__(self) -> "Driven":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """As when the agent ends; a new one may begin."""
        for store in (self.controls, *self._steering):
            store.close()
        self._log.close()
        self._writer.close()

    def look(self) -> Problem | None:
        """One look of the agent, a second after the last. Raises SourceError where the balancer is away."""
        self.clock.at_ms += 1_000

        async def once() -> Problem | None:
            return await self._source.look()

        return asyncio.run(once())

    def shown(self) -> Balancer:
        """As in the picture."""
        (now,) = self.balancers.now()
        return balancer(now, self.clock.at_ms)

    def stored(self) -> Ack:
        """The last word of the balancer in telemetry.db."""
        self._writer.keep_alerts(()).result(10)  # whatever was handed in before is committed with it
        return newest_acks(self.state_dir)["edge"]

    def set(self, kind: Kind, weights: dict[str, int], *, seconds: int | None = None) -> Revision:
        """A change by hand."""
        route = "" if kind is Kind.DRAIN else "chat"
        until_ms = None if seconds is None else self.clock.at_ms + seconds * 1_000
        pairs = tuple(weights.items())
        draft = Revision(0, route, self.clock.at_ms, "ana", "", kind, pairs, until_ms)
        return self._add(draft)

    def undo(self, revision: Revision) -> Revision:
        """Take one back."""
        return self._add(Revision(0, revision.route, self.clock.at_ms, "ana", "", Kind.UNDO, revision.weights))

    def _add(self, draft: Revision) -> Revision:
        last = newest(self.controls.state().revisions).get(draft.scope)
        parent = None if last is None else last.revision_id
        return self.controls.add_revision(replace(draft, parent=parent))

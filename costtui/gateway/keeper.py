"""What the gateway does beside requests: deadlines, edits of the configuration, prices, controls, its own picture."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from costtui.config.model import Config
from costtui.config.watch import ConfigWatch
from costtui.domain.ability import ABLE
from costtui.errors import CosttuiError, SourceError
from costtui.gateway.host import NOTHING, read_host
from costtui.gateway.picture import decisions, picture
from costtui.gateway.relay import Relay
from costtui.gateway.tables import Tables
from costtui.policy.limits import limits_in_force
from costtui.policy.plan import plans
from costtui.rates.child import compile_in_child
from costtui.rates.overlay import inputs_digest
from costtui.rates.prices import PRICES_FILE, PriceBook
from costtui.store.controls import ControlsStore, GatewayKey
from costtui.store.log import EventLog

SWEEP_SECONDS = 0.5
CONTROLS_SECONDS = 0.1
"""A shift by hand reaches the gateway within this; a look takes 3 us."""
LOOK_SECONDS = 1.0
RATES_SECONDS = 5.0
PICTURE = "gateway.json"
DECISIONS = "decisions.json"
STEERED = frozenset({"idle-first", "cheapest", "cascade"})
"""As policy calls them; it is not loaded where nobody needs it."""


class Keeper:
    """Runs on the relay's own loop; nothing here may take longer than a millisecond or two."""

    def __init__(
        self,
        relay: Relay,
        watch: ConfigWatch,
        controls: ControlsStore,
        state_dir: Path,
        log: EventLog,
        make_tables: Callable[[Config], Tables],
    ) -> None:
        self._relay = relay
        self._watch = watch
        self._controls = controls
        self._state_dir = state_dir
        self._log = log
        self._make_tables = make_tables
        self._config = relay.tables.config
        self._plans_until_ms: int | None = None
        self._prices_seen: tuple[int, int] | None = None
        self._compiling: asyncio.Task[None] | None = None
        self._host = NOTHING
        self._limits = limits_in_force((), (), 0)
        self.revision = 0
        self.quiet = False
        """Whether another process paints the picture."""
        self.warnings: tuple[str, ...] = ()
        self.troubles: tuple[str, ...] = ()

    def begin(self) -> None:
        """Everything once, before the first request."""
        self.take_controls()
        self._take_prices()
        self._compile_where_stale()

    async def run(self) -> None:
        """Until cancelled."""
        tasks = [
            self._every(SWEEP_SECONDS, self._sweep),
            self._every(CONTROLS_SECONDS, self._look_at_controls),
            self._every(LOOK_SECONDS, self._look),
            self._every(RATES_SECONDS, self._look_at_host),
            self._every(RATES_SECONDS, self._compile_where_stale),
        ]
        self._look_at_host()
        await asyncio.gather(*tasks)

    async def _every(self, seconds: float, work: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                work()
            except CosttuiError as error:
                self._log.write("trouble", what=str(error))

    def _sweep(self) -> None:
        relay, now = self._relay, self._relay.now()
        for client in list(relay.clients):
            exchange = client.exchange
            if exchange is not None and not client.paused:
                if exchange.deadline and exchange.deadline < now:
                    exchange.expired()
            elif client.deadline < now or (relay.draining and client.resting_since(now)):
                client.expired()
        for exchange in list(relay.drains):
            if exchange.deadline < now:
                exchange.expired()
        for pool in relay.tables.pools.values():
            pool.sweep(now)
        if relay.breakers:
            relay.refresh_closed()
        if relay.desk is not None:
            relay.desk.tick()

    # controls

    def _look_at_controls(self) -> None:
        until = self._plans_until_ms
        if self._controls.changed() or (until is not None and self._relay.clock_ms() >= until):
            self.take_controls()
            self.paint()  # whoever made the change is waiting to see it in force

    def take_controls(self) -> None:
        """Keys and routes as people set them; what a shift may not do is left out with a warning."""
        state, now_ms = self._controls.state(), self._relay.clock_ms()
        planned = plans(self._relay.tables.config, state.revisions, now_ms)
        self._relay.tables.take_plans(dict(planned.plans))
        self._relay.tables.keys = {key.digest: key for key in state.keys}
        self._relay.forget_heads()
        self._limits = limits_in_force(self._config.budgets, state.revisions, now_ms)
        ends = [end for end in (planned.next_change_ms, self._limits.next_change_ms) if end is not None]
        self._plans_until_ms = min(ends, default=None)
        self.warnings = (*planned.warnings, *self._limits.warnings)
        self.revision = max((revision.revision_id for revision in state.revisions), default=0)
        self._relay.refresh_closed()
        self._take_budgets(state.keys)
        self._take_router()

    # configuration and prices

    def _look(self) -> None:
        relay = self._relay
        config, problems = self._watch.look(relay.clock_ms())
        self.troubles = tuple(problems)
        if config is not self._config:
            self._take_config(config)
        self._take_prices()
        relay.tables.pricing.age()
        relay.ledger.adopt()
        if relay.router is not None:
            relay.router.tick(relay.clock_ms())
        self.paint()

    def _take_config(self, config: Config) -> None:
        relay, old = self._relay, self._relay.tables
        self._config = config
        relay.tables = self._make_tables(config)
        relay.tables.caches.update(
            {
                name: cache
                for name, cache in old.caches.items()
                if name in relay.tables.caches and cache.same(relay.tables.caches[name])
            }
        )
        relay.take_limits(config.gateway)
        old.close()
        self._prices_seen = None
        self.take_controls()
        self._log.write("configuration taken", targets=len(config.targets), routes=len(config.routes))

    def _take_prices(self) -> None:
        seen = _mark(self._state_dir / PRICES_FILE)
        if seen != self._prices_seen or (
            seen is None and self._relay.tables.pricing.book is None and self._prices_seen is None
        ):
            self._prices_seen = seen
            with contextlib.suppress(SourceError):
                self._relay.tables.take_prices(PriceBook.load(self._state_dir))
                self._take_router()

    def _compile_where_stale(self) -> None:
        """Prices were compiled from another configuration or price list than the one that lies there now."""
        book = self._relay.tables.pricing.book
        if self._compiling is None and (book is None or book.inputs != inputs_digest(self._config.path)):
            self._compiling = asyncio.get_running_loop().create_task(self._compile())

    async def _compile(self) -> None:
        try:
            await asyncio.to_thread(compile_in_child, self._config.path, self._state_dir)
        except SourceError as error:
            self._log.write("prices not compiled", why=str(error))
            await asyncio.sleep(60)
        finally:
            self._compiling = None

    def _look_at_host(self) -> None:
        """What a million tokens of each engine cost on this host of late, and what rent budgets have to set aside."""
        found = read_host(self._state_dir)
        if found is not None:
            self._host = found
            self._relay.host_rates = dict(found.rates)
            self._limit_budgets()
            if self._relay.router is not None:
                self._relay.router.seen(found.engines, found.at_ms)

    # routing and budgets

    def _take_router(self) -> None:
        """Routes that are more than shares, as plans and prices have them now."""
        relay, config = self._relay, self._config
        if not any(route.strategy in STEERED or route.rules for route in config.routes) and all(
            target.abilities == ABLE for target in config.targets
        ):
            relay.router = None
            return
        from costtui.gateway.router import Router  # 3 ms of a cold start, and only for such routes

        keys = relay.tables.keys.values()
        router = Router(config, relay.tables.plans, relay.tables.pricing, keys, relay.router)
        relay.router = None if router.idle else router
        router.tick(relay.clock_ms())
        router.seen(self._host.engines, self._host.at_ms)
        relay.refresh_closed()

    def _take_budgets(self, keys: Sequence[GatewayKey]) -> None:
        relay = self._relay
        if relay.desk is None and not any(budget.hard for budget in self._config.budgets):
            return
        from costtui.gateway.admission.upkeep import desk_for  # 3 ms of a cold start, and only for hard budgets

        relay.desk = desk_for(relay.desk, self._config, keys, self._state_dir, relay.ledger, relay.clock_ms)
        self._limit_budgets()

    def _limit_budgets(self) -> None:
        desk = self._relay.desk
        if desk is not None:
            desk.limit(self._limits.nano, self._host.at_ms, self._host.aside)

    # its own picture

    def paint(self) -> None:
        """STATE_DIR/gateway.json and decisions.json, for the screens; each replaced in one step."""
        if self.quiet:
            return
        router = self._relay.router
        if router is not None and router.changed:
            router.changed = False
            self._replace(DECISIONS, decisions(router, self._relay.clock_ms()))
        trouble = self._controls.trouble
        ours = () if trouble is None else (f"{trouble.reason}; {trouble.remedy}",)
        self._replace(PICTURE, picture(self._relay, self.revision, (*self.troubles, *self.warnings, *ours)))

    def _replace(self, name: str, body: bytes) -> None:
        path = self._state_dir / name
        draft = path.with_name(f".{name}.{os.getpid()}")
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(body)
            draft.replace(path)
        except OSError as error:
            self._log.write("picture not written", why=error.strerror or "")


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino

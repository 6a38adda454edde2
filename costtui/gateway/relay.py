"""The gateway's heart: judges a request, sends it where policy says, and keeps count."""

import asyncio
import socket
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING

from costtui.config.model import Gateway
from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import read_request
from costtui.domain.attempt import Outcome
from costtui.gateway import answers
from costtui.gateway.breaker import Breaker, RetryBudget
from costtui.gateway.cache import cache_key
from costtui.gateway.exchange import Exchange
from costtui.gateway.head import Head
from costtui.gateway.identity import key_of, peer_uid
from costtui.gateway.judging import Judging
from costtui.gateway.replay import replay
from costtui.gateway.tables import Tables
from costtui.policy.plan import choose
from costtui.store.ledger.writer import LedgerWriter

if TYPE_CHECKING:
    from costtui.gateway.admission.desk import AdmissionDesk
    from costtui.gateway.client import ClientConnection
    from costtui.gateway.router import Router
    from costtui.store.controls import GatewayKey

DRAINS = 16
"""Answers that are read to their end for clients that left, at a time."""
HEADS = 1_024
"""Heads of requests that are known by their bytes; half a MiB."""
PSEUDONYMS = 10_000


class Relay:
    """One gateway. `now` is a monotonic clock in seconds, `clock_ms` unix time."""

    def __init__(
        self,
        tables: Tables,
        ledger: LedgerWriter,
        *,
        now: Callable[[], float],
        clock_ms: Callable[[], int],
        dice: Random,
        uid: int,
        salt: bytes,
    ) -> None:
        self.tables = tables
        self.ledger = ledger
        self.now = now
        self.clock_ms = clock_ms
        self.dice = dice
        self.heads: dict[bytes, Head] = {}
        self.take_limits(tables.config.gateway)
        self.retries = RetryBudget()
        self.breakers: dict[str, Breaker] = {}
        self.closed: frozenset[str] = frozenset()
        """Targets that are left alone for now."""
        self.clients: set[ClientConnection] = set()
        self.drains: set[Exchange] = set()
        self.draining = False
        """Whether this process is on its way out."""
        self.emptied = asyncio.Event()
        self.in_flight = 0
        self.requests = 0
        self.refusals: dict[str, int] = {}
        self.router: Router | None = None
        """Decides for routes that are more than shares; None without any."""
        self.desk: AdmissionDesk | None = None
        """Where budgets that refuse anything are kept; None without any."""
        self.host_rates: dict[str, Decimal] = {}
        """USD per million tokens of self-hosted targets, as the agent last measured them."""
        self._pseudonyms: dict[str, str] = {"": ""}
        self._uid = uid
        self._salt = salt

    # clients

    def joined(self, client: "ClientConnection") -> None:
        """A connection was accepted; one too many is told so at once."""
        self.clients.add(client)
        if len(self.clients) > self.limits.max_connections:
            client.refuse(Refusal(503, "too many connections (gateway.max_connections)", "overloaded"))
        elif self.limits.clients == "same-uid":
            connection = client.transport.get_extra_info("socket")
            duplicate = socket.socket(fileno=socket.dup(connection.fileno()))
            with duplicate:
                client.uid_allowed = peer_uid(duplicate) == self._uid

    def left(self, client: "ClientConnection") -> None:
        """It closed."""
        self.clients.discard(client)
        self._look_whether_empty()

    def drain(self) -> None:
        """This process is on its way out: every connection ends with its answer, and `emptied` is set at the end."""
        self.draining = True
        self._look_whether_empty()

    def _look_whether_empty(self) -> None:
        if self.draining and not self.clients and not self.drains:
            self.emptied.set()

    def take_limits(self, limits: Gateway) -> None:
        """The configuration changed: nothing that was judged by the one before holds any more."""
        self.limits = limits
        self.judging = Judging(limits)
        self.forget_heads()

    def forget_heads(self) -> None:
        """Limits or keys changed."""
        self.heads.clear()

    def remember_head(self, first: bytes, head: Head) -> None:
        """A head that was found good: the same bytes need not be read again. Callers may send any number of them."""
        if len(self.heads) >= HEADS:
            self.heads.clear()
        self.heads[first] = head

    def _identify(self, client: "ClientConnection", head: Head) -> str:
        """The pseudonymous id of the key; empty for this user's own processes."""
        if self.limits.clients == "same-uid":
            if client.uid_allowed:
                return ""
            message = "only processes of the gateway's own user may call (gateway.clients = same-uid)"
            raise Refusal(403, message, "uid_refused")
        key: GatewayKey | None = key_of(head.credential, self.tables.keys) if head.credential else None
        if key is None:
            what = "this key is not known" if head.credential else "a key is needed"
            raise Refusal(401, f"{what}: make one with `costtui key add NAME`", "invalid_api_key")
        return key.key_id

    # requests

    def handle(self, client: "ClientConnection", head: Head, body: bytes) -> None:
        """One whole request. Raises Refusal."""
        operation, key_id = head.operation, head.key_id
        if operation is None or head.method != b"POST":
            self._other(client, head)
            return
        if key_id is None:
            key_id = head.key_id = self._identify(client, head)
        self.requests += 1
        if self.in_flight >= self.limits.max_in_flight:
            raise Refusal(503, "too many requests at a time (gateway.max_in_flight)", "overloaded")
        asked = read_request(operation, body)
        route = self.tables.aliases.get(asked.model)
        if route is None:
            raise Refusal(404, f"no route or target is named {asked.model[:100]!r}; see /v1/models", "model_not_found")
        exchange = Exchange(self, client, head, asked, body, route, key_id)
        if head.tag in self.tables.tags:
            exchange.tag = head.tag
        router, plan, draw = self.router, self.tables.plans[route], self.dice.random()
        if router is None:
            targets, reason = choose(plan, draw, self.closed)
        else:
            targets, reason = router.decide(exchange, plan, draw, self.clock_ms())
        if not targets:
            raise Refusal(503, reason, "no_target")
        targets = self.tables.able(targets, operation)
        if route in self.tables.caches and self._from_cache(client, exchange, operation):
            return
        client.exchange = exchange
        self.in_flight += 1
        self.retries.earn()
        exchange.begin(targets, reason)
        if router is not None:
            router.note(exchange, self.clock_ms())

    def _other(self, client: "ClientConnection", head: Head) -> None:
        method, path = head.method, head.path.partition(b"?")[0]
        if path in (b"/health", b"/healthz", b"/ready", b"/readyz"):
            self._health(client, ready=path.startswith(b"/ready"))
            return
        self._identify(client, head)
        if method == b"GET" and path == b"/v1/models":
            client.answer(200, [answers.JSON], answers.models(self.tables.aliases))
        elif method == b"GET" and path.startswith(b"/v1/models/"):
            alias = path.removeprefix(b"/v1/models/").decode("latin-1")
            if alias not in self.tables.aliases:
                raise Refusal(404, "no route or target has this name; see /v1/models", "model_not_found")
            client.answer(200, [answers.JSON], answers.model(alias))
        elif head.operation is not None or path == b"/v1/models":
            raise Refusal(405, "this path takes another method", "method_not_allowed")
        else:
            raise Refusal(404, "no such path here; the API lies under /v1", "not_found")

    def _health(self, client: "ClientConnection", *, ready: bool) -> None:
        usable = any(not address.trouble for address in self.tables.addresses.values())
        good = not ready or (usable and not self.draining)
        body = b'{"status":"ok"}' if good else b'{"status":"not ready"}'
        client.answer(200 if good else 503, [answers.JSON], body)

    # the prompt cache

    def _from_cache(self, client: "ClientConnection", exchange: Exchange, operation: Operation) -> bool:
        key = cache_key(exchange.key_id, exchange.route, operation.value, exchange.body)
        if key is None:
            return False
        kept = self.tables.caches[exchange.route].find(key, self.now())
        if kept is not None:
            replay(self, client, exchange, kept)
            return True
        exchange.cache_key, exchange.recording = key, []
        return False

    def remember(self, exchange: Exchange) -> None:
        """A whole good answer of a route with a cache."""
        cache = self.tables.caches.get(exchange.route)
        if cache is None or exchange.cache_key is None or exchange.recording is None:
            return
        charge = exchange.meter.charge
        nano = None if charge is None else charge.nano
        cache.keep(exchange.cache_key, exchange.kept_headers, exchange.recording, exchange.streamed, nano, self.now())

    # counting

    def finished(self, exchange: Exchange) -> None:
        """A request is over, however it ended."""
        self.in_flight -= 1
        if self.drains:
            self.drains.discard(exchange)
        if self.draining:
            self._look_whether_empty()

    def may_drain(self) -> bool:
        """Whether one more answer may be read for nobody."""
        return len(self.drains) < DRAINS

    def count_refusal(self, refusal: Refusal) -> None:
        """For the screens: how many were refused, and why."""
        self.refusals[refusal.code] = self.refusals.get(refusal.code, 0) + 1

    def pseudonym(self, user: str) -> str:
        """The end user that a request names, as the ledger may keep it: a keyed hash, the same for the same name."""
        known = self._pseudonyms.get(user)
        if known is None:
            known = blake2b(user.encode(), key=self._salt, digest_size=8).hexdigest()
            if len(self._pseudonyms) < PSEUDONYMS:
                self._pseudonyms[user] = known
        return known

    def usd_per_million_tokens(self, target: str) -> Decimal | None:
        """Allocation basis, from the agent's last picture; None where it is not known."""
        return self.host_rates.get(target)

    # the targets' health

    def judge(self, target: str, outcome: Outcome, status: int, why: str) -> None:
        """What an attempt says about its target."""
        if outcome is Outcome.OK or outcome is Outcome.CANCELLED or (outcome is Outcome.REFUSED and status < 500):
            breaker = self.breakers.get(target)
            if breaker is not None and outcome is not Outcome.CANCELLED and breaker.failures:
                breaker.succeeded()
                self.refresh_closed()
            return
        self.breakers.setdefault(target, Breaker()).failed(self.now(), why or f"answered {status}" if status else why)
        self.refresh_closed()

    def asked(self, target: str) -> None:
        """An attempt goes there, while some targets are not well."""
        breaker = self.breakers.get(target)
        if breaker is not None and breaker.asked(self.now()):
            self.refresh_closed()

    def answered(self, target: str, status: int) -> None:
        """The head of an answer came, while some targets are not well: one that was asked to see is well again."""
        breaker = self.breakers.get(target)
        if breaker is not None and breaker.probing and status < 500 and status != 429:
            breaker.succeeded()
            self.refresh_closed()

    def rest(self, target: str, seconds: float) -> None:
        """It answered 429 and named a time."""
        self.breakers.setdefault(target, Breaker()).rest(self.now(), seconds)
        self.refresh_closed()

    def refresh_closed(self) -> None:
        """Which targets get no requests now. One that only rests is used where nothing else is left."""
        now = self.now()
        broken = frozenset(name for name, breaker in self.breakers.items() if breaker.open_until > now)
        resting = frozenset(name for name, breaker in self.breakers.items() if breaker.resting_until > now)
        self.closed = broken | resting if self._spare(broken | resting) else broken
        if self.router is not None:
            self.router.steering.close(self.closed)

    def _spare(self, closed: frozenset[str]) -> bool:
        """Whether every route keeps a target."""
        return all(set(plan.targets) - closed for plan in self.tables.plans.values() if set(plan.targets) & closed)

"""The gateway itself without its sockets: real requests go in as bytes, and every connection that it would open or take
out of a pool is written down and answered by a script of faults."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from costtui.config.model import Config
from costtui.domain.attempt import Attempt
from costtui.domain.control import ControlsState, GatewayKey, Revision
from costtui.gateway.address import Address
from costtui.gateway.client import ClientConnection
from costtui.gateway.keeper import Keeper
from costtui.gateway.pool import Pool
from costtui.gateway.relay import Relay
from costtui.gateway.tables import Tables
from costtui.gateway.upstream import UpstreamConnection
from costtui.store.ledger.holds import SpooledHold
from costtui.store.ledger.leases import Lease
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.log import EventLog
from tests.parts.provider import OPERATIONS
from tests.parts.provider_answers import Used, events, usage_block, whole
from tests.policy.boundary_cases import KEYS, PRICES, Asking

if TYPE_CHECKING:
    from costtui.config.watch import ConfigWatch
    from costtui.store.controls import ControlsStore

NOON_MS = 1_795_435_200_000
PROXIES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"), "http://10.66.6.6:3128")
FAULTS = (
    *("good", "good", "good", "refused", "late", "reset", "garbage", "silent", "cut", "stale"),
    *("500", "503", "429", "429 later", "307", "403"),
)
"""What becomes of one attempt."""
USED = Used(input=50_000, output=9_000)
"""So that budgets are soon spent."""
TURNS = 400
"""Of the loop, in which a request of four attempts is over."""


class Books(LedgerWriter):
    """A ledger that keeps nothing: what is asked of it is granted at once."""

    moved = 0
    """Attempts that went elsewhere for a budget."""

    def settle(self, attempt: Attempt) -> None:
        """Only its reason is read."""
        self.moved += "is spent, so not" in attempt.reason

    def hold(self, hold: SpooledHold) -> bool:
        """As if it were written down."""
        return True

    def lease(self, leases: Sequence[Lease], told: Callable[[bool], None]) -> None:
        """As if it were on the disk."""
        told(True)


class Dialled(NamedTuple):
    """One connection of an attempt."""

    target: str
    host: str
    port: int
    fault: str


class _Dice(Random):
    """Retries wait for nothing."""

    def uniform(self, a: float, b: float) -> float:
        return 0.0


class _Watch:
    """The configuration that is in force by now."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def look(self, now_ms: int) -> tuple[Config, tuple[str, ...]]:
        return self.config, ()


class _ByHand:
    """Changes by hand, and two keys."""

    trouble = None

    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        self._keys = tuple(GatewayKey(f"id-{name}", name, sha256(name.encode()).digest(), 0) for name in KEYS)

    def state(self) -> ControlsState:
        return ControlsState(tuple(self.revisions), self._keys)

    def changed(self) -> bool:
        return False


class _Wire(asyncio.Transport):
    """One end of a connection that leads nowhere."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__()
        self._take = take
        self._closing = False

    def write(self, data: Any) -> None:
        self._take(bytes(data))

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    abort = close

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    resume_reading = pause_reading

    def can_write_eof(self) -> bool:
        return False


class _Pool(Pool):
    """Of one target: each connection ends as the next fault says."""

    def __init__(self, address: Address, gateway: "Gateway") -> None:
        super().__init__(address, gateway.now)
        self._gateway = gateway

    def take(self) -> UpstreamConnection | None:
        fault = self._gateway.next_fault()
        host, port = self.address.proxy or (self.address.host, self.address.port)
        self._gateway.dialled.append(Dialled(self.address.name, host, port, fault))
        if fault in ("refused", "late"):
            return None
        connection = UpstreamConnection(self)
        connection.connection_made(_Wire(lambda data: self._gateway.play(connection, data, fault)))
        connection.fresh = fault != "stale"
        return connection

    async def dial(self) -> UpstreamConnection:
        await asyncio.sleep(0)
        last = self._gateway.dialled[-1]
        assert last.target == self.address.name
        raise TimeoutError if last.fault == "late" else ConnectionRefusedError(111, "Connection refused")

    def give_back(self, connection: UpstreamConnection) -> None:
        connection.transport.close()


class Gateway:
    """One gateway process in all but its sockets and its clock. `between` is called before each fault is played."""

    def __init__(self, config: Config, ledger: LedgerWriter, folder: Path, log: EventLog, dice: Random) -> None:
        self.dialled: list[Dialled] = []
        self.by_hand = _ByHand()
        self.between: Callable[[], None] = _nothing
        self.seconds = 0.0
        self._dice = dice
        self._watch = _Watch(config)
        self._faults: deque[str] = deque()
        self.relay = Relay(
            self._tables(config),
            ledger,
            now=self.now,
            clock_ms=self.clock_ms,
            dice=_Dice(dice.random()),
            uid=0,
            salt=b"salt",
        )
        self._keeper = Keeper(
            self.relay,
            cast("ConfigWatch", self._watch),
            cast("ControlsStore", self.by_hand),
            folder,
            log,
            self._tables,
        )
        self._keeper.quiet = True
        self._keeper.take_controls()
        self.look()

    def now(self) -> float:
        """Seconds since it started."""
        return self.seconds

    def clock_ms(self) -> int:
        """Unix time."""
        return NOON_MS + int(self.seconds * 1000)

    @property
    def config(self) -> Config:
        """In force."""
        return self.relay.tables.config

    @property
    def hour(self) -> int:
        """Of the day, as rules see it."""
        return (12 + int(self.seconds // 3600)) % 24

    def _tables(self, config: Config) -> Tables:
        tables = Tables.of(config, PROXIES, self.now, self.clock_ms, lambda lane: 1)
        tables.pools = {name: _Pool(address, self) for name, address in tables.addresses.items()}
        tables.take_prices(PRICES)
        return tables

    def look(self) -> None:
        """What it does each second."""
        self._keeper._look()
        if self.relay.breakers:
            self.relay.refresh_closed()

    def edit(self, config: Config) -> None:
        """A new configuration is in force."""
        self._watch.config = config
        self.look()

    def change(self, revision: Revision) -> None:
        """Somebody changes where traffic goes."""
        self.by_hand.revisions.append(revision)
        self._keeper.take_controls()

    def next_fault(self) -> str:
        """For the next attempt."""
        return self._faults.popleft() if self._faults else "good"

    async def ask(self, asking: Asking, faults: Iterable[str]) -> bytes:
        """One request to its end: all that the client reads."""
        self._faults = deque(faults)
        said = bytearray()
        wire, client = _Wire(said.extend), ClientConnection(self.relay)
        client.connection_made(wire)
        client.data_received(_request(asking))
        for _ in range(TURNS):
            exchange = client.exchange
            if exchange is None or wire.is_closing():
                break
            await asyncio.sleep(0)
            if client.exchange is exchange and self._silent():
                exchange.expired()
        assert client.exchange is None or wire.is_closing(), (asking, self.dialled)
        client.connection_lost(None)
        return bytes(said)

    def _silent(self) -> bool:
        return bool(self.dialled) and self.dialled[-1].fault == "silent"

    def play(self, connection: UpstreamConnection, request: bytes, fault: str) -> None:
        """What becomes of an attempt whose request was just sent."""
        asyncio.get_running_loop().call_soon(self._play, connection, request, fault)

    def _play(self, connection: UpstreamConnection, request: bytes, fault: str) -> None:
        self.between()
        if connection.listener is None or fault == "silent":
            return
        if fault in ("reset", "stale"):
            connection.connection_lost(ConnectionResetError())
            return
        connection.data_received(_answer(request, fault))
        if connection.listener is not None:
            connection.connection_lost(None)


def _nothing() -> None:
    pass


def _request(asking: Asking) -> bytes:
    body: dict[str, object] = {"model": asking.model, "max_tokens": 100, "stream": asking.stream}
    said = [{"role": "user", "content": "What is the capital of France?"}]
    body |= {"input": said} if asking.path == "/v1/responses" else {"messages": said}
    if asking.tools:
        body["tools"] = [{"name": "f", "input_schema": {"type": "object"}}]
    data = json.dumps(body).encode()
    lines = [f"POST {asking.path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"authorization: Bearer {asking.key}", f"content-length: {len(data)}"]
    lines += [f"x-costtui-tag: {asking.tag}"] if asking.tag else []
    lines += [f"x-costtui-data-class: {asking.data_class}"] if asking.data_class else []
    return "\r\n".join([*lines, "", ""]).encode() + data


def _answer(request: bytes, fault: str) -> bytes:
    if fault == "garbage":
        return b"SSH-2.0-nothing\r\n\r\n"
    if fault == "307":
        return b"HTTP/1.1 307 Elsewhere\r\nlocation: http://10.66.6.6/v1\r\ncontent-length: 0\r\n\r\n"
    if fault[0] in "45":
        after = b"retry-after: 30\r\n" if "later" in fault else b""
        return b"HTTP/1.1 %b No\r\n%bcontent-length: 2\r\n\r\n{}" % (fault[:3].encode(), after)
    head, _, body = request.partition(b"\r\n\r\n")
    path = head.split(b" ")[1].decode().rpartition("/v1")[2]
    operation, asked = OPERATIONS[path], json.loads(body)
    usage = usage_block("openai", operation, USED)
    if asked.get("stream"):
        said = b"".join(events(operation, asked["model"], usage, 3))
        kind = b"text/event-stream"
    else:
        said, kind = whole(operation, asked["model"], usage, 3), b"application/json"
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind, len(said), said)
    return answer[:-20] if fault == "cut" else answer

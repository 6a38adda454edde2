"""One request of a client, over as many attempts as it takes; each attempt ends in one row of the ledger."""

import asyncio
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from costtui.dialects.answer import read_answer
from costtui.dialects.refusals import Refusal
from costtui.dialects.request import Asked, forward_body
from costtui.dialects.stream import StreamMeter
from costtui.domain.attempt import Outcome
from costtui.gateway import answers, whole_answer
from costtui.gateway.address import ANTHROPIC, ANTHROPIC_VERSION, Address
from costtui.gateway.admission.refusal import BudgetRefusal
from costtui.gateway.admission.sending import send_held
from costtui.gateway.head import Head
from costtui.gateway.large_answer import LargeAnswer
from costtui.gateway.meter import AttemptMeter
from costtui.gateway.stream_answer import USAGE_ON_DEMAND, StreamAnswer
from costtui.gateway.upstream import UpstreamConnection

if TYPE_CHECKING:
    from costtui.dialects.bounds import Bounds
    from costtui.domain.ask import Ask
    from costtui.gateway.client import ClientConnection
    from costtui.gateway.relay import Relay
    from costtui.policy.cascade import Choice
    from costtui.policy.steer import Steered

ATTEMPTS = 4
RETRY_AFTER_SECONDS = 2.0
"""A longer Retry-After is the client's to wait."""


class Mode(IntEnum):
    """How far the current answer is."""

    DIALLING = 0
    WAITING = 1
    ANSWERING = 2
    OVER = 3


# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us, twenty times a request.
DIALLING, WAITING, ANSWERING, OVER = Mode
OK, CUT, CANCELLED, REFUSED = Outcome.OK, Outcome.CUT, Outcome.CANCELLED, Outcome.REFUSED


class Exchange:
    """From a judged request to its last byte."""

    # defaults stand on the class: a request that goes well never sets most of them
    client: "ClientConnection | None"
    request_id = 0
    tag = ""
    """What its caller calls it, of the tags that the configuration names."""
    deadline = 0.0
    reason = ""
    cache_key: bytes | None = None
    recording: list[bytes] | None = None
    kept_headers: Sequence[bytes] = ()
    streamed = False
    meter: AttemptMeter
    offered: Sequence[str] = ()
    """All that boundary, rules, abilities and changes by hand leave to it: a spent budget sends it nowhere else."""
    _targets: Sequence[str] = ()
    _position = 0
    _attempts = 0
    _resent = False
    address: Address
    _upstream: UpstreamConnection | None = None
    _passing: StreamAnswer | LargeAnswer | None = None
    """An answer of which the client has seen a part."""
    _outgoing = b""
    task: "asyncio.Task[None] | None" = None
    """Dials, or waits for the disk."""
    _timer: asyncio.TimerHandle | None = None
    bounds: "Bounds | None" = None
    unbound: tuple[Asked, bytes] | None = None
    """As the client sent it, where it was given a limit of output."""
    ask: "Ask | None" = None
    """As routing saw it, where more than shares decided."""
    decision: "Steered | None" = None
    choice: "Choice | None" = None
    """The cheaper or the stronger model, where a cascade read the prompt."""
    denied: frozenset[str] = frozenset()
    """Targets that budgets do not pay for."""

    def __init__(
        self, relay: "Relay", client: "ClientConnection", head: Head, asked: Asked, body: bytes, route: str, key_id: str
    ) -> None:
        self.relay = relay
        self.tables = relay.tables  # an edit of the configuration must not pull a target from under it
        self.client = client
        self.asked = asked
        self.body = body
        self.route = route
        self.key_id = key_id
        self.head = head
        self.started = relay.now()
        self.mode = DIALLING
        self.operation = asked.operation

    # attempts

    def begin(self, targets: Sequence[str], reason: str) -> None:
        """Send it to the first of `targets`; the others are for when that fails."""
        self._targets = self.offered = targets
        self.reason = reason
        self._attempt()

    def _attempt(self) -> None:
        relay = self.relay
        address = self.address = self.tables.addresses[self._targets[self._position]]
        self._attempts += 1
        self.operation = self.tables.operation_at(address, self.asked.operation)
        hold = None
        if not address.trouble:
            try:
                if relay.desk is None:
                    self._outgoing = self.request()
                else:
                    hold, self._outgoing = relay.desk.admit(self)
            except Refusal as refusal:
                self._not_for_this_target(refusal)
                return
        self.meter = AttemptMeter(relay, address, self.operation, self.started)
        if not self.request_id:
            self.request_id = self.meter.attempt_id
        if relay.router is not None:
            self.meter.course = relay.router.began(self, self.meter.started_ms)
        if address.trouble:
            self._failed(Outcome.UNREACHABLE, address.trouble, sent=False)
            return
        self._resent = False
        if relay.breakers:
            relay.asked(address.name)
        if hold is None:
            self.send()
        else:
            self.meter.hold = hold
            send_held(self, hold)

    def _not_for_this_target(self, refusal: Refusal) -> None:
        """It speaks another dialect, which has no words for this request, or a budget does not pay for it: nothing was
        sent, so there is no attempt."""
        if isinstance(refusal, BudgetRefusal) and refusal.instead:
            self._targets, self._position = refusal.instead, 0
            self.reason = refusal.moved
            self._attempt()
            return
        may_go_on = self._attempts > 1 or not isinstance(refusal, BudgetRefusal)
        if may_go_on and self._position + 1 < len(self._targets):
            self._position += 1
            self.reason = f"{self.address.name}: {refusal.message}"
            self._attempt()
            return
        self.mode = OVER
        client = self.leave()
        if client is not None:
            client.answer_refusal(refusal)

    def send(self) -> None:
        """Over a connection that waits in the pool, or a new one."""
        self.mode = DIALLING
        pool = self.tables.pools[self.address.name]
        connection = pool.take()
        if connection is None:
            self.task = asyncio.get_running_loop().create_task(self._dial())
        else:
            self._carry(connection)

    async def _dial(self) -> None:
        pool = self.tables.pools[self.address.name]
        try:
            connection = await pool.dial()
        except (OSError, TimeoutError) as error:
            if self.mode is DIALLING:
                what = "no connection in time" if isinstance(error, TimeoutError) else _words(error)
                self._failed(Outcome.UNREACHABLE, f"{self.address.name}: {what}", sent=False)
            return
        finally:
            self.task = None
        if self.mode is DIALLING:
            self._carry(connection)
        else:
            pool.give_back(connection)

    def _carry(self, connection: UpstreamConnection) -> None:
        self.mode = WAITING
        self._upstream = connection
        self.deadline = self.relay.now() + self.address.target.first_byte_seconds
        connection.begin(self, self._outgoing)

    def request(self) -> bytes:
        """What the target is sent. Raises Refusal where its dialect has no words for it."""
        asked, operation, model = self.asked, self.operation, self.address.model or self.asked.model
        if operation is asked.operation:
            inject = asked.stream and not asked.wants_usage and operation in USAGE_ON_DEMAND
            body = forward_body(asked, self.body, model, inject_usage=inject)
        else:
            from costtui.dialects.translate import translate_request  # 7 ms of a cold start, and seldom used

            body = translate_request(asked.operation, operation, asked, model)
        extra = self.head.forwarded
        if operation in ANTHROPIC and b"nthropic-version:" not in extra:
            extra += ANTHROPIC_VERSION
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (self.address.heads[operation], extra, len(body), body)

    # the answer

    def arrived(self, connection: UpstreamConnection) -> None:
        """More of the answer."""
        if self.mode is WAITING:
            self._open(connection)
        if self._passing is not None:
            self._passing.arrived(connection)
        elif connection.ended:
            whole_answer.finish(self, connection)
        else:
            self._grow(connection)

    def _grow(self, connection: UpstreamConnection) -> None:
        """A whole answer that is still coming; a large one is passed on instead of being kept."""
        if connection.parts:
            self.moved()
        if whole_answer.fits(self, connection):
            return
        if connection.status >= 400 or self.operation is not self.asked.operation:
            self.broke(connection, "its answer is too large to be read")
        else:
            self._passing = LargeAnswer(self, connection)
            self._passing.arrived(connection)

    def read_usage(self, body: bytes, litellm_cost: bytes = b"") -> bool:
        """What the answer used; whether it is a whole one in its dialect's own terms."""
        answer = read_answer(self.operation, self.address.provider, body)
        self.meter.whole(answer, litellm_cost)
        return answer.complete

    def _open(self, connection: UpstreamConnection) -> None:
        self.meter.answered(connection.status)
        if self.relay.breakers:
            self.relay.answered(self.address.name, connection.status)
        self.deadline = self.relay.now() + self.address.target.idle_seconds
        self.mode = ANSWERING
        events = connection.status == 200 and connection.content_type.startswith(b"text/event-stream")
        if events and not connection.encoded:
            self._passing = StreamAnswer(self, connection)

    def moved(self) -> None:
        """Something of the answer's body came."""
        self.meter.first_byte()
        self.deadline = self.relay.now() + self.address.target.idle_seconds

    def marks(self) -> bytes:
        """What each answer's head says of it."""
        miss = b"" if self.recording is None else b"x-costtui-cache: miss\r\n"
        hold = self.meter.hold
        spent = b"" if hold is None else hold.mark
        return b"x-costtui-request-id: %016x\r\n%b%b%b" % (self.request_id, self.address.mark, miss, spent)

    # when it fails

    def broke(self, connection: UpstreamConnection, reason: str) -> None:
        """The connection ended inside the answer, or before it."""
        self._upstream = None
        if self.mode is OVER:
            return
        if self.mode is WAITING and not connection.fresh and not self._resent and not connection.head_bytes:
            self._resent = True  # it was closed while it lay in the pool: nothing was read of this request
            self.send()
            return
        connection.abort()
        passing = self._passing
        if passing is not None and passing.whole:
            passing.end_well()
        elif passing is not None:
            passing.cut(reason)
        else:
            outcome = CUT if connection.head_complete else Outcome.UNREACHABLE
            self._failed(outcome, f"{self.address.name}: {reason}", sent=True)

    def _failed(self, outcome: Outcome, reason: str, *, sent: bool) -> None:
        if self.try_again(reason, outcome, sent=sent):
            return
        self.meter.sent = sent
        self.settle(outcome)
        status = 504 if "in time" in reason else 502
        self.give_up(status, reason, "upstream_unreachable")

    def try_again(self, reason: str, outcome: Outcome, *, sent: bool, after: float | None = None) -> bool:
        """Settle this attempt and start the next one, if there may be one."""
        delay = self._next(after)
        if delay is None:
            return False
        self.meter.sent = sent
        self.settle(outcome)
        self.reason = reason
        self.mode = DIALLING
        if delay:
            self._timer = asyncio.get_running_loop().call_later(delay, self._attempt_later)
        else:
            self._attempt()
        return True

    def _next(self, after: float | None) -> float | None:
        """Seconds until the next try, None if there is none: another target at once, else the same one once more."""
        if self.client is None or self._attempts >= ATTEMPTS:
            return None
        if self._position + 1 < len(self._targets):
            self._position += 1
            return 0.0
        if self._attempts > 1 or (after is not None and after > RETRY_AFTER_SECONDS) or not self.relay.retries.spend():
            return None
        return (after or 0.0) + self.relay.dice.uniform(0.05, 0.25)

    def _attempt_later(self) -> None:
        self._timer = None
        if self.client is not None:
            self._attempt()

    def give_up(self, status: int, message: str, code: str) -> None:
        """The client gets an error of ours."""
        client = self.leave()
        if client is not None:
            client.answer_refusal(Refusal(status, message, code), request_id=answers.request_id_text(self.request_id))

    def expired(self) -> None:
        """The upstream was silent for too long."""
        connection, self._upstream = self._upstream, None
        if connection is None:
            return
        connection.listener = None
        self._resent = True  # silence is no sign of a connection that died in the pool
        self.broke(connection, "no byte came in time" if self._passing is not None else "no answer in time")

    # the client's side

    def client_full(self, *, full: bool) -> None:
        """The client reads slowly: so does the upstream, and nothing piles up here."""
        if self._upstream is not None:
            transport = self._upstream.transport
            transport.pause_reading() if full else transport.resume_reading()
        if not full:
            self.deadline = self.relay.now() + self.address.target.idle_seconds

    def client_left(self) -> None:
        """Nobody reads the answer any more: the upstream is cancelled, or read to its end where it charges for it."""
        if self.mode is OVER:
            return
        self.client = None
        if self._timer is not None:
            self._timer.cancel()
            self.relay.finished(self)
            return
        if self._upstream is not None and self.address.target.on_disconnect == "drain" and self.relay.may_drain():
            self._upstream.transport.resume_reading()
            self.relay.drains.add(self)
            return
        if self.mode is DIALLING:
            self.meter.sent = False
        passing = self._passing
        # clients close at a stream's own last event, before its connection's end has come from upstream
        outcome = OK if passing is not None and passing.whole else CANCELLED
        self.settle(outcome, None if passing is None else passing.scan)
        self.relay.finished(self)
        if self._upstream is not None:
            self._upstream.abort()
            self._upstream = None

    # the end

    def settle(self, outcome: Outcome, scan: StreamMeter | None = None) -> None:
        """The attempt into the ledger."""
        self.meter.settle(self, outcome, scan)
        if outcome is OK and self.recording is not None:
            self.relay.remember(self)
        self.mode = OVER

    def leave(self) -> "ClientConnection | None":
        """The exchange is over; its client, if it is still there, for the last byte."""
        client, self.client = self.client, None
        self.relay.finished(self)
        return client

    def release(self, connection: UpstreamConnection) -> None:
        """The connection may serve another exchange."""
        if self._upstream is connection:
            self._upstream = None
        connection.let_go()


def _words(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()

"""One request of a client, over as many attempts as it takes; each attempt ends in one row of the ledger."""

import asyncio
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from costtui.dialects.answer import read_answer
from costtui.dialects.operation import Operation
from costtui.dialects.refusals import Refusal, sse_error
from costtui.dialects.request import Asked, forward_body
from costtui.dialects.stream import StreamMeter
from costtui.dialects.translate import StreamTranslator, translate_answer, translate_error, translate_request
from costtui.domain.attempt import Outcome
from costtui.gateway import answers
from costtui.gateway.address import ANTHROPIC, ANTHROPIC_VERSION, Address
from costtui.gateway.head import Head
from costtui.gateway.meter import AttemptMeter
from costtui.gateway.upstream import UpstreamConnection

if TYPE_CHECKING:
    from costtui.gateway.client import ClientConnection
    from costtui.gateway.relay import Relay

WHOLE_BYTES = 1 * 2**20
"""An answer up to here is read whole before it is sent on, so that its head can say what it cost."""
TAIL_BYTES = 64 * 1024
"""Kept of a larger one: its usage stands at its end."""
ATTEMPTS = 4
RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504, 529})
NO_ERROR_STATUS = frozenset({429})
"""Refusals that say nothing about the target's health."""
RETRY_AFTER_SECONDS = 2.0
"""A longer Retry-After is the client's to wait."""
DRAIN_SECONDS = 300.0


class Mode(IntEnum):
    """How far the current answer is."""

    DIALLING = 0
    WAITING = 1
    WHOLE = 2
    STREAM = 3
    LARGE = 4
    OVER = 5


# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us, twenty times a request.
DIALLING, WAITING, WHOLE, STREAM, LARGE, OVER = Mode
OK, CUT, CANCELLED, REFUSED = Outcome.OK, Outcome.CUT, Outcome.CANCELLED, Outcome.REFUSED
USAGE_ON_DEMAND = frozenset({Operation.CHAT, Operation.COMPLETIONS})
"""Whose streams say what they used only when asked."""


class Exchange:
    """From a judged request to its last byte."""

    # defaults stand on the class: a request that goes well never sets most of them
    client: "ClientConnection | None"
    request_id = 0
    deadline = 0.0
    reason = ""
    cache_key: bytes | None = None
    recording: list[bytes] | None = None
    kept_headers: Sequence[bytes] = ()
    streamed = False
    meter: AttemptMeter
    _targets: Sequence[str] = ()
    _position = 0
    _attempts = 0
    _resent = False
    _address: Address
    _upstream: UpstreamConnection | None = None
    _meter_of_stream: StreamMeter | None = None
    _translator: StreamTranslator | None = None
    _outgoing = b""
    _tail = b""
    _task: "asyncio.Task[None] | None" = None
    _timer: asyncio.TimerHandle | None = None

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
        self._operation = asked.operation

    @property
    def target(self) -> str:
        """Where the current attempt goes."""
        return self._targets[self._position]

    # attempts

    def begin(self, targets: Sequence[str], reason: str) -> None:
        """Send it to the first of `targets`; the others are for when that fails."""
        self._targets, self.reason = targets, reason
        self._attempt()

    def _attempt(self) -> None:
        relay = self.relay
        address = self._address = self.tables.addresses[self.target]
        self._attempts += 1
        self._operation = self.tables.operation_at(address, self.asked.operation)
        if not address.trouble:
            try:
                self._outgoing = self._request()
            except Refusal as refusal:
                self._not_for_this_target(refusal)
                return
        self.meter = AttemptMeter(relay, address, self._operation, self.started)
        if not self.request_id:
            self.request_id = self.meter.attempt_id
        if address.trouble:
            self._failed(Outcome.UNREACHABLE, address.trouble, sent=False)
            return
        self._resent = False
        self._send()

    def _not_for_this_target(self, refusal: Refusal) -> None:
        """It speaks another dialect, which has no words for this request: nothing was sent, so there is no attempt."""
        if self._position + 1 < len(self._targets):
            self._position += 1
            self.reason = f"{self._address.name}: {refusal.message}"
            self._attempt()
            return
        self.mode = OVER
        client = self._leave()
        if client is not None:
            client.answer_refusal(refusal)

    def _send(self) -> None:
        self.mode = DIALLING
        pool = self.tables.pools[self._address.name]
        connection = pool.take()
        if connection is None:
            self._task = asyncio.get_running_loop().create_task(self._dial())
        else:
            self._carry(connection)

    async def _dial(self) -> None:
        pool = self.tables.pools[self._address.name]
        try:
            connection = await pool.dial()
        except (OSError, TimeoutError) as error:
            if self.mode is DIALLING:
                what = "no connection in time" if isinstance(error, TimeoutError) else _words(error)
                self._failed(Outcome.UNREACHABLE, f"{self._address.name}: {what}", sent=False)
            return
        finally:
            self._task = None
        if self.mode is DIALLING:
            self._carry(connection)
        else:
            pool.give_back(connection)

    def _carry(self, connection: UpstreamConnection) -> None:
        self.mode = WAITING
        self._upstream = connection
        self.deadline = self.relay.now() + self._address.target.first_byte_seconds
        connection.begin(self, self._outgoing)

    def _request(self) -> bytes:
        asked, operation, model = self.asked, self._operation, self._address.target.model or self.asked.model
        if operation is asked.operation:
            inject = asked.stream and not asked.wants_usage and operation in USAGE_ON_DEMAND
            body = forward_body(asked, self.body, model, inject_usage=inject)
        else:
            body = translate_request(asked.operation, operation, asked, model)
        extra = self.head.forwarded
        if operation in ANTHROPIC and b"nthropic-version:" not in extra:
            extra += ANTHROPIC_VERSION
        return b"%b%bcontent-length: %d\r\n\r\n%b" % (self._address.heads[operation], extra, len(body), body)

    # the answer

    def arrived(self, connection: UpstreamConnection) -> None:
        """More of the answer."""
        if self.mode is WAITING:
            self._open(connection)
        if self.mode is STREAM:
            self._flow(connection)
        elif self.mode is LARGE:
            self._pass_on(connection)
        elif connection.ended:
            self._whole(connection)
        else:
            self._grow(connection)

    def _open(self, connection: UpstreamConnection) -> None:
        meter, asked = self.meter, self.asked
        meter.answered(connection.status)
        self.deadline = self.relay.now() + self._address.target.idle_seconds
        if (
            connection.status == 200
            and connection.content_type.startswith(b"text/event-stream")
            and not connection.encoded
        ):
            same = self._operation is asked.operation
            hide = same and not asked.wants_usage and self._operation in USAGE_ON_DEMAND
            self._meter_of_stream = StreamMeter(self._operation, self._address.provider, hide_usage=hide)
            self._translator = None
            if not same:
                self._translator = StreamTranslator(
                    asked.operation, self._operation, asked.model, include_usage=asked.wants_usage
                )
            self.mode = STREAM
            self._send_stream_head(connection)
        else:
            self.mode = WHOLE

    def _send_stream_head(self, connection: UpstreamConnection) -> None:
        client = self.client
        if self.recording is not None:
            self.kept_headers, self.streamed = list(connection.headers), True
        if client is None:
            return
        framing = b"" if self.head.old else b"transfer-encoding: chunked\r\n"
        trailer = b"trailer: x-costtui-cost\r\n" if self.head.trailers else b""
        closing = b"connection: close\r\n" if client.close_after else b""
        head = (answers.status_line(connection.status), *connection.headers, self._marks(), framing, trailer, closing)
        client.transport.write(b"".join(head) + b"\r\n")

    def _marks(self) -> bytes:
        miss = "" if self.recording is None else "x-costtui-cache: miss\r\n"
        name, number = self._address.name, self.request_id
        return f"x-costtui-request-id: {number:016x}\r\nx-costtui-target: {name}\r\n{miss}".encode()

    def _flow(self, connection: UpstreamConnection) -> None:
        """Pieces of a stream, on their way at once; the last byte waits for the ledger."""
        scan, parts = self._meter_of_stream, connection.parts
        assert scan is not None
        out = b""
        if parts:
            data = parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
            self.meter.first_byte()
            self.deadline = self.relay.now() + self._address.target.idle_seconds
            out = scan.feed(data)
            if self._translator is not None:
                out = self._translator.feed(data)
        if connection.ended:
            self._end_of_stream(connection, out)
        elif scan.failed and scan.too_long:
            self.broke(connection, "a line of its stream is longer than 1 MiB")
        elif out:
            self._write(out)

    def _end_of_stream(self, connection: UpstreamConnection, out: bytes) -> None:
        scan = self._meter_of_stream
        assert scan is not None
        if out:
            self._write(out)
        if scan.ended and not scan.failed:
            self._end_well()
        else:
            self._write_rest()
            self._cut("the stream ended without its end")
        self._release(connection)

    def _end_well(self) -> None:
        self._write_rest()
        self._settle(OK if self.client is not None else CANCELLED)
        self._finish_stream()

    def _write_rest(self) -> None:
        """What the meter or the translator still holds back at the end."""
        assert self._meter_of_stream is not None
        rest = self._meter_of_stream.end()
        if self._translator is not None:
            rest = self._translator.end()
        if rest:
            self._write(rest)

    def _leave(self) -> "ClientConnection | None":
        """The exchange is over; its client, if it is still there, for the last byte."""
        client, self.client = self.client, None
        self.relay.finished(self)
        return client

    def _finish_stream(self) -> None:
        client = self._leave()
        if client is None:
            return
        if not self.head.old:
            trailer = (
                b"0\r\nx-costtui-cost: %b\r\n\r\n" % self.meter.cost.encode()
                if self.head.trailers
                else answers.LAST_CHUNK
            )
            client.transport.write(trailer)
        client.over()

    def _write(self, data: bytes) -> None:
        if self.recording is not None:
            self.recording.append(data)
        client = self.client
        if client is not None:
            client.transport.write(data if self.head.old else b"%x\r\n%b\r\n" % (len(data), data))

    def _grow(self, connection: UpstreamConnection) -> None:
        """A whole answer that is still coming; a large one is passed on instead of being kept."""
        self.deadline = self.relay.now() + self._address.target.idle_seconds
        if connection.parts:
            self.meter.first_byte()
        if sum(map(len, connection.parts)) <= WHOLE_BYTES:
            return
        client = self.client
        self.mode = LARGE
        self._tail = b""
        if client is not None:
            length = b"content-length: %d\r\n" % connection.length if connection.length >= 0 else b""
            if connection.length < 0:
                client.close_after = True
            closing = b"connection: close\r\n" if client.close_after else b""
            head = (answers.status_line(connection.status), *connection.headers, self._marks(), length, closing)
            client.transport.write(b"".join(head) + b"\r\n")
        self._pass_on(connection)

    def _pass_on(self, connection: UpstreamConnection) -> None:
        data = b"".join(connection.parts)
        connection.parts.clear()
        self._tail = (self._tail + data)[-TAIL_BYTES:]
        self.deadline = self.relay.now() + self._address.target.idle_seconds
        if connection.ended:
            found = self._tail.rfind(b'"usage"')
            self._read_usage(b"{" + self._tail[found:] if found >= 0 else b"")
            self._settle(OK if connection.status < 400 else REFUSED)
        if self.client is not None and data:
            self.client.transport.write(data)
        if connection.ended:
            client = self._leave()
            if client is not None:
                client.over()
            self._release(connection)

    def _whole(self, connection: UpstreamConnection) -> None:
        body = b"".join(connection.parts)
        self.meter.first_byte()
        status = connection.status
        if status >= 400 or status < 200 or 300 <= status < 400:
            self._refused(connection, body)
            return
        complete = self._read_usage(body, connection.litellm_cost) or connection.encoded
        if self.asked.operation is not self._operation and complete:
            body = translate_answer(self.asked.operation, self._operation, body, self.asked.model)
        if not complete and self._try_again("its answer broke off", CUT, sent=True):
            self._release(connection)
            return
        if self.recording is not None:
            self.kept_headers, self.recording = list(connection.headers), [body]
        self._settle(_ending(complete=complete, client_there=self.client is not None))
        self._answer(connection, body)
        self._release(connection)

    def _read_usage(self, body: bytes, litellm_cost: bytes = b"") -> bool:
        answer = read_answer(self._operation, self._address.provider, body)
        self.meter.whole(answer, litellm_cost)
        return answer.complete

    def _answer(self, connection: UpstreamConnection, body: bytes) -> None:
        client = self._leave()
        if client is None:
            return
        marks = b"%bx-costtui-cost: %b\r\n" % (self._marks(), self.meter.cost.encode())
        client.answer(connection.status, [*connection.headers, marks], body)

    def _refused(self, connection: UpstreamConnection, body: bytes) -> None:
        """The upstream answered with an error: another target, or the same one later, or the client's to see."""
        status, name = connection.status, self._address.name
        if status in RETRY_STATUS:
            seconds = _seconds(connection.retry_after)
            if status == 429 and seconds is not None:
                self.relay.rest(name, seconds)
            if self._try_again(f"{name} answered {status}", REFUSED, sent=True, after=seconds):
                self._release(connection)
                return
        self._settle(REFUSED)
        if 300 <= status < 400:
            self._release(connection)
            self._give_up(502, f"target {name} answered with a redirect; give its final address", "upstream_redirect")
            return
        if self.asked.operation is not self._operation:
            body = translate_error(self.asked.operation, status, body)
        self._answer(connection, body)
        self._release(connection)

    # when it fails

    def broke(self, connection: UpstreamConnection, reason: str) -> None:
        """The connection ended inside the answer, or before it."""
        self._upstream = None
        if self.mode is OVER:
            return
        if self.mode is WAITING and not connection.fresh and not self._resent and not connection.head_bytes:
            self._resent = True  # it was closed while it lay in the pool: nothing was read of this request
            self._send()
            return
        connection.abort()
        if self._has_said_its_end():
            self._end_well()
        elif self.mode in (STREAM, LARGE):
            self._cut(reason)
        else:
            outcome = CUT if connection.head_complete else Outcome.UNREACHABLE
            self._failed(outcome, f"{self._address.name}: {reason}", sent=True)

    def _has_said_its_end(self) -> bool:
        """Whether the stream's own last event was sent on: how its connection ends then does not matter."""
        scan = self._meter_of_stream
        return self.mode is STREAM and scan is not None and scan.ended and not scan.failed

    def _failed(self, outcome: Outcome, reason: str, *, sent: bool) -> None:
        if self._try_again(reason, outcome, sent=sent):
            return
        self.meter.sent = sent
        self._settle(outcome)
        status = 504 if "in time" in reason else 502
        self._give_up(status, reason, "upstream_unreachable")

    def _try_again(self, reason: str, outcome: Outcome, *, sent: bool, after: float | None = None) -> bool:
        """Settle this attempt and start the next one, if there may be one."""
        delay = self._next(after)
        if delay is None:
            return False
        self.meter.sent = sent
        self._settle(outcome)
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
            if not self.relay.retries.spend():
                return None
            self._position += 1
            return 0.0
        if self._attempts > 1 or (after is not None and after > RETRY_AFTER_SECONDS) or not self.relay.retries.spend():
            return None
        return (after or 0.0) + self.relay.dice.uniform(0.05, 0.25)

    def _attempt_later(self) -> None:
        self._timer = None
        if self.client is not None:
            self._attempt()

    def _cut(self, reason: str) -> None:
        """The client has seen a part of the answer: it is told, and the connection ends without the answer's end."""
        self.recording = None
        self._settle(CUT if self.client is not None else CANCELLED)
        client = self._leave()
        if client is None:
            return
        if self._meter_of_stream is not None:
            data = sse_error(self.asked.operation, f"{self._address.name}: {reason}", "upstream_cut")
            client.transport.write(data if self.head.old else b"%x\r\n%b\r\n" % (len(data), data))
        client.transport.close()

    def _give_up(self, status: int, message: str, code: str) -> None:
        client = self._leave()
        if client is not None:
            client.answer_refusal(Refusal(status, message, code), request_id=answers.request_id_text(self.request_id))

    def expired(self) -> None:
        """The upstream was silent for too long."""
        connection, self._upstream = self._upstream, None
        if connection is None:
            return
        connection.listener = None
        self._resent = True  # silence is no sign of a connection that died in the pool
        self.broke(connection, "no byte came in time" if self.mode in (STREAM, LARGE) else "no answer in time")

    # the client's side

    def client_full(self, *, full: bool) -> None:
        """The client reads slowly: so does the upstream, and nothing piles up here."""
        if self._upstream is not None:
            transport = self._upstream.transport
            transport.pause_reading() if full else transport.resume_reading()
        if not full:
            self.deadline = self.relay.now() + self._address.target.idle_seconds

    def client_left(self) -> None:
        """Nobody reads the answer any more: the upstream is cancelled, or read to its end where it charges for it."""
        if self.mode is OVER:
            return
        self.client = None
        if self._timer is not None:
            self._timer.cancel()
            self.relay.finished(self)
            return
        if self._upstream is not None and self._address.target.on_disconnect == "drain" and self.relay.may_drain():
            self._upstream.transport.resume_reading()
            self.relay.drains.add(self)
            return
        if self.mode is DIALLING:
            self.meter.sent = False
        self._settle(CANCELLED)
        self.relay.finished(self)
        if self._upstream is not None:
            self._upstream.abort()
            self._upstream = None

    # the end

    def _settle(self, outcome: Outcome) -> None:
        self.meter.settle(self, outcome, self._meter_of_stream)
        if outcome is OK and self.recording is not None:
            self.relay.remember(self)
        self.mode = OVER

    def _release(self, connection: UpstreamConnection) -> None:
        if self._upstream is connection:
            self._upstream = None
        connection.let_go()


def _ending(*, complete: bool, client_there: bool) -> Outcome:
    if not client_there:
        return CANCELLED
    return OK if complete else CUT


def _words(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _seconds(retry_after: bytes) -> float | None:
    return float(retry_after) if retry_after.isdigit() and len(retry_after) < 6 else None

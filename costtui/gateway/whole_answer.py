"""An answer that is read whole before it is sent on, so that its head can say what it cost."""

from typing import TYPE_CHECKING

from costtui.dialects.refusals import Refusal
from costtui.domain.attempt import Outcome
from costtui.gateway.upstream import UpstreamConnection

if TYPE_CHECKING:
    from costtui.gateway.exchange import Exchange

# Python 3.11 looks a member up on its class with a function written in Python: 0.2 us.
OK, CUT, CANCELLED, REFUSED = Outcome.OK, Outcome.CUT, Outcome.CANCELLED, Outcome.REFUSED
WHOLE_BYTES = 1 * 2**20
TRANSLATED_BYTES = 16 * 2**20
"""What is to be translated must be there whole."""
RETRY_STATUS = frozenset({408, 429, 500, 502, 503, 504, 529})


def fits(exchange: "Exchange", connection: UpstreamConnection) -> bool:
    """Whether what is there of it may still be kept."""
    same = exchange.operation is exchange.asked.operation
    return sum(map(len, connection.parts)) <= (WHOLE_BYTES if same else TRANSLATED_BYTES)


def finish(exchange: "Exchange", connection: UpstreamConnection) -> None:
    """All of it is there: settle, then send it on."""
    body, status = b"".join(connection.parts), connection.status
    if status >= 300 or status < 200:
        _refused(exchange, connection, body)
        return
    complete = exchange.read_usage(body, connection.litellm_cost) or connection.encoded
    if exchange.asked.operation is not exchange.operation:
        from costtui.dialects.translate import translate_answer  # the request's translation has loaded it

        try:
            body = translate_answer(exchange.asked.operation, exchange.operation, body, exchange.asked.model)
        except Refusal as refusal:
            exchange.settle(CANCELLED if exchange.client is None else CUT)
            exchange.release(connection)
            exchange.give_up(refusal.status, f"{exchange.address.name}: {refusal.message}", refusal.code)
            return
    if exchange.recording is not None:
        exchange.kept_headers, exchange.recording = list(connection.headers), [body]
    exchange.settle(CANCELLED if exchange.client is None else OK if complete else CUT)
    _deliver(exchange, connection, body)


def _deliver(exchange: "Exchange", connection: UpstreamConnection, body: bytes) -> None:
    client = exchange.leave()
    if client is not None:
        marks = b"%bx-costtui-cost: %b\r\n" % (exchange.marks(), exchange.meter.cost)
        client.answer(connection.status, [*connection.headers, marks], body)
    exchange.release(connection)


def _refused(exchange: "Exchange", connection: UpstreamConnection, body: bytes) -> None:
    """The upstream answered with an error: another target, or the same one later, or the client's to see."""
    status, name = connection.status, exchange.address.name
    if status in RETRY_STATUS:
        seconds = _seconds(connection.retry_after)
        if status == 429 and seconds is not None:
            exchange.relay.rest(name, seconds)
        if exchange.try_again(f"{name} answered {status}", REFUSED, sent=True, after=seconds):
            exchange.release(connection)
            return
    exchange.settle(REFUSED)
    if status < 400:
        exchange.release(connection)
        exchange.give_up(502, f"target {name} answered with a redirect; give its final address", "upstream_redirect")
        return
    body = exchange.address.scrubbed(body)
    connection.headers = [line for line in connection.headers if exchange.address.scrubbed(line) == line]
    if exchange.asked.operation is not exchange.operation:
        from costtui.dialects.translate import translate_error

        body = translate_error(exchange.asked.operation, status, body)
    _deliver(exchange, connection, body)


def _seconds(retry_after: bytes) -> float | None:
    return float(retry_after) if retry_after.isdigit() and len(retry_after) < 6 else None

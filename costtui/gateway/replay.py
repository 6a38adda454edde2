"""An answer out of the cache: as the first client got it, at no cost, with what that saved in the ledger."""

from typing import TYPE_CHECKING

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Outcome
from costtui.domain.charge import NO_CHARGE
from costtui.domain.usage import NO_USAGE, UsageSource
from costtui.gateway import answers
from costtui.gateway.cache import Kept

if TYPE_CHECKING:
    from costtui.gateway.client import ClientConnection
    from costtui.gateway.exchange import Exchange
    from costtui.gateway.relay import Relay


def replay(relay: "Relay", client: "ClientConnection", exchange: "Exchange", kept: Kept) -> None:
    """Record the hit, then send what is kept; a stream goes out in the pieces in which it came."""
    attempt_id = relay.ledger.new_attempt_id()
    relay.ledger.settle(_hit(relay, exchange, kept, attempt_id))
    name = answers.request_id_text(attempt_id)
    marks = f"x-costtui-request-id: {name}\r\nx-costtui-cache: hit\r\nx-costtui-cost: 0.000000000\r\n".encode()
    if not kept.stream:
        client.answer(200, [kept.headers, marks], b"".join(kept.parts))
        return
    closing = b"connection: close\r\n" if client.close_after else b""
    framing = b"" if exchange.head.old else b"transfer-encoding: chunked\r\n"
    client.transport.write(b"".join((answers.status_line(200), kept.headers, marks, framing, closing, b"\r\n")))
    for part in kept.parts:
        client.transport.write(part if exchange.head.old else b"%x\r\n%b\r\n" % (len(part), part))
    if not exchange.head.old:
        client.transport.write(answers.LAST_CHUNK)
    client.over()


def _hit(relay: "Relay", exchange: "Exchange", kept: Kept, attempt_id: int) -> Attempt:
    return Attempt(
        attempt_id=attempt_id,
        request_id=attempt_id,
        lane=relay.tables.cache_lane(exchange.route, exchange.asked.operation, exchange.key_id, exchange.tag),
        started_ms=relay.clock_ms(),
        duration_ms=0,
        ttft_ms=0,
        outcome=Outcome.CACHED,
        status=200,
        stream=kept.stream,
        usage=NO_USAGE,
        usage_source=UsageSource.NONE,
        disputed=False,
        charge=NO_CHARGE,
        provenance=Provenance.METERED,
        saved_nano=kept.nano,
        user_id=relay.pseudonym(exchange.asked.user),
        reason="the same request was answered before",
    )

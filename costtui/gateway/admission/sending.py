"""An attempt that budgets count goes out once what it may cost is written down."""

import asyncio
from typing import TYPE_CHECKING

from costtui.domain.attempt import Outcome
from costtui.gateway.admission.covering import Choice

if TYPE_CHECKING:
    from costtui.gateway.admission.desk import AdmissionDesk
    from costtui.gateway.admission.hold import Hold
    from costtui.gateway.exchange import Exchange

CANCELLED = Outcome.CANCELLED


def send_held(exchange: "Exchange", hold: "Hold") -> None:
    """At once, or where it is the last tranche of a budget once its disk has it."""
    desk = hold.desk
    if hold.waits:
        exchange.task = asyncio.get_running_loop().create_task(_await_grant(exchange, desk, hold))
    elif desk.write_down(exchange, hold):
        exchange.send()
    else:
        _unrecorded(exchange, desk)


async def _await_grant(exchange: "Exchange", desk: "AdmissionDesk", hold: "Hold") -> None:
    try:
        granted = await desk.granted(hold)
    finally:
        exchange.task = None
    if exchange.client is None:
        return  # whoever left settled it
    if granted and desk.write_down(exchange, hold):
        exchange.send()
    else:
        _unrecorded(exchange, desk)


def _unrecorded(exchange: "Exchange", desk: "AdmissionDesk") -> None:
    exchange.meter.sent = False
    exchange.settle(CANCELLED)
    client = exchange.leave()
    if client is not None:
        client.answer_refusal(desk.unrecorded())


def others(exchange: "Exchange") -> list[Choice]:
    """Targets that the request may go to and that take requests now, in their order, but for those that were denied."""
    relay, tables = exchange.relay, exchange.tables
    return [
        Choice(name, tables.addresses[name].self_hosted)
        for name in exchange.offered
        if name not in relay.closed and name not in exchange.denied
    ]

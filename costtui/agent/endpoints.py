"""Pauses, resumes and scales down endpoints as somebody asked by hand: once each, with the key that may."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from costtui.agent.clock import Clock
from costtui.agent.log import Log
from costtui.agent.source import attempt_async
from costtui.config.model import Billing, Config
from costtui.config.secrets import resolve
from costtui.domain.endpoint import EndpointAck, EndpointOrder
from costtui.domain.secret import Secret
from costtui.egress.client import Egress
from costtui.errors import SourceError
from costtui.store.endpoints import acks, orders
from costtui.store.writer import TelemetryWriter

TASK = "endpoints"
LOOK_SECONDS = 1.0
TOO_OLD_MS = 600_000
"""An order that no agent saw for ten minutes is not carried out any more: nobody expects it by then."""
ANSWER_BYTES, ANSWER_SECONDS = 1 << 20, 20.0


class Endpoints:
    """Looks for orders each second where a `control_key` is configured."""

    def __init__(
        self,
        state_dir: Path,
        egress: Egress,
        writer: TelemetryWriter,
        clock: Clock,
        log: Log,
        environ: Mapping[str, str],
    ) -> None:
        self._state_dir = state_dir
        self._egress = egress
        self._writer = writer
        self._clock = clock
        self._log = log
        self._environ = environ
        self._done = set(acks(state_dir))

    async def run(self, config: Config) -> None:
        """Carry out what comes, until cancelled."""
        while True:
            for order in orders(self._state_dir):
                if order.order_id not in self._done:
                    await self._carry_out(order, config)
            await asyncio.sleep(LOOK_SECONDS)

    async def _carry_out(self, order: EndpointOrder, config: Config) -> None:
        _, error = await attempt_async(TASK, lambda: self._ask(order, config))
        told = f"{error.reason}: {error.remedy}" if error.remedy else error.reason
        ack = EndpointAck(order.order_id, self._clock.now_ms(), not error.reason, told or "done")
        self._done.add(order.order_id)
        self._writer.keep_endpoint_ack(ack)
        subject = f"{order.provider}/{order.name}"
        self._log.write(f"endpoint {order.action}", endpoint=subject, actor=order.actor, done=ack.done, told=ack.told)

    async def _ask(self, order: EndpointOrder, config: Config) -> bool:
        if self._clock.now_ms() - order.at_ms > TOO_OLD_MS:
            raise SourceError("it was too old when the agent saw it", "give it again while an agent runs")
        billing = next((each for each in config.billing if each.provider == order.provider), None)
        if billing is None or billing.control_key is None:
            raise SourceError(f"[billing] {order.provider} has no control_key", "name one that may change endpoints")
        await self._post(order, billing, resolve(billing.control_key, self._environ))
        return True

    async def _post(self, order: EndpointOrder, billing: Billing, key: Secret) -> None:
        from costtui.providers.huggingface import PROVIDER, control  # where no order comes nothing is loaded

        if order.provider != PROVIDER.name:
            raise SourceError(f"{order.provider} has no endpoints to {order.action}", "only huggingface has so far")
        namespace, _, name = order.name.partition("/")
        query = control(order.action, name, namespace)
        await self._egress.ask(
            query.method,
            (billing.url or PROVIDER.base) + query.path,
            payload=query.payload,
            headers={"authorization": Secret(f"Bearer {key.reveal()}")},
            max_bytes=ANSWER_BYTES,
            timeout_seconds=ANSWER_SECONDS,
        )

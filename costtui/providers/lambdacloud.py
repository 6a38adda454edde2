"""Lambda: what its running instances cost by the hour.

Shape: cloud.lambda.ai/api/v1, as gpuhunt and SkyPilot read it. There is no billing API; one question a second is
said to be allowed.
"""

from decimal import Decimal

from costtui.domain.bill import BurnItem
from costtui.providers.contract import MINUTE, Feed, Page, Provider, Query, always, bearer
from costtui.providers.look import Look

_DOWN = ("terminated", "terminating", "preempted")


def _read(answer: Look, _query: Query) -> Page:
    return Page(tuple(_instance(each) for each in answer.each("data")))


def _instance(each: Look) -> BurnItem:
    """The price is in whole cents and is owed from booting on, also of an unhealthy instance."""
    state, kind = each.text("status") or "", each.at("instance_type")
    cents = kind.number("price_cents_per_hour")
    down = state in _DOWN
    return BurnItem(
        name=each.text("name", optional=True) or each.text("id") or "",
        state=state,
        replicas=0 if down else 1,
        usd_per_hour=Decimal(0) if down else None if cents is None or not state else cents / 100,
        model=kind.text("name", optional=True) or "",
    )


PROVIDER = Provider(
    name="lambda",
    title="Lambda",
    base="https://cloud.lambda.ai",
    headers=bearer,
    key_kind="an API key",
    feeds=(Feed("instances", "burn", MINUTE, always("/api/v1/instances"), _read),),
    scope="account",
)

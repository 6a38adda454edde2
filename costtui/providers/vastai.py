"""Vast.ai: what its instances cost by the hour, and the credit that is left.

Shapes: the vendor's client, 0.2.8, which is old. Whether `dph_total` holds traffic is not known; a stopped instance
still pays for its disk, which the answer does not price: that is unknown here.
"""

from decimal import Decimal

from costtui.domain.bill import Balance, BurnItem
from costtui.providers.contract import MINUTE, Feed, Page, Provider, Query, always, bearer
from costtui.providers.look import Look


def _read_instances(answer: Look, _query: Query) -> Page:
    return Page(tuple(_instance(each) for each in answer.each("instances")))


def _instance(each: Look) -> BurnItem:
    state, rate = each.text("actual_status") or "", each.number("dph_total")
    up = state == "running"
    return BurnItem(
        name=each.text("label", optional=True) or each.text("id") or "",
        state=state,
        replicas=1 if up else 0 if state else None,
        usd_per_hour=rate if up and rate is not None and rate >= Decimal(0) else None,
        model=each.text("gpu_name", optional=True) or "",
    )


def _read_user(answer: Look, _query: Query) -> Page:
    return Page((Balance(answer.usd("credit")),))


PROVIDER = Provider(
    name="vastai",
    title="Vast.ai",
    base="https://console.vast.ai",
    headers=bearer,
    key_kind="an API key that may read instances and the account",
    feeds=(
        Feed("instances", "burn", MINUTE, always("/api/v0/instances", ("owner", "me")), _read_instances),
        Feed("credit", "balance", 5 * MINUTE, always("/api/v0/users/current"), _read_user),
    ),
    scope="account",
)

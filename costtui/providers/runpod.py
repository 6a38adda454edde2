"""RunPod: what its pods cost by the hour, what they were billed by the day, and the balance.

Shapes: RunPod's own openapi.json of its first REST API, and for the balance its GraphQL query, which is a POST that
reads. A stopped pod still pays for its disk: that is in the bill and not in its rate.
"""

from decimal import Decimal

from costtui.domain.bill import Balance, BilledLine, BurnItem, Dimensions
from costtui.providers.contract import (
    DAY,
    HOUR,
    MINUTE,
    Account,
    Feed,
    Page,
    Provider,
    Query,
    Span,
    always,
    bearer,
    instant,
)
from costtui.providers.look import Look

_DAY_MS = DAY * 1000
_MYSELF = {"query": "query { myself { clientBalance } }"}


def _read_pods(answer: Look, _query: Query) -> Page:
    return Page(tuple(pod for each in answer.each() if (pod := _pod(each)) is not None))


def _pod(each: Look) -> BurnItem | None:
    """`adjustedCostPerHr` is after savings plans; either is a number or a text that holds one."""
    if not isinstance(each.value, dict):
        each.lacks("an object", loses=True)
        return None
    state = each.text("desiredStatus") or ""
    up = state == "RUNNING"
    rate = each.number("adjustedCostPerHr")
    rate = each.number("costPerHr") if rate is None else rate
    return BurnItem(
        name=each.text("name", optional=True) or each.text("id") or "",
        state=state,
        replicas=1 if up else 0 if state else None,
        usd_per_hour=rate if up else Decimal(0) if state == "TERMINATED" else None,
        model="",
    )


def _bills(_account: Account, span: Span) -> Query:
    times = (("startTime", instant(span.from_ms)), ("endTime", instant(span.until_ms)))
    return Query("/v1/billing/pods", (("bucketSize", "day"), ("grouping", "podId"), *times))


def _read_bills(answer: Look, _query: Query) -> Page:
    rows = []
    for line in answer.each():
        if not isinstance(line.value, dict):
            line.lacks("an object", loses=True)
            continue
        begin = line.moment("time")
        if begin is not None:
            dims = Dimensions(item=line.text("podId") or "")
            rows.append(BilledLine(begin, begin + _DAY_MS, line.usd("amount"), dims))
    return Page(tuple(rows))


def _balance(_account: Account, _span: Span) -> Query:
    return Query("/graphql", method="POST", payload=_MYSELF)


def _read_balance(answer: Look, _query: Query) -> Page:
    return Page((Balance(answer.at("data").at("myself").usd("clientBalance")),))


PROVIDER = Provider(
    name="runpod",
    title="RunPod",
    base="https://rest.runpod.io",
    headers=bearer,
    key_kind="an API key that may read",
    feeds=(
        Feed("bills", "spend", HOUR, _bills, _read_bills, DAY, lag_seconds=DAY),
        Feed("pods", "burn", MINUTE, always("/v1/pods"), _read_pods),
        Feed("balance", "balance", 5 * MINUTE, _balance, _read_balance, base="https://api.runpod.io"),
    ),
    scope="account",
)

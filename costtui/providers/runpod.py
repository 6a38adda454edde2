"""RunPod: what its pods cost by the hour, what they were billed by the day, and the balance.

Shapes: RunPod's own openapi.json. The bill is that of its second REST API, which knows all that is billed (pods,
serverless, storage, public endpoints, clusters); pods, with what each was billed, are of the first; the balance is a
GraphQL query, a POST that reads. A stopped pod still pays for its disk: that is in the bill and not in its rate.
"""

from collections.abc import Iterator
from decimal import Decimal

from costtui.domain.bill import Balance, BilledLine, BurnItem, Dimensions
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
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
_API = "https://api.runpod.io"
_WHOLE = "totalAmount"
_ROUNDING_NANO = 1_000
"""The parts are floating-point dollars: a sum of sixteen is off by less than a millionth."""
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
    """Buckets that begin within the span, the one in progress among them."""
    times = (("startTime", instant(span.from_ms)), ("endTime", instant(span.until_ms)))
    return Query("/v2/billing", (("bucketSize", "day"), *times))


def _read_bills(answer: Look, _query: Query) -> Page:
    return Page(tuple(line for record in answer.each("records") for line in _components(record)))


def _components(record: Look) -> Iterator[BilledLine]:
    """A bucket by what was billed, `podGpuAmount` and its like; what they lack of the whole is a line of its own."""
    bucket = record.bucket("startTime", "endTime")
    if bucket is None or not isinstance(record.value, dict):
        record.lacks("a bucket", loses=True)
        return
    told, whole = 0, record.usd(_WHOLE)
    for name in sorted(record.value):
        if not isinstance(name, str) or not name.endswith("Amount") or name == _WHOLE:
            continue
        nano = record.usd(name)
        told += nano or 0
        if nano != 0 and (nano is not None or whole is None):
            yield BilledLine(*bucket, nano, Dimensions(item=clean(name.removesuffix("Amount"), 80)))
    if whole is not None and abs(whole - told) > _ROUNDING_NANO:
        yield BilledLine(*bucket, NanoUsd(whole - told), Dimensions(item="other"))


def _pod_bills(_account: Account, span: Span) -> Query:
    times = (("startTime", instant(span.from_ms)), ("endTime", instant(span.until_ms)))
    return Query("/v1/billing/pods", (("bucketSize", "day"), ("grouping", "podId"), *times))


def _read_pod_bills(answer: Look, _query: Query) -> Page:
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
        Feed("bills", "spend", HOUR, _bills, _read_bills, DAY, lag_seconds=DAY, base=_API),
        Feed("pods", "burn", MINUTE, always("/v1/pods"), _read_pods),
        Feed("balance", "balance", 5 * MINUTE, _balance, _read_balance, base=_API),
    ),
    finer=(Feed("pod-bills", "spend", HOUR, _pod_bills, _read_pod_bills, DAY, lag_seconds=DAY, optional=True),),
    scope="account",
)

"""Novita AI: its balance, and its bills by the day and by the hour, for each kind of product.

Shapes: novita.ai/docs/api-reference, basic-get-user-balance and basic-query-usage-based-billing. Amounts are whole
numbers as texts, of which 10,000 make a dollar. What `billNum0` and `billNum1` count is not documented: they are left.
"""

from dataclasses import replace
from functools import partial

from costtui.domain.bill import Balance, BilledLine, Dimensions
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, always, bearer
from costtui.providers.look import Look

_PER_USD = 10_000
_PRODUCTS = ("llm", "gpu", "serverless", "gen_api", "cloud_storage")
"""Asked for one after another; `summary` would hold all of them once more."""


def _read_balance(answer: Look, _query: Query) -> Page:
    """What may still be spent, with the credit line; the parts that make it up are not added to it."""
    return Page((Balance(answer.usd("availableBalance", per_usd=_PER_USD)),))


def _bills(cycle: str, _account: Account, span: Span) -> Query:
    times = (("startTime", str(span.from_ms // 1000)), ("endTime", str(span.until_ms // 1000 - 1)))
    params = (("cycleType", cycle), ("productCategory", _PRODUCTS[0]), *times)
    return Query("/openapi/v1/billing/bill/list", params, kept=_PRODUCTS[1:])


def _read_bills(answer: Look, query: Query) -> Page:
    rows = tuple(row for bill in answer.each("bills") if (row := _bill(bill)) is not None)
    later = query.kept
    if not isinstance(later, tuple) or not later:
        return Page(rows)
    params = tuple((word, later[0] if word == "productCategory" else value) for word, value in query.params)
    return Page(rows, replace(query, params=params, kept=later[1:]))


def _bill(bill: Look) -> BilledLine | None:
    """`payAmount` is what is left to pay after vouchers; `endTime` is the last second of the bill."""
    times = bill.bucket("startTime", "endTime")
    if times is None:
        return None
    kind, product = bill.text("category") or "", bill.text("productName") or ""
    dims = Dimensions(
        model=product if kind == "llm" else "", key=bill.text("ownerID", optional=True) or "", item=product
    )
    last_second = times[1] % 60_000 == 59_000
    return BilledLine(times[0], times[1] + 1000 * last_second, bill.usd("payAmount", per_usd=_PER_USD), dims)


PROVIDER = Provider(
    name="novita",
    title="Novita AI",
    base="https://api.novita.ai",
    headers=bearer,
    key_kind="an API key",
    feeds=(
        Feed("balance", "balance", 5 * MINUTE, always("/openapi/v1/billing/balance/detail"), _read_balance),
        Feed("bills", "spend", 30 * MINUTE, partial(_bills, "Day"), _read_bills, DAY, lag_seconds=DAY),
    ),
    scope="account",
    finer=(Feed("hours", "spend", 10 * MINUTE, partial(_bills, "Hour"), _read_bills, HOUR, lag_seconds=HOUR),),
)

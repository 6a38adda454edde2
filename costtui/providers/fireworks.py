"""Fireworks AI: costs by the day, model and kind of token.

Shape: docs.fireworks.ai, get-billing-summary. One question is about one day, because the lines of an answer name none;
amounts are whole units as a text and billionths beside them. There is no balance API. Bills are daily.
"""

from datetime import UTC, datetime

from costtui.domain.bill import BilledLine, Dimensions
from costtui.domain.money import NanoUsd
from costtui.errors import SourceError
from costtui.providers.contract import DAY, HOUR, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look

_DAY_MS = DAY * 1000
_KINDS = {
    "llm input tokens": "input",
    "llm input tokens (cached)": "cached_input",
    "llm output tokens": "output",
}


def _first(account: Account, span: Span) -> Query:
    names = account.filters.get("namespace", ())
    if not names or not names[0].replace("-", "").isalnum():
        raise SourceError(
            "Fireworks tells figures of one account", 'name it: [billing] fireworks = { namespace = "ACCOUNT", … }'
        )
    return _day(names[0], span.from_ms, span.until_ms)


def _day(account: str, begin_ms: int, until_ms: int) -> Query:
    """Only the dates count; the end is not included."""
    first, after = (datetime.fromtimestamp(at_ms // 1000, UTC) for at_ms in (begin_ms, begin_ms + _DAY_MS))
    params = (("startTime", f"{first:%Y-%m-%d}T00:00:00Z"), ("endTime", f"{after:%Y-%m-%d}T00:00:00Z"))
    return Query(f"/v1/accounts/{account}/billing/summary", params, kept=(account, begin_ms, until_ms))


def _read(answer: Look, query: Query) -> Page:
    account, begin_ms, until_ms = query.kept if isinstance(query.kept, tuple) else ("", 0, 0)
    rows = tuple(_line(item, begin_ms) for item in answer.each("lineItems"))
    after = begin_ms + _DAY_MS
    return Page(rows, _day(account, after, until_ms) if after < until_ms else None)


def _line(item: Look, begin_ms: int) -> BilledLine:
    category = item.text("category") or ""
    kind = _KINDS.get(category.lower(), "")
    cost = item.at("totalCost")
    units, nanos = cost.number("units"), cost.number("nanos")
    known = cost.in_dollars("currencyCode") and units is not None and nanos is not None
    whole = cost.usd("units") if known else None
    nano = None if whole is None or nanos is None or abs(nanos) >= 10**9 else NanoUsd(whole + int(nanos))
    dims = Dimensions(
        model=item.text("groupingValue", optional=True) or "",
        token_kind=kind,
        tier=(item.text("series", optional=True) or "").lower().replace("serverless", ""),
        item=category,
    )
    return BilledLine(
        begin_ms, begin_ms + _DAY_MS, nano, dims, item.number("quantity", optional=True), "tokens" if kind else ""
    )


PROVIDER = Provider(
    name="fireworks",
    title="Fireworks AI",
    base="https://api.fireworks.ai",
    headers=bearer,
    key_kind="an API key, and the account's name as `namespace`",
    feeds=(Feed("summary", "spend", HOUR, _first, _read, DAY, lag_seconds=DAY, most_days=7),),
    scope="account",
    filters=("namespace",),
)

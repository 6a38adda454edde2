"""Together AI: costs by the hour and the day, by product, model and key.

Shape: the official client, 3.1.1 (`organization/billing_usage`). The present month is told up to the last completed
hour (by the hour) or yesterday (by the day). There is no balance API.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from costtui.domain.bill import BilledLine, Dimensions
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look

_KINDS = {"input tokens": "input", "output tokens": "output", "cached input tokens": "cached_input"}


def _months(grain: str, _account: Account, span: Span) -> Query:
    return _month(grain, span.from_ms, span.until_ms)


def _month(grain: str, at_ms: int, until_ms: int) -> Query:
    """One month after another: each question is about one. `kept`: which follows, and until when."""
    start = datetime.fromtimestamp(at_ms // 1000, UTC).replace(day=1, hour=0, minute=0, second=0)
    after = int((start + timedelta(days=32)).replace(day=1).timestamp()) * 1000
    params = (("month", f"{start:%Y-%m}"), ("granularity", grain), ("limit", "1000"))
    return Query("/v1/billing/usage", params, kept=(grain, after, until_ms))


def _read(answer: Look, query: Query) -> Page:
    dollars = answer.in_dollars("currency")
    rows = []
    for bucket in answer.each("data"):
        times = bucket.bucket("start_time", "end_time")
        rows += [] if times is None else [_line(item, *times, dollars=dollars) for item in bucket.each("line_items")]
    latest = answer.moment("latest_window_end", optional=True)
    if "next_cursor" not in answer:
        answer.at("next_cursor").lacks("a mark or null", loses=True)
    if (mark := answer.token("next_cursor")) is not None:
        params = (*(pair for pair in query.params if pair[0] != "after"), ("after", mark))
        return Page(tuple(rows), replace(query, params=params), refreshed_ms=latest)
    grain, after, until_ms = query.kept if isinstance(query.kept, tuple) else ("day", 1, 0)
    return Page(tuple(rows), _month(grain, after, until_ms) if after < until_ms else None, refreshed_ms=latest)


def _line(item: Look, from_ms: int, until_ms: int, *, dollars: bool) -> BilledLine:
    """`cost` is a decimal text in dollars; a product reads `Serverless Inference - Input Tokens`."""
    product = item.text("product_name") or ""
    kind = _KINDS.get(product.rpartition(" - ")[2].lower(), "")
    dims = Dimensions(
        model=item.at("pricing_dimensions").text("model", optional=True) or "",
        token_kind=kind,
        project=item.at("attributes").text("project_id", optional=True) or "",
        key=item.at("attributes").text("api_key_id", optional=True) or "",
        item=product,
    )
    quantity = item.number("quantity", optional=True)
    nano = item.usd("cost") if dollars else None
    return BilledLine(from_ms, until_ms, nano, dims, quantity, "tokens" if kind else "")


PROVIDER = Provider(
    name="together",
    title="Together AI",
    base="https://api.together.ai",
    headers=bearer,
    key_kind="an API key of a member who may read the organisation's billing",
    feeds=(Feed("days", "spend", HOUR, partial(_months, "day"), _read, DAY, lag_seconds=DAY, most_days=400),),
    finer=(
        Feed("hours", "spend", 15 * MINUTE, partial(_months, "hour"), _read, HOUR, lag_seconds=2 * HOUR, most_days=400),
    ),
    scope="org",
)

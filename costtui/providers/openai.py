"""OpenAI: costs by the day, tokens by the minute, and the organisation's own limit, all with an admin key.

Shapes: the `types/admin/organization` of the official client, 3.54.0. Costs are the financial truth; they can differ
slightly from the tokens times the list price. Buckets are UTC.
"""

from costtui.domain.bill import BilledLine, Dimensions, UsedLine
from costtui.domain.usage import Usage
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look

_KINDS = {
    "input_tokens": "input",
    "cached_input_tokens": "cached_input",
    "output_tokens": "output",
}
_COST_GROUPS = (("group_by[]", "line_item"), ("group_by[]", "project_id"), ("group_by[]", "api_key_id"))
_USAGE_GROUPS = (*(("group_by[]", word) for word in ("model", "project_id", "api_key_id", "service_tier", "batch")),)


def _costs(account: Account, span: Span) -> Query:
    """180 daily buckets are the most of one page."""
    params = (*_times(span), ("bucket_width", "1d"), ("limit", "180"), *_COST_GROUPS, *_narrowed(account))
    return Query("/v1/organization/costs", params)


def _read_costs(answer: Look, query: Query) -> Page:
    rows = []
    for bucket in answer.each("data"):
        times = bucket.moment("start_time"), bucket.moment("end_time")
        if times[0] is not None and times[1] is not None:
            rows += [_cost(line, times[0], times[1]) for line in bucket.each("results")]
    return Page(tuple(rows), _next(answer, query))


def _cost(line: Look, from_ms: int, until_ms: int) -> BilledLine:
    """`amount.value` is in dollars, a number or a text; a line item reads `gpt-5, input_tokens`."""
    item = line.text("line_item", optional=True) or ""
    model, _, kind = item.partition(", ")
    dims = Dimensions(
        model=model if kind else "",
        token_kind=_KINDS.get(kind, ""),
        project=line.text("project_id", optional=True) or "",
        key=line.text("api_key_id", optional=True) or "",
        item=item,
    )
    amount = line.at("amount")
    currency = amount.text("currency")
    nano = amount.usd("value") if currency in (None, "usd", "USD") else None
    unit = line.text("quantity_unit", optional=True) or ""
    return BilledLine(from_ms, until_ms, nano, dims, line.number("quantity", optional=True), unit)


def _usage(account: Account, span: Span) -> Query:
    """1,440 buckets of a minute are the most of one page."""
    params = (*_times(span), ("bucket_width", "1m"), ("limit", "1440"), *_USAGE_GROUPS, *_narrowed(account))
    return Query("/v1/organization/usage/completions", params)


def _read_usage(answer: Look, query: Query) -> Page:
    rows = []
    for bucket in answer.each("data"):
        times = bucket.moment("start_time"), bucket.moment("end_time")
        if times[0] is not None and times[1] is not None:
            rows += [_used(line, times[0], times[1]) for line in bucket.each("results")]
    return Page(tuple(rows), _next(answer, query))


def _used(line: Look, from_ms: int, until_ms: int) -> UsedLine:
    """`input_tokens` includes the cached and the written ones."""
    given, made = line.count("input_tokens"), line.count("output_tokens")
    usage = Usage(
        input_tokens=given or 0,
        output_tokens=made or 0,
        cached_input_tokens=line.count("input_cached_tokens", optional=True) or 0,
        cache_write_tokens=line.count("input_cache_write_tokens", optional=True) or 0,
    )
    dims = Dimensions(
        model=line.text("model", optional=True) or "",
        project=line.text("project_id", optional=True) or "",
        key=line.text("api_key_id", optional=True) or "",
        tier="batch" if line.flag("batch", optional=True) else (line.text("service_tier", optional=True) or ""),
    )
    return UsedLine(from_ms, until_ms, None if None in (given, made) else usage, line.count("num_model_requests"), dims)


def _times(span: Span) -> tuple[tuple[str, str], ...]:
    return ("start_time", str(span.from_ms // 1000)), ("end_time", str(span.until_ms // 1000))


def _narrowed(account: Account) -> tuple[tuple[str, str], ...]:
    projects = tuple(("project_ids[]", name) for name in account.filters.get("projects", ()))
    return (*projects, *(("api_key_ids[]", name) for name in account.filters.get("keys", ())))


def _next(answer: Look, query: Query) -> Query | None:
    token = answer.text("next_page", optional=True)
    if not answer.flag("has_more", optional=True) or not token:
        return None
    return Query(query.path, (*(pair for pair in query.params if pair[0] != "page"), ("page", token)))


PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    base="https://api.openai.com",
    headers=bearer,
    key_kind="an admin key (sk-admin-…)",
    feeds=(
        Feed("costs", "spend", 30 * MINUTE, _costs, _read_costs, grain_seconds=DAY, lag_seconds=DAY, most_days=180),
        Feed("usage", "usage", MINUTE, _usage, _read_usage, grain_seconds=MINUTE, lag_seconds=HOUR, most_days=1),
    ),
    filters=("projects", "keys"),
)

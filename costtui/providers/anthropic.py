"""Anthropic: costs by the day, tokens by the minute and, in a beta, costs by the hour, all with an admin key.

Shapes: the Admin API's reference (cost report, usage report) and `types/beta/organization/analytics` of the official
client, 2.12.0. Amounts are decimal texts in cents: "123.45" is $1.23. Figures come within about five minutes. The cost
report never holds the Priority Tier's commitment. There is no balance, and individual accounts have none of this.
"""

from collections.abc import Mapping
from functools import partial

from costtui.domain.bill import BilledLine, Dimensions, UsedLine
from costtui.domain.secret import Secret
from costtui.domain.usage import Usage
from costtui.providers.buckets import paged, read_buckets
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, instant
from costtui.providers.look import Look

_CENTS = 100
_BETA = "analytics-usage-cost-2026-08-24"
_DEFAULT = "default"
"""The workspace that the reports write as null."""
_KINDS = {
    "uncached_input_tokens": "input",
    "cache_read_input_tokens": "cached_input",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h",
    "output_tokens": "output",
}
_TIMES = ("starting_at", "ending_at")
_Pairs = tuple[tuple[str, str], ...]


def _headers(account: Account) -> Mapping[str, str | Secret]:
    return {"x-api-key": account.key, "anthropic-version": "2023-06-01"}


def _groups(*words: str) -> _Pairs:
    """What is not grouped by comes back as null."""
    return tuple(("group_by[]", word) for word in words)


def _times(span: Span) -> _Pairs:
    return ("starting_at", instant(span.from_ms)), ("ending_at", instant(span.until_ms))


def _workspaces(account: Account) -> tuple[str, ...]:
    return account.filters.get("workspaces", ())


def _narrowed(account: Account) -> _Pairs:
    """The default workspace has no id to ask for; then the rows are chosen here alone."""
    names = _workspaces(account)
    return () if _DEFAULT in names else tuple(("workspace_ids[]", name) for name in names)


def _wanted(line: Look, wanted: object) -> str | None:
    """The line's workspace; None where others were asked for."""
    if "workspace_id" not in line:
        line.at("workspace_id").lacks("a text", loses=bool(wanted))
    name = line.text("workspace_id", optional=True) or _DEFAULT
    return name if not isinstance(wanted, tuple) or not wanted or name in wanted else None


def _tier(line: Look) -> str:
    tier = line.text("service_tier", optional=True) or ""
    return "" if tier == "standard" else tier


def _kind(line: Look) -> str:
    """By `token_type`, which only tokens have; what else is counted is named by `cost_type`."""
    if line.text("cost_type", optional=True) == "web_search":
        return "web_search"
    return _KINDS.get(line.text("token_type", optional=True) or "", "")


def _costs(account: Account, span: Span) -> Query:
    """31 daily buckets are the most of one page; there is no filter to ask by."""
    params = (*_times(span), ("bucket_width", "1d"), ("limit", "31"), *_groups("workspace_id", "description"))
    return Query("/v1/organizations/cost_report", params, kept=_workspaces(account))


def _read_costs(answer: Look, query: Query) -> Page:
    return read_buckets(answer, query, _TIMES, partial(_cost, query.kept))


def _cost(wanted: object, line: Look, from_ms: int, until_ms: int) -> BilledLine | None:
    if (workspace := _wanted(line, wanted)) is None:
        return None
    nano = line.usd("amount", per_usd=_CENTS)
    dims = Dimensions(
        model=line.text("model", optional=True) or "",
        token_kind=_kind(line),
        project=workspace,
        tier=_tier(line),
        item=line.text("description", optional=True) or "",
    )
    return BilledLine(from_ms, until_ms, nano if line.in_dollars("currency") else None, dims)


def _usage(account: Account, span: Span) -> Query:
    """1,440 buckets of a minute are the most of one page."""
    groups = _groups("api_key_id", "workspace_id", "model", "service_tier")
    params = (*_times(span), ("bucket_width", "1m"), ("limit", "1440"), *groups, *_narrowed(account))
    return Query("/v1/organizations/usage_report/messages", params, kept=_workspaces(account))


def _read_usage(answer: Look, query: Query) -> Page:
    return read_buckets(answer, query, _TIMES, partial(_used, query.kept))


def _used(wanted: object, line: Look, from_ms: int, until_ms: int) -> UsedLine | None:
    """What is cached or written to the cache is counted beside the input here, and part of it elsewhere."""
    if (workspace := _wanted(line, wanted)) is None:
        return None
    fresh, made = line.count("uncached_input_tokens"), line.count("output_tokens")
    read, created = line.count("cache_read_input_tokens") or 0, line.at("cache_creation")
    written = created.count("ephemeral_5m_input_tokens") or 0
    kept = created.count("ephemeral_1h_input_tokens") or 0
    usage = Usage(
        input_tokens=(fresh or 0) + read + written + kept,
        output_tokens=made or 0,
        cached_input_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=kept,
        web_searches=line.at("server_tool_use").count("web_search_requests") or 0,
    )
    dims = Dimensions(
        model=line.text("model", optional=True) or "",
        project=workspace,
        key=line.text("api_key_id", optional=True) or "",
        tier=_tier(line),
    )
    return UsedLine(from_ms, until_ms, None if fresh is None or made is None else usage, None, dims)


def _hours(account: Account, span: Span) -> Query:
    """At most 31 days by the hour, oldest first; kinds of tokens do not count among the 1,000 rows of a page."""
    shown = ("time_bucket_width", "1h"), ("limit", "1000"), ("order_by", "time"), ("order", "asc")
    groups = _groups("model", "workspace_id", "api_key_id", "service_tier", "cost_type", "token_type")
    params = (*_times(span), *shown, *groups, *_narrowed(account))
    beta = (("anthropic-beta", _BETA),)
    return Query("/v1/organizations/analytics/cost", params, headers=beta, kept=_workspaces(account))


def _read_hours(answer: Look, query: Query) -> Page:
    rows = tuple(row for line in answer.each("data") if (row := _hour(query.kept, line)) is not None)
    refreshed = answer.moment("data_refreshed_at", optional=True)
    return paged(answer, query, rows, refreshed)


def _hour(wanted: object, line: Look) -> BilledLine | None:
    """`amount` is after discounts and before credits."""
    group, cost, times = line.at("group"), line.at("cost"), line.bucket(*_TIMES)
    workspace = _wanted(group, wanted)
    if times is None or workspace is None:
        return None
    nano = cost.usd("amount", per_usd=_CENTS)
    dims = Dimensions(
        model=group.text("model", optional=True) or "",
        token_kind=_kind(group),
        project=workspace,
        key=group.text("api_key_id", optional=True) or "",
        tier=_tier(group),
        item=group.text("cost_type", optional=True) or "",
    )
    return BilledLine(*times, nano if cost.in_dollars("currency") else None, dims)


PROVIDER = Provider(
    name="anthropic",
    title="Anthropic",
    base="https://api.anthropic.com",
    headers=_headers,
    key_kind="an admin key (sk-ant-admin…)",
    feeds=(
        Feed("costs", "spend", 30 * MINUTE, _costs, _read_costs, grain_seconds=DAY, lag_seconds=HOUR),
        Feed("usage", "usage", MINUTE, _usage, _read_usage, MINUTE, lag_seconds=10 * MINUTE, most_days=1),
    ),
    filters=("workspaces",),
    finer=(Feed("hours", "spend", 10 * MINUTE, _hours, _read_hours, HOUR, lag_seconds=HOUR, optional=True),),
)

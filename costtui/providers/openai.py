"""OpenAI: costs by the day, tokens by the minute, and the organisation's own limit, all with an admin key.

Shapes: the `types/admin/organization` of the official client, 3.54.0. Costs are the financial truth; they can differ
slightly from the tokens times the list price. Buckets are UTC. There is no balance.
"""

from costtui.domain.bill import BilledLine, Dimensions, Limit, UsedLine
from costtui.domain.usage import Usage
from costtui.providers.buckets import read_buckets
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, always, bearer
from costtui.providers.look import Look

_KINDS = {
    "input_tokens": "input",
    "cached_input_tokens": "cached_input",
    "input_cached_tokens": "cached_input",
    "input_cache_write_tokens": "cache_write",
    "output_tokens": "output",
}
_USUAL_TIERS = ("default", "standard", "auto")
_TIMES = ("start_time", "end_time")


def _groups(*words: str) -> tuple[tuple[str, str], ...]:
    """What is not grouped by comes back as null."""
    return tuple(("group_by[]", word) for word in words)


def _times(span: Span) -> tuple[tuple[str, str], ...]:
    return ("start_time", str(span.from_ms // 1000)), ("end_time", str(span.until_ms // 1000))


def _narrowed(account: Account) -> tuple[tuple[str, str], ...]:
    projects = tuple(("project_ids[]", name) for name in account.filters.get("projects", ()))
    return (*projects, *(("api_key_ids[]", name) for name in account.filters.get("keys", ())))


def _costs(account: Account, span: Span) -> Query:
    """180 daily buckets are the most of one page."""
    groups = _groups("line_item", "project_id", "api_key_id")
    params = (*_times(span), ("bucket_width", "1d"), ("limit", "180"), *groups, *_narrowed(account))
    return Query("/v1/organization/costs", params)


def _read_costs(answer: Look, query: Query) -> Page:
    return read_buckets(answer, query, _TIMES, _cost)


def _cost(line: Look, from_ms: int, until_ms: int) -> BilledLine:
    """`amount.value` is in dollars, a number or a text; a line item reads `gpt-5, input_tokens`."""
    item = line.text("line_item", optional=True) or ""
    model, _, kind = item.rpartition(", ")
    dims = Dimensions(
        model=model,
        token_kind=_KINDS.get(kind, "") if model else "",
        project=line.text("project_id", optional=True) or "",
        key=line.text("api_key_id", optional=True) or "",
        item=item,
    )
    amount = line.at("amount")
    nano = amount.usd("value")
    unit = line.text("quantity_unit", optional=True) or ""
    quantity = line.number("quantity", optional=True)
    return BilledLine(from_ms, until_ms, nano if amount.in_dollars("currency") else None, dims, quantity, unit)


def _tokens(kind: str, account: Account, span: Span, *groups: str) -> Query:
    """1,440 buckets of a minute are the most of one page."""
    grouped = _groups("model", "project_id", "api_key_id", *groups)
    params = (*_times(span), ("bucket_width", "1m"), ("limit", "1440"), *grouped, *_narrowed(account))
    return Query(f"/v1/organization/usage/{kind}", params)


def _completions(account: Account, span: Span) -> Query:
    return _tokens("completions", account, span, "service_tier", "batch")


def _embeddings(account: Account, span: Span) -> Query:
    return _tokens("embeddings", account, span)


def _read_completions(answer: Look, query: Query) -> Page:
    return read_buckets(answer, query, _TIMES, _completed)


def _read_embeddings(answer: Look, query: Query) -> Page:
    return read_buckets(answer, query, _TIMES, _embedded)


def _completed(line: Look, from_ms: int, until_ms: int) -> UsedLine:
    """`input_tokens` includes the cached and the written ones."""
    given, made = line.count("input_tokens"), line.count("output_tokens")
    usage = Usage(
        input_tokens=given or 0,
        output_tokens=made or 0,
        cached_input_tokens=line.count("input_cached_tokens") or 0,
        cache_write_tokens=line.count("input_cache_write_tokens") or 0,
        input_audio_tokens=line.count("input_audio_tokens", optional=True) or 0,
        output_audio_tokens=line.count("output_audio_tokens", optional=True) or 0,
    )
    known = None if given is None or made is None else usage
    tier = line.text("service_tier", optional=True) or ""
    tier = "batch" if line.flag("batch", optional=True) else "" if tier in _USUAL_TIERS else tier
    return UsedLine(from_ms, until_ms, known, line.count("num_model_requests"), _whose(line, tier))


def _embedded(line: Look, from_ms: int, until_ms: int) -> UsedLine:
    given = line.count("input_tokens")
    usage = None if given is None else Usage(input_tokens=given)
    return UsedLine(from_ms, until_ms, usage, line.count("num_model_requests"), _whose(line, ""))


def _whose(line: Look, tier: str) -> Dimensions:
    return Dimensions(
        model=line.text("model", optional=True) or "",
        project=line.text("project_id", optional=True) or "",
        key=line.text("api_key_id", optional=True) or "",
        tier=tier,
    )


def _read_limit(answer: Look, _query: Query) -> Page:
    """`threshold_amount` is in whole cents; `enforcement.status` is `inactive` until the limit is reached."""
    nano = answer.usd("threshold_amount", per_usd=100)
    status = answer.at("enforcement").text("status")
    enforced = None if status is None else status == "enforcing"
    known = nano if answer.in_dollars("currency") else None
    return Page((Limit(known, answer.text("interval") or "", enforced, name="organisation"),))


PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    base="https://api.openai.com",
    headers=bearer,
    key_kind="an admin key (sk-admin-…)",
    feeds=(
        Feed("costs", "spend", 30 * MINUTE, _costs, _read_costs, grain_seconds=DAY, lag_seconds=DAY, most_days=180),
        Feed("usage", "usage", MINUTE, _completions, _read_completions, MINUTE, lag_seconds=HOUR, most_days=1),
        Feed(
            "embeddings",
            "usage",
            5 * MINUTE,
            _embeddings,
            _read_embeddings,
            grain_seconds=MINUTE,
            lag_seconds=HOUR,
            most_days=1,
            optional=True,
        ),
        Feed("limit", "limit", HOUR, always("/v1/organization/spend_limit"), _read_limit, optional=True),
    ),
    filters=("projects", "keys"),
)

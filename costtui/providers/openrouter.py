"""OpenRouter: prepaid credits, what the key itself may spend, and the activity of each completed day.

Shapes: the official client, 1.3.84. `credits` and `activity` need a management key; figures may be a minute old. A day
is a UTC day and appears once it is over; the last 30 can be read.
"""

from costtui.domain.bill import Balance, BilledLine, Dimensions, Limit, UsedLine
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.providers.contract import DAY, HOUR, MINUTE, Feed, Page, Provider, Query, always, bearer
from costtui.providers.look import Look

_DAY_MS = DAY * 1000


def _read_credits(answer: Look, _query: Query) -> Page:
    """What was bought less what was used."""
    data = answer.at("data")
    bought, used = data.usd("total_credits"), data.usd("total_usage")
    return Page((Balance(None if bought is None or used is None else NanoUsd(bought - used)),))


def _read_key(answer: Look, _query: Query) -> Page:
    """The key's own limit. A key without one says null three times, and then there is no row."""
    data = answer.at("data")
    if all(word in data and data.at(word).value is None for word in ("limit", "limit_remaining", "limit_reset")):
        return Page(())
    interval = data.text("limit_reset", optional=True) or "total"
    left, limit = data.usd("limit_remaining"), data.usd("limit")
    used = None if left is None or limit is None else NanoUsd(limit - left)
    return Page((Limit(limit, interval, enforced=True, used_nano=used, name="key"),))


def _read_activity(answer: Look, _query: Query) -> Page:
    rows: list[BilledLine | UsedLine] = []
    for line in answer.each("data"):
        begin = line.moment("date")
        if begin is not None:
            rows += _day(line, begin)
    return Page(tuple(rows))


def _day(line: Look, begin_ms: int) -> tuple[BilledLine, UsedLine]:
    """`usage` is in dollars and without what own keys of other providers cost. Cached tokens of a replayed answer may
    be more than the prompt's."""
    dims = Dimensions(
        model=line.text("model") or "",
        project=line.text("workspace_id", optional=True) or "",
        item=line.text("endpoint_id", optional=True) or "",
    )
    given, made = line.count("prompt_tokens"), line.count("completion_tokens")
    cached = min(line.count("cached_tokens") or 0, given or 0)
    usage = None if given is None or made is None else Usage(given, made, cached)
    end_ms, requests = begin_ms + _DAY_MS, line.count("requests")
    return BilledLine(begin_ms, end_ms, line.usd("usage"), dims), UsedLine(begin_ms, end_ms, usage, requests, dims)


PROVIDER = Provider(
    name="openrouter",
    title="OpenRouter",
    base="https://openrouter.ai",
    headers=bearer,
    key_kind="a management key; with another one only its own limit is told",
    feeds=(
        Feed(
            "activity", "spend", HOUR, always("/api/v1/activity"), _read_activity, DAY, lag_seconds=DAY, optional=True
        ),
        Feed("credits", "balance", 5 * MINUTE, always("/api/v1/credits"), _read_credits, optional=True),
        Feed("key", "limit", 5 * MINUTE, always("/api/v1/key"), _read_key),
    ),
    scope="account",
)

"""OpenRouter: prepaid credits, what the key itself may spend, the activity of each completed day, and its price list.

Shapes: the official client, 1.3.84. `credits` and `activity` need a management key; figures may be a minute old. A day
is a UTC day and appears once it is over; the last 30 can be read. Prices are decimal texts in dollars per token.
"""

from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from costtui.domain.bill import Balance, BilledLine, Dimensions, Limit, ListPrice, UsedLine
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.providers.contract import DAY, HOUR, MINUTE, Feed, Page, Provider, Query, always, bearer
from costtui.providers.look import Look

_DAY_MS = DAY * 1000
_MODELS = "/api/v1/models"
_PER_MILLION = 1_000_000


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


def _read_models(answer: Look, query: Query) -> Page:
    """One page of the list. `links.next` is followed by its parameters alone; fewer models than `total_count` without
    one are a list that was cut."""
    models = list(answer.each("data"))
    before = query.kept if isinstance(query.kept, int) else 0
    seen, rows = before + len(models), tuple(row for line in models if (row := _price(line)) is not None)
    mark = answer.at("links").token("next")
    if mark is not None:
        params = tuple(parse_qsl(urlsplit(mark).query))
        return Page(rows, Query(_MODELS, params, kept=seen))
    return Page(rows, cut=seen < (answer.count("total_count", optional=True) or 0))


def _price(line: Look) -> ListPrice | None:
    """None for one without a price of its own: a router that chooses among models says -1."""
    name, pricing = line.text("id"), line.at("pricing")
    given, made = _rate(pricing, "prompt"), _rate(pricing, "completion")
    if name is None or (given is None and made is None):
        return None
    cached = _rate(pricing, "input_cache_read", optional=True)
    return ListPrice(name, given, made, cached, varies=bool(pricing.at("overrides").value))


def _rate(pricing: Look, key: str, *, optional: bool = False) -> Decimal | None:
    number = pricing.number(key, optional=optional)
    return None if number is None or number < 0 else (number * _PER_MILLION).normalize()


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
        Feed("models", "price", DAY, always(_MODELS), _read_models),
    ),
    scope="account",
)

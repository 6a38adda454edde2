"""A LiteLLM proxy of one's own: what it counted as spent, by day and model.

Shape: `GET /user/daily/activity` of litellm 1.109.1, marked beta there. Its sums are written every ten seconds and are
LiteLLM's own estimates from its price list; it may exceed the `spend` of keys, which budgets reset.
"""

from dataclasses import replace
from datetime import UTC, datetime

from costtui.domain.bill import BilledLine, Dimensions, UsedLine
from costtui.domain.usage import Usage
from costtui.providers.contract import DAY, HOUR, MINUTE, Account, Feed, Page, Provider, Query, Span, bearer
from costtui.providers.look import Look

_DAY_MS = DAY * 1000


def _days(account: Account, span: Span) -> Query:
    """Both days are included; the days are UTC's."""
    first, last = (datetime.fromtimestamp(at_ms // 1000, UTC) for at_ms in (span.from_ms, span.until_ms - 1))
    shown = (
        ("start_date", f"{first:%Y-%m-%d}"),
        ("end_date", f"{last:%Y-%m-%d}"),
        ("page", "1"),
        ("page_size", "1000"),
    )
    return Query("/user/daily/activity", (*shown, *(("api_key", key) for key in account.filters.get("keys", ())[:1])))


def _read(answer: Look, query: Query) -> Page:
    rows: list[BilledLine | UsedLine] = []
    for day in answer.each("results"):
        begin = day.moment("date")
        if begin is not None:
            rows += _of_day(day, begin)
    if not answer.at("metadata").flag("has_more"):
        return Page(tuple(rows))
    page = str(int(dict(query.params)["page"]) + 1)
    return Page(
        tuple(rows),
        replace(query, params=tuple((word, page if word == "page" else said) for word, said in query.params)),
    )


def _of_day(day: Look, begin_ms: int) -> list[BilledLine | UsedLine]:
    """By model; the day's own sum tells whether the models are all there."""
    pairs = [_model(model, entry.at("metrics"), begin_ms) for model, entry in day.at("breakdown").named("models")]
    told, whole = sum(line.nano or 0 for line, _ in pairs), day.at("metrics").usd("spend")
    if whole is not None and abs(whole - told) > 1_000 * len(pairs):
        day.at("breakdown").lacks("all of the day's spend", loses=True)
    return [row for pair in pairs for row in pair]


def _model(model: str, metrics: Look, begin_ms: int) -> tuple[BilledLine, UsedLine]:
    dims = Dimensions(model=model.rpartition("/")[2])
    given, made = metrics.count("prompt_tokens"), metrics.count("completion_tokens")
    cached = metrics.count("cache_read_input_tokens") or 0
    written = metrics.count("cache_creation_input_tokens") or 0
    usage = None if given is None or made is None else Usage(given, made, cached, written)
    end_ms, requests = begin_ms + _DAY_MS, metrics.count("api_requests")
    return BilledLine(begin_ms, end_ms, metrics.usd("spend"), dims), UsedLine(begin_ms, end_ms, usage, requests, dims)


PROVIDER = Provider(
    name="litellm",
    title="LiteLLM proxy",
    base="",
    headers=bearer,
    key_kind="a virtual key, or the master key for everybody's (sk-…)",
    feeds=(Feed("days", "spend", 15 * MINUTE, _days, _read, DAY, lag_seconds=HOUR),),
    scope="key",
    filters=("keys",),
)

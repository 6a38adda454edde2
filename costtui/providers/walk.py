"""One reading of one feed: page after page until the last, the same page twice, or too many."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from costtui.domain.bill import BillRow
from costtui.egress.client import Egress
from costtui.errors import SourceError
from costtui.providers.contract import Account, Feed, Page, Provider, Query, Span
from costtui.providers.look import Look, Notes, decoded
from costtui.providers.rows import Rows, silent

MOST_PAGES = 1_000
MOST_ROWS = 500_000
"""Of one walk; a day of OpenAI's minutes by model and key is some tens of thousands."""
MOST_BYTES = 8 * 1024 * 1024
"""Of one page; OpenAI's largest, 180 days by line item, is about one megabyte."""
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """What one walk brought."""

    rows: tuple[BillRow, ...]
    """Each line once: the last page that has it counts."""
    complete: bool
    """False: it ended because a page came back, there were too many, or the next was not named; or lines were left out
    because they could not be read. What is absent may then still exist."""
    missing: tuple[str, ...] = ()
    """What the answers lacked, in words."""
    refreshed_ms: int | None = None

    @property
    def whole(self) -> bool:
        """Whether what it leaves out is gone: all was read, and something was told. An empty answer takes nothing
        back, for that is also how a fault looks."""
        return self.complete and bool(self.rows)


async def walk(
    provider: Provider,
    feed: Feed,
    account: Account,
    span: Span,
    egress: Egress,
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Told:
    """All rows of `feed` for `span`. Raises SourceError where an answer is none; what was read is then dropped."""
    notes, rows = Notes(), Rows()
    asked: set[str] = set()
    query: Query | None = feed.first(account, span)
    refreshed: int | None = None
    while query is not None:
        url = address(provider, feed, account, query)
        if (never := _endless(_mark(url, query), asked, rows)) is not None:
            notes.add(never)
            return Told(rows.all(notes), complete=False, missing=tuple(notes), refreshed_ms=refreshed)
        asked.add(_mark(url, query))
        body = await _answer(provider, account, query, url, egress, timeout_seconds)
        page = _read(provider, feed, query, body, url, notes)
        rows.take(page.rows)
        refreshed = page.refreshed_ms or refreshed
        if page.cut:
            notes.add("it says that there is more, and not where")
            return Told(rows.all(notes), complete=False, missing=tuple(notes), refreshed_ms=refreshed)
        query = page.next
    return Told(rows.all(notes), complete=not notes.lost, missing=tuple(notes), refreshed_ms=refreshed)


def address(provider: Provider, feed: Feed, account: Account, query: Query) -> str:
    """Where a query goes. A path that does not begin with a slash could change the host, so it is refused."""
    base = account.base or feed.base or provider.base
    if not query.path.startswith("/"):
        raise SourceError(f"{provider.title} names an address that is not below its own", "check the address")
    return base + query.path + (f"?{urlencode(query.params)}" if query.params else "")


def _mark(url: str, query: Query) -> str:
    return f"{url} {json.dumps(query.payload)}"


def _endless(mark: str, asked: set[str], rows: Rows) -> str | None:
    """Why the next question is not asked, if so."""
    if mark in asked:
        return "its pages never end: one came back"
    if len(asked) >= MOST_PAGES:
        return f"it has over {MOST_PAGES} pages"
    return f"it has over {MOST_ROWS} rows" if len(rows) > MOST_ROWS else None


async def _answer(
    provider: Provider, account: Account, query: Query, url: str, egress: Egress, timeout_seconds: float
) -> bytes:
    return await egress.ask(
        query.method,
        url,
        payload=query.payload,
        headers={**dict(query.headers), **provider.headers(account)},
        max_bytes=MOST_BYTES,
        timeout_seconds=timeout_seconds,
    )


def _read(provider: Provider, feed: Feed, query: Query, body: bytes, url: str, notes: Notes) -> Page:
    """One answer, read. One that holds nothing of what it should is as good as none: it must not look like zero."""
    look = Look(decoded(body, url.partition("?")[0]), Notes())
    _refuse_errors(look, provider)
    page = feed.read(look, query)
    lacking = next(iter(look.notes), None)
    if lacking is not None and not page.learnt and silent(page.rows):
        raise SourceError(f"{provider.title} answered without what it should hold ({lacking})", "update costtui")
    notes.take(look.notes)
    return page


def _refuse_errors(look: Look, provider: Provider) -> None:
    """An error that came with a status of 200 is still one; its own text is not passed on, it may quote the key."""
    if not isinstance(look.value, (dict, list)):
        raise SourceError(f"{provider.title} answered with a bare value", "check the address")
    if isinstance(look.value, dict) and _is_error(look.value):
        raise SourceError(f"{provider.title} answered with an error", "check the key's kind and its permissions")


def _is_error(answer: dict[str, object]) -> bool:
    says = answer.get("error") or answer.get("errors") or answer.get("success") is False
    return bool(says) or "error" in (answer.get("type"), answer.get("object"), answer.get("status"))

"""One reading of one feed: page after page until the last, the same page twice, or too many."""

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from costtui.domain.bill import BilledLine, BillRow, Dimensions, UsedLine
from costtui.egress.client import Egress
from costtui.errors import SourceError
from costtui.providers.contract import Account, Feed, Page, Provider, Query, Span
from costtui.providers.look import Look, Notes, decoded

MOST_PAGES = 1_000
MOST_BYTES = 8 * 1024 * 1024
"""Of one page; OpenAI's largest, 180 days by line item, is about one megabyte."""
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """What one walk brought."""

    rows: tuple[BillRow, ...]
    """Each line once: the last page that has it counts."""
    complete: bool
    """False: it ended because a page came back or there were too many; what is absent may still exist."""
    missing: tuple[str, ...] = ()
    """What the answers lacked, in words."""
    refreshed_ms: int | None = None


async def walk(provider: Provider, feed: Feed, account: Account, span: Span, egress: Egress) -> Told:
    """All rows of `feed` for `span`. Raises SourceError where an answer is none; what was read is then dropped."""
    notes, rows = Notes(), _Rows()
    asked: set[str] = set()
    query: Query | None = feed.first(account, span)
    refreshed: int | None = None
    while query is not None:
        url = address(provider, feed, account, query)
        asked.add(mark := f"{url} {json.dumps(query.payload)}")
        page = await _page(provider, feed, account, query, url, egress, notes)
        rows.take(page)
        refreshed = page.refreshed_ms or refreshed
        query = page.next
        if query is None:
            break
        mark = f"{address(provider, feed, account, query)} {json.dumps(query.payload)}"
        if mark in asked or len(asked) >= MOST_PAGES:
            notes.add("its pages never end: one came back" if mark in asked else f"it has over {MOST_PAGES} pages")
            return Told(rows.all(notes), complete=False, missing=tuple(notes), refreshed_ms=refreshed)
    return Told(rows.all(notes), complete=True, missing=tuple(notes), refreshed_ms=refreshed)


def address(provider: Provider, feed: Feed, account: Account, query: Query) -> str:
    """Where a query goes."""
    base = account.base or feed.base or provider.base
    return base + query.path + (f"?{urlencode(query.params)}" if query.params else "")


async def _page(
    provider: Provider, feed: Feed, account: Account, query: Query, url: str, egress: Egress, notes: Notes
) -> Page:
    body = await egress.ask(
        query.method,
        url,
        payload=query.payload,
        headers=provider.headers(account),
        max_bytes=MOST_BYTES,
        timeout_seconds=TIMEOUT_SECONDS,
    )
    look = Look(decoded(body, url.partition("?")[0]), notes)
    _refuse_errors(look, provider)
    return feed.read(look, query)


def _refuse_errors(look: Look, provider: Provider) -> None:
    """An error that came with a status of 200 is still one; its own text is not passed on, it may quote the key."""
    if isinstance(look.value, dict) and look.value.get("error"):
        raise SourceError(f"{provider.title} answered with an error", "check the key's kind and its permissions")
    if not isinstance(look.value, (dict, list)):
        raise SourceError(f"{provider.title} answered with a bare value", "check the address")


_Place = tuple[type, int, int, Dimensions]


class _Rows:
    """Rows of a series by what identifies them, so that pages may overlap and repeat; the others in their order."""

    def __init__(self) -> None:
        self._lines: dict[_Place, BilledLine | UsedLine] = {}
        self._others: dict[BillRow, None] = {}
        self._changed = False

    def take(self, page: Page) -> None:
        """Add a page's."""
        for row in page.rows:
            if not isinstance(row, (BilledLine, UsedLine)):
                self._others[row] = None
                continue
            place = (type(row), row.from_ms, row.until_ms, row.dims)
            before = self._lines.get(place)
            self._changed |= before is not None and before != row
            self._lines[place] = row

    def all(self, notes: Notes) -> tuple[BillRow, ...]:
        """What is known at the end."""
        if self._changed:
            notes.add("one line came twice with two amounts; the later one counts")
        return (*self._lines.values(), *self._others)

"""Pages of time buckets, as OpenAI and Anthropic both write them: `data[].results[]`, `has_more`, `next_page`."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from costtui.domain.bill import BillRow
from costtui.providers.contract import Page, Query
from costtui.providers.look import Look


def read_buckets(
    answer: Look, query: Query, times: tuple[str, str], line: Callable[[Look, int, int], BillRow | None]
) -> Page:
    """Each line of each bucket; `times` names where a bucket says its start and its end."""
    return paged(answer, query, tuple(_rows(answer, times, line)))


def _rows(answer: Look, times: tuple[str, str], line: Callable[[Look, int, int], BillRow | None]) -> Iterator[BillRow]:
    for bucket in answer.each("data"):
        if (span := bucket.bucket(*times)) is None:
            continue
        for result in bucket.each("results"):
            if (row := line(result, *span)) is not None:
                yield row


def paged(answer: Look, query: Query, rows: tuple[BillRow, ...], refreshed_ms: int | None = None) -> Page:
    """The page with these rows, and what follows it. Whether there is more counts where it is said, else the mark."""
    more, mark = answer.flag("has_more"), answer.token("next_page")
    if more is False or (more is None and mark is None):
        return Page(rows, refreshed_ms=refreshed_ms)
    if mark is None:
        return Page(rows, cut=True, refreshed_ms=refreshed_ms)
    params = (*(pair for pair in query.params if pair[0] != "page"), ("page", mark))
    return Page(rows, replace(query, params=params), refreshed_ms=refreshed_ms)

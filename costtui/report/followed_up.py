"""Everything that was done on advice: shifts of routes, and endpoints that were paused, with what each saved."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from costtui.analysis.followed import Promise, promise
from costtui.domain.bill import BurnItem
from costtui.domain.billed import KeptLevel
from costtui.domain.clean import clean
from costtui.domain.control import Revision
from costtui.domain.endpoint import EndpointOrder
from costtui.domain.money import NanoUsd, rent_for
from costtui.report.followed import Followed, followed
from costtui.report.metered import Ledger
from costtui.store.bills import BillReader
from costtui.store.endpoints import orders


def followed_up(state_dir: Path, ledger: Ledger, revisions: tuple[Revision, ...], now_ms: int) -> tuple[Followed, ...]:
    """Oldest first."""
    found = [*followed(ledger, revisions, now_ms), *_endpoints(state_dir, now_ms)]
    return tuple(sorted(found, key=lambda each: each.since_ms))


def _endpoints(state_dir: Path, now_ms: int) -> Iterator[Followed]:
    """Each order holds until the next one to the same endpoint."""
    given = [each for each in orders(state_dir) if each.at_ms < now_ms]
    for number, order in enumerate(given):
        told = promise(order.reason)
        if order.action == "resume" or told is None:
            continue
        later = (
            each.at_ms for each in given[number + 1 :] if (each.provider, each.name) == (order.provider, order.name)
        )
        levels = BillReader(state_dir).burns(order.provider, order.name)
        yield endpoint_followed(order, told, levels, next(later, now_ms))


def endpoint_followed(order: EndpointOrder, told: Promise, levels: Sequence[KeptLevel], until_ms: int) -> Followed:
    """Rent as it was when the order was given, against rent since then; `levels` of that endpoint, oldest first."""
    former = _rate(levels, order.at_ms)
    spans = list(_spans(levels, order.at_ms, until_ms))
    held_ms = sum(span_ms for span_ms, _ in spans)
    rents = [None if rate is None else rent_for(rate, span_ms) for span_ms, rate in spans]
    return Followed(
        clean(f"{order.provider}/{order.name}", 120),
        told._replace(subject=clean(told.subject, 120)),
        clean(order.actor, 80),
        order.at_ms,
        held_ms,
        None if former is None or not held_ms else rent_for(former, held_ms),
        NanoUsd(sum(rent for rent in rents if rent is not None)) if spans and None not in rents else None,
        0,
        endpoint=True,
    )


def _rate(levels: Sequence[KeptLevel], at_ms: int) -> Decimal | None:
    """USD an hour at a moment, as the provider last said by then."""
    said = [each.row for each in levels if each.since_ms <= at_ms and isinstance(each.row, BurnItem)]
    return said[-1].usd_per_hour if said else None


def _spans(levels: Sequence[KeptLevel], from_ms: int, to_ms: int) -> Iterator[tuple[int, Decimal | None]]:
    """Milliseconds within [from, to) and USD an hour; a level holds until the next one, the last until it was seen."""
    ends = [later.since_ms for _, later in pairwise(levels)] + [each.at_ms for each in levels[-1:]]
    for each, end in zip(levels, ends, strict=True):
        span_ms = min(end, to_ms) - max(each.since_ms, from_ms)
        if span_ms > 0 and isinstance(each.row, BurnItem):
            yield span_ms, each.row.usd_per_hour

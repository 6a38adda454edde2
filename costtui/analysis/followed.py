"""Whether advice that was followed saved what it promised: what was paid, against the same traffic at former rates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import NamedTuple

from costtui.domain.control import Kind, Revision
from costtui.domain.money import NANO_PER_USD, NanoUsd

MARK = "advice: "
_PROMISE = re.compile(r"advice: (?P<subject>.+): (?P<usd>\d+(?:\.\d{1,9})?) \$ a month")


class Carried(NamedTuple):
    """What a route carried in a span, and what its APIs took for it; None where an attempt has no known price."""

    requests: int
    input_tokens: int
    """Cached input and cache writes are among them."""
    output_tokens: int
    input_nano: int | None
    output_nano: int | None
    flat_nano: int | None

    @property
    def nano(self) -> NanoUsd | None:
        """All of it."""
        if self.input_nano is None or self.output_nano is None or self.flat_nano is None:
            return None
        return NanoUsd(self.input_nano + self.output_nano + self.flat_nano)


class Promise(NamedTuple):
    """What the reason of a change says of the advice behind it."""

    subject: str
    month_nano: NanoUsd | None


@dataclass(frozen=True, slots=True)
class Course:
    """A piece of advice on one route: the changes by hand that name it, and when they held."""

    route: str
    promise: Promise
    actor: str
    since_ms: int
    spans: tuple[tuple[int, int], ...]
    """[from, to) in which such a change held, oldest first."""
    former_ms: int
    """Since when the route had gone its former way: the change before the first, or the beginning of time."""


def reason(subject: str, month_nano: NanoUsd | None) -> str:
    """What a change says so that it is followed up."""
    said = "" if month_nano is None else f": {Decimal(month_nano) / NANO_PER_USD:.2f} $ a month"
    return f"{MARK}{subject}{said}"


def promise(text: str) -> Promise | None:
    """The advice that a change's reason names; None where it names none."""
    if not text.startswith(MARK):
        return None
    told = _PROMISE.fullmatch(text)
    if told is None:
        return Promise(text.removeprefix(MARK), None)
    try:
        return Promise(told["subject"], NanoUsd(int(Decimal(told["usd"]) * NANO_PER_USD)))
    except InvalidOperation:
        return Promise(told["subject"], None)


def courses(revisions: Sequence[Revision], now_ms: int) -> tuple[Course, ...]:
    """Oldest first. A change ends by itself, by the next change of its route, or not yet."""
    found: dict[tuple[str, str], Course] = {}
    for number, revision in enumerate(revisions):
        made = promise(revision.reason)
        if made is None or not revision.route or revision.kind is Kind.UNDO:
            continue
        others = [each for each in revisions if each.route == revision.route]
        later = [each.at_ms for each in others if each.revision_id > revision.revision_id]
        end = min([now_ms, *later[:1], *([] if revision.until_ms is None else [revision.until_ms])])
        earlier = [each.at_ms for each in revisions[:number] if each.route == revision.route]
        span = (revision.at_ms, max(end, revision.at_ms))
        key = (revision.route, made.subject)
        held = found.get(key)
        found[key] = (
            Course(revision.route, made, revision.actor, revision.at_ms, (span,), max(earlier, default=0))
            if held is None
            else Course(held.route, made, revision.actor, held.since_ms, (*held.spans, span), held.former_ms)
        )
    return tuple(sorted(found.values(), key=lambda course: (course.since_ms, course.route)))


def at_former_rates(before: Carried, after: Carried) -> NanoUsd | None:
    """What `after` would have cost had it gone the way of `before`.

    Dollars per input token, per output token and per request as they were paid before, over all tokens of the route:
    those that own GPUs carried cost no API dollar, so that the former split is in the rates. None where a price is not
    known, or where nothing of a kind went before that goes now.
    """
    parts = [
        _at(before.input_nano, before.input_tokens, after.input_tokens),
        _at(before.output_nano, before.output_tokens, after.output_tokens),
        _at(before.flat_nano, before.requests, after.requests),
    ]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return NanoUsd(int(sum(known, Decimal(0)).to_integral_value(ROUND_HALF_EVEN)))


def _at(nano: int | None, former: int, count: int) -> Decimal | None:
    if nano is None or (count and not former):
        return None
    return Decimal(nano) * count / former if former else Decimal(0)

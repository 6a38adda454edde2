"""Advice that was followed: predicted against realised, from the changes that name it and the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.analysis.advice import LEAST_NANO, WEEK_MS, Advice, monthly
from costtui.analysis.followed import Carried, Course, Promise, at_former_rates, courses, reason
from costtui.domain.clean import clean
from costtui.domain.control import Revision
from costtui.domain.money import NanoUsd
from costtui.report.metered import Ledger, apis
from costtui.report.money import usd
from costtui.report.words import count, duration, money, percent


@dataclass(frozen=True, slots=True)
class Followed:
    """One piece of advice on one route."""

    route: str
    promise: Promise
    actor: str
    since_ms: int
    held_ms: int
    """How long changes that name it have held."""
    former_nano: NanoUsd | None
    """What the traffic since then would have cost the former way."""
    paid_nano: NanoUsd | None
    """What its APIs took; rent is owed anyway and is in neither."""
    tokens: int
    """Input and output that went while it held."""
    endpoint: bool = False
    """`route` is the name of a rented endpoint: its amounts are rent by the hour."""

    @property
    def saved_nano(self) -> NanoUsd | None:
        """Negative where the advice was wrong."""
        if self.former_nano is None or self.paid_nano is None:
            return None
        return NanoUsd(self.former_nano - self.paid_nano)

    @property
    def month_nano(self) -> NanoUsd | None:
        """Realised in 730 hours at the pace of the time in which it held."""
        saved = self.saved_nano
        return None if saved is None or not self.held_ms else monthly(saved, self.held_ms)

    @property
    def ratio(self) -> Decimal | None:
        """Realised of predicted; None where either is not known."""
        month, told = self.month_nano, self.promise.month_nano
        return None if month is None or not told else Decimal(month) / told


def reason_of(advice: Advice) -> str:
    """What a change says so that the advice behind it is followed up."""
    worth = None if advice.month_nano is None or advice.month_nano < LEAST_NANO else advice.month_nano
    return reason(f"{advice.kind} {clean(advice.subject, 80)}", worth).replace("'", "")


def command_of(advice: Advice) -> str:
    """What carries it out, empty where nothing does; a change names the advice, so that it is followed up."""
    if not advice.command.startswith(("costtui route shift ", "costtui endpoint ")):
        return advice.command
    return f"{advice.command} --reason '{reason_of(advice)}'"


def words(each: Followed, since: str) -> tuple[str, str]:
    """What was promised and what came of it, and how that was worked out; `since` as its reader's clocks say."""
    told, made, so_far = (money(usd(nano)) for nano in (each.promise.month_nano, each.month_nano, each.saved_nano))
    share = "" if each.ratio is None else f", {percent(each.ratio)} of it"
    first = f"{each.promise.subject}: predicted {told} $ a month, realised {made} $ a month{share}"
    if each.endpoint:
        return first, (
            f"{each.route} since {since} by {each.actor}, known for {duration(each.held_ms / 1000)}:"
            f" {money(usd(each.former_nano))} $ at its rent before, {money(usd(each.paid_nano))} $ of rent since,"
            f" {so_far} $ saved so far"
        )
    return (
        first,
        f"route {each.route} since {since} by {each.actor}, held for {duration(each.held_ms / 1000)}:"
        f" {count(each.tokens)} tokens, {money(usd(each.former_nano))} $ at the former rates,"
        f" {money(usd(each.paid_nano))} $ paid to APIs, {so_far} $ saved so far",
    )


def followed(ledger: Ledger, revisions: tuple[Revision, ...], now_ms: int) -> tuple[Followed, ...]:
    """Each piece of advice that a change by hand names, oldest first."""
    return tuple(_followed(ledger, course) for course in courses(revisions, now_ms))


def _followed(ledger: Ledger, course: Course) -> Followed:
    from_ms = max(course.since_ms - WEEK_MS, course.former_ms)
    before = _carried(ledger, course.route, [(from_ms, course.since_ms)])
    after = _carried(ledger, course.route, course.spans)
    held_ms = sum(to_ms - begin_ms for begin_ms, to_ms in course.spans)
    return Followed(
        clean(course.route, 80),
        Promise(clean(course.promise.subject, 120), course.promise.month_nano),
        clean(course.actor, 80),
        course.since_ms,
        held_ms,
        at_former_rates(before, after),
        after.nano,
        after.input_tokens + after.output_tokens,
    )


def _carried(ledger: Ledger, route: str, spans: Sequence[tuple[int, int]]) -> Carried:
    rows = [
        row
        for from_ms, to_ms in spans
        if to_ms > from_ms
        for row in ledger.spend(from_ms, to_ms, ("route",))
        if row.labels[0] == route
    ]
    paid = apis(rows)
    known = not any(row.unpriced or row.nano is None for row in paid)
    return Carried(
        sum(row.requests for row in rows),
        sum(row.input_tokens for row in rows),
        sum(row.output_tokens for row in rows),
        sum(row.input_nano + row.cached_input_nano + row.cache_write_nano for row in paid) if known else None,
        sum(row.output_nano for row in paid) if known else None,
        sum(row.flat_nano for row in paid) if known else None,
    )

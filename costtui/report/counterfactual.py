"""What one's own traffic would have cost at each seller of the same model, beside what its APIs did cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from costtui.config.model import Config, Target
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.rates.prices import PriceBook
from costtui.report.metered import Ledger, apis
from costtui.report.sized import cost_by_size, steps_of
from costtui.report.words import provider_words
from costtui.store.ledger.rows import SpendRow

NO_PRICE = "no price is known"
NO_RATE = "has no price for a kind of token that was used"
ONLY_ITSELF = "nobody else in the price table sells it; `compare` of its target can name another model"
NO_TOKENS = "no tokens were counted"


class SizedLedger(Ledger, Protocol):
    """The ledger's reader, asked for sizes too."""

    def large(self, from_ms: int, to_ms: int, by: Sequence[str], above: Sequence[int]) -> list[SpendRow]:
        """Sums of what is kept of the attempts with more input than the least of `above`."""

    def all_kept(self, from_ms: int, to_ms: int) -> bool:
        """Whether every attempt of the span is still there."""


class Offer(NamedTuple):
    """All of one model's tokens at one seller."""

    name: str
    nano: NanoUsd | None
    """An estimate at list price, cached input at the cached rate; None where `reason` says why."""
    configured: bool
    """A target of one's own, not only a row of the price table."""
    at_least: bool
    """Dearer for long requests, of which some are no longer kept one by one: the amount is the least."""
    reason: str


class Compared(NamedTuple):
    """The traffic of one model."""

    model: str
    requests: int
    input_tokens: int
    """Cached input and cache writes are among them."""
    cached_tokens: int
    output_tokens: int
    hosted_tokens: int
    """Input and output that own engines carried: their rent is owed anyway and stands in no amount here."""
    paid_nano: NanoUsd | None
    """To APIs; None where the price of an attempt is not known."""
    estimated: int
    """Attempts of which the tokens are an estimate."""
    offers: tuple[Offer, ...]
    """Cheapest first, those without an amount last."""
    reason: str
    """Why there is nothing to compare with; empty where there is."""


class _Carried(NamedTuple):
    """Sums of one model's traffic."""

    rows: list[SpendRow]
    large: list[SpendRow]
    """Of its long requests, by size."""
    sized: bool
    """Whether all of the long ones are among `large`."""


def counterfactual(
    ledger: SizedLedger, config: Config, book: PriceBook | None, from_ms: int, to_ms: int
) -> tuple[Compared, ...]:
    """Of what settled within [from, to), most tokens first. Sellers of one model only: others answer otherwise."""
    by, targets = ("model", "target"), {target.name: target for target in config.targets}
    steps = steps_of(row for rows in book.offers().values() for row in rows) if book is not None else ()
    large = ledger.large(from_ms, to_ms, by, steps) if steps else []
    sized = bool(steps) and ledger.all_kept(from_ms, to_ms)
    groups: dict[str, _Carried] = {}

    def group(row: SpendRow) -> _Carried:
        name = catalogue_name(targets.get(row.labels[1]), row.labels[0])
        return groups.setdefault(name, _Carried([], [], sized))

    for row in ledger.spend(from_ms, to_ms, by):
        if row.attempts > row.cache_hits:
            group(row).rows.append(row)
    for row in large:
        group(row).large.append(row)
    found = [_compared(name, carried, config, book, to_ms) for name, carried in groups.items()]
    return tuple(sorted(found, key=lambda each: (-(each.input_tokens + each.output_tokens), each.model)))


def catalogue_name(target: Target | None, model: str) -> str:
    """What the price catalogue calls the model of a target; `model` where the target is no longer configured."""
    return target.compare if target is not None and target.compare else model


def _compared(name: str, carried: _Carried, config: Config, book: PriceBook | None, at_ms: int) -> Compared:
    rows = carried.rows
    paid, tokens = apis(rows), sum(row.input_tokens + row.output_tokens for row in rows)
    known = not any(row.unpriced or row.nano is None for row in paid)
    offers = _offers(name, carried, config, book, at_ms) if tokens else ()
    return Compared(
        clean(name, 80),
        sum(row.requests for row in rows),
        sum(row.input_tokens for row in rows),
        sum(row.cached_input_tokens for row in rows),
        sum(row.output_tokens for row in rows),
        sum(row.input_tokens + row.output_tokens for row in rows if row.self_hosted),
        NanoUsd(sum(row.nano or 0 for row in paid)) if known else None,
        sum(row.estimated for row in rows),
        offers,
        NO_TOKENS if not tokens else "" if offers else ONLY_ITSELF,
    )


def _offers(name: str, carried: _Carried, config: Config, book: PriceBook | None, at_ms: int) -> tuple[Offer, ...]:
    sold: list[Offer] = []
    own: list[TokenPrice] = []
    for target in config.targets:
        if target.provider is not None and _same(catalogue_name(target, target.model or ""), name):
            price = None if book is None else book.price_of(target.name, at_ms)
            sold.append(_offer(clean(target.name, 80), carried, price, configured=True))
            own += [] if price is None else [price]
    listed = () if book is None else book.offered(name, at_ms)
    sold += (_offer(seller, carried, price, configured=False) for seller, price in _others(own, listed))
    return tuple(sorted(sold, key=lambda each: (each.nano is None, each.nano or 0, each.name)))


def _others(own: Sequence[TokenPrice], listed: Sequence[TokenPrice]) -> list[tuple[str, TokenPrice]]:
    """What is sold beside one's own targets, by name. Names of one seller that cost the same are one offer; names that
    do not (another quantisation, another speed) are several, each by the name that a request would order it by."""
    terms = {_terms(price): price for price in (*reversed(listed), *own)}
    apart = Counter(price.provider for price in terms.values())
    taken = {(price.provider, price.model) for price in own}
    others = [price for price in terms.values() if (price.provider, price.model) not in taken]
    return [(_seller(price, several=apart[price.provider] > 1), price) for price in others]


def _terms(price: TokenPrice) -> TokenPrice:
    return replace(price, model="", source="", from_ms=0)


def _seller(price: TokenPrice, *, several: bool) -> str:
    words = provider_words(price.provider)
    return clean(f"{words} {price.model.rsplit('/', 1)[-1]}" if several else words, 80)


def _offer(name: str, carried: _Carried, price: TokenPrice | None, *, configured: bool) -> Offer:
    if price is None:
        return Offer(name, None, configured, False, NO_PRICE)
    nano = cost_by_size(carried.rows, carried.large, price)
    at_least = bool(steps_of([price])) and not carried.sized
    return Offer(name, nano, configured, at_least, "" if nano is not None else NO_RATE)


def _same(one: str, other: str) -> bool:
    """Whether two names are of one model; the maker's name before it may lack."""
    return one.rsplit("/", 1)[-1].casefold() == other.rsplit("/", 1)[-1].casefold()

"""What one's own traffic would have cost at each seller of the same model, beside what its APIs did cost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from costtui.config.model import Config, Target
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.rates.prices import PriceBook
from costtui.report.metered import Ledger, apis
from costtui.report.savings import saving
from costtui.report.words import provider_words
from costtui.store.ledger.rows import SpendRow

NO_PRICE = "no price is known"
NO_RATE = "has no price for a kind of token that was used"
ONLY_ITSELF = "nobody else in the price table sells it; `compare` of its target can name another model"
NO_TOKENS = "no tokens were counted"


class Offer(NamedTuple):
    """All of one model's tokens at one seller."""

    name: str
    nano: NanoUsd | None
    """An estimate at list price, cached input at the cached rate; None where `reason` says why."""
    configured: bool
    """A target of one's own, not only a row of the price table."""
    tiered: bool
    """Dearer for long requests, which sums do not show: the amount is the least."""
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


def counterfactual(
    ledger: Ledger, config: Config, book: PriceBook | None, from_ms: int, to_ms: int
) -> tuple[Compared, ...]:
    """Of what settled within [from, to), most tokens first. Sellers of one model only: others answer otherwise."""
    targets = {target.name: target for target in config.targets}
    groups: dict[str, list[SpendRow]] = {}
    carried = [row for row in ledger.spend(from_ms, to_ms, ("model", "target")) if row.attempts > row.cache_hits]
    for row in carried:
        groups.setdefault(_catalogue_name(targets.get(row.labels[1]), row.labels[0]), []).append(row)
    found = [_compared(name, rows, config, book, to_ms) for name, rows in groups.items()]
    return tuple(sorted(found, key=lambda each: (-(each.input_tokens + each.output_tokens), each.model)))


def _catalogue_name(target: Target | None, model: str) -> str:
    return target.compare if target is not None and target.compare else model


def _compared(name: str, rows: Sequence[SpendRow], config: Config, book: PriceBook | None, at_ms: int) -> Compared:
    paid, tokens = apis(rows), sum(row.input_tokens + row.output_tokens for row in rows)
    known = not any(row.unpriced or row.nano is None for row in paid)
    offers = _offers(name, rows, config, book, at_ms) if tokens else ()
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


def _offers(
    name: str, rows: Sequence[SpendRow], config: Config, book: PriceBook | None, at_ms: int
) -> tuple[Offer, ...]:
    sold: list[Offer] = []
    own: list[TokenPrice] = []
    for target in config.targets:
        if target.provider is not None and _same(_catalogue_name(target, target.model or ""), name):
            price = None if book is None else book.price_of(target.name, at_ms)
            sold.append(_offer(clean(target.name, 80), rows, price, configured=True))
            own += [] if price is None else [price]
    listed = () if book is None else book.offered(name, at_ms)
    sold += (_offer(seller, rows, price, configured=False) for seller, price in _others(own, listed))
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


def _offer(name: str, rows: Sequence[SpendRow], price: TokenPrice | None, *, configured: bool) -> Offer:
    nano = saving(rows, price).all_there_nano
    reason = NO_PRICE if price is None else NO_RATE if nano is None else ""
    tiered = price is not None and any(not tier.service_tier for tier in price.tiers)
    return Offer(name, nano, configured, tiered, reason)


def _same(one: str, other: str) -> bool:
    """Whether two names are of one model; the maker's name before it may lack."""
    return one.rsplit("/", 1)[-1].casefold() == other.rsplit("/", 1)[-1].casefold()

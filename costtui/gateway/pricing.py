"""Which price an attempt is charged at: its target's, or that of the model which its answer says it came from."""

from collections.abc import Callable
from typing import NamedTuple

from costtui.domain.card import PriceCard
from costtui.domain.price import TokenPrice
from costtui.rates.prices import PriceBook

REMEMBERED = 1_000
"""Pairs of a target and a model that answers named: a router may name any number of them."""
_EVER_MS = 1 << 62


class Priced(NamedTuple):
    """A price in force, and until when it is."""

    card: PriceCard | None
    """None is unknown."""
    model: str
    """As the price list calls it; empty without a price."""
    until_ms: int


class Pricing:
    """Prices by target and named model, looked up once while they are in force."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self.book: PriceBook | None = None
        self.unmatched: dict[str, str] = {}
        """By target, why its last answer of an unforeseen model has no price."""
        self._priced: dict[tuple[str, str], Priced] = {}

    def take(self, book: PriceBook | None) -> None:
        """New prices: from now on, never for what is in the ledger."""
        self.book = book
        self._priced.clear()
        self.unmatched.clear()

    def of(self, target: str, sent: str, named: str) -> Priced:
        """What an attempt at `target` is charged at; `named` is the model of its answer, empty where it named none."""
        priced = self._priced.get((target, named))
        return priced if priced is not None else self._look_up(target, sent, named)

    def now(self, target: str) -> TokenPrice | None:
        """The target's price in force."""
        return None if self.book is None else self.book.price_of(target, self._clock_ms())

    def following(self, target: str, priced: Priced) -> PriceCard | None:
        """What the target costs once that price is no longer in force."""
        price = None if self.book is None else self.book.price_of(target, priced.until_ms)
        return None if price is None else PriceCard.of(price)

    def age(self) -> None:
        """Forget prices whose day is over; asked each second, so that no request has to look at the clock."""
        now_ms = self._clock_ms()
        for key in [key for key, priced in self._priced.items() if now_ms >= priced.until_ms]:
            del self._priced[key]

    def _look_up(self, target: str, sent: str, named: str) -> Priced:
        now_ms, book = self._clock_ms(), self.book
        price = None if book is None else book.price_of(target, now_ms)
        if book is not None and price is not None and named not in ("", sent):
            price = self._named(book, target, sent, named, now_ms)
        following = None if book is None else book.next_change_ms(target, now_ms)
        priced = Priced(
            None if price is None else PriceCard.of(price), price.model if price else "", following or _EVER_MS
        )
        if len(self._priced) < REMEMBERED:
            self._priced[target, named] = priced
        return priced

    def _named(self, book: PriceBook, target: str, sent: str, named: str, now_ms: int) -> TokenPrice | None:
        price, why = book.answered(target, sent, named, now_ms)
        if price is None:
            self.unmatched[target] = f"target {target} was asked for {sent} and answers as another model: {why}"
        return price

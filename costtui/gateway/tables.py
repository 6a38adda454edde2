"""Everything that requests are judged by, settled ahead; an edit of the configuration replaces it as a whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from costtui.config.model import Config
from costtui.dialects.operation import TRANSLATED, Operation
from costtui.dialects.refusals import Refusal
from costtui.domain.attempt import Lane
from costtui.domain.card import PriceCard
from costtui.gateway.address import Address, settle_address
from costtui.gateway.cache import AnswerCache
from costtui.gateway.pool import Pool
from costtui.policy.alias import resolve
from costtui.policy.plan import RoutePlan
from costtui.rates.prices import PriceBook
from costtui.store.controls import GatewayKey

LANES = 10_000
"""Remembered numbers of lanes; what is not remembered is asked of the ledger again."""


@dataclass(slots=True)
class Priced:
    """A target's price in force, and until when it is."""

    card: PriceCard | None
    model: str
    until_ms: int


@dataclass(slots=True, eq=False)
class Tables:
    """One configuration, ready for use."""

    config: Config
    addresses: dict[str, Address]
    pools: dict[str, Pool]
    aliases: dict[str, str]
    """What a client may ask for, and the plan that serves it."""
    caches: dict[str, AnswerCache]
    """By route."""
    clock_ms: Callable[[], int]
    number_lane: Callable[[Lane], int]
    plans: dict[str, RoutePlan] = field(default_factory=dict)
    keys: dict[bytes, GatewayKey] = field(default_factory=dict)
    book: PriceBook | None = None
    _priced: dict[str, Priced] = field(default_factory=dict)
    _lanes: dict[tuple[str, str, Operation, str], int] = field(default_factory=dict)
    _able: dict[tuple[Sequence[str], Operation], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        config: Config,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        clock_ms: Callable[[], int],
        number_lane: Callable[[Lane], int],
    ) -> "Tables":
        """Settle every target; one that cannot be called says why when it is asked for."""
        addresses = {target.name: settle_address(target, environ) for target in config.targets}
        return cls(
            config=config,
            addresses=addresses,
            pools={name: Pool(address, clock) for name, address in addresses.items()},
            aliases=resolve(config),
            caches={route.name: AnswerCache(route.cache) for route in config.routes if route.cache is not None},
            clock_ms=clock_ms,
            number_lane=number_lane,
        )

    def take_plans(self, plans: dict[str, RoutePlan]) -> None:
        """Routes changed by hand."""
        self.plans = plans

    def take_prices(self, book: PriceBook | None) -> None:
        """New prices: from now on, never for what is in the ledger."""
        self.book = book
        self._priced.clear()
        self._lanes.clear()

    def able(self, targets: Sequence[str], asked: Operation) -> tuple[str, ...]:
        """Those of `targets` that can serve it, translated where need be. Raises Refusal where none can."""
        found = self._able.get((targets, asked))
        if found is None:
            found = tuple(name for name in targets if _serving(self.addresses[name], asked) is not None)
            if len(self._able) < LANES:
                self._able[targets, asked] = found
        if not found:
            names = ", ".join(targets)
            raise Refusal(400, f"target {names} does not speak {_PATH.get(asked, asked)}", "unsupported_operation")
        return found

    def operation_at(self, address: Address, asked: Operation) -> Operation:
        """In which dialect a target is asked."""
        return asked if asked in address.heads else _serving(address, asked) or asked

    def card(self, target: str) -> PriceCard | None:
        """The price in force now; None is unknown."""
        priced = self._priced.get(target)
        return priced.card if priced is not None else self._price(target).card

    def age_prices(self) -> None:
        """Forget prices whose day is over; asked each second, so that no request has to look at the clock."""
        now_ms = self.clock_ms()
        for target, priced in list(self._priced.items()):
            if now_ms >= priced.until_ms:
                del self._priced[target]
                self._lanes.clear()

    def _price(self, target: str) -> Priced:
        priced = self._priced.get(target)
        if priced is None:
            now_ms, book = self.clock_ms(), self.book
            price = None if book is None else book.price_of(target, now_ms)
            following = None if book is None else book.next_change_ms(target, now_ms)
            card = None if price is None else PriceCard.of(price)
            priced = self._priced[target] = Priced(card, price.model if price else "", following or 1 << 62)
        return priced

    def lane(self, route: str, address: Address, operation: Operation, key_id: str) -> int:
        """The ledger's number for what this attempt shares with others."""
        key = (route, address.name, operation, key_id)
        number = self._lanes.get(key)
        if number is None:
            priced = self._price(address.name)
            number = self.number_lane(
                Lane(
                    route=route,
                    target=address.name,
                    provider=address.provider,
                    self_hosted=address.self_hosted,
                    model=address.target.model or "",
                    operation=operation.value,
                    key_id=key_id,
                    price_model=priced.model,
                    prices_hash=self.book.hash if self.book is not None and priced.card is not None else "",
                )
            )
            if len(self._lanes) < LANES:
                self._lanes[key] = number
        return number

    def cache_lane(self, route: str, operation: Operation, key_id: str) -> int:
        """The ledger's number for answers out of the route's cache: no target was asked."""
        return self.number_lane(Lane(route, "cache", "costtui", True, "", operation.value, key_id, "", ""))

    def close(self) -> None:
        """Idle connections of a configuration that is no longer in force; running answers go on."""
        for pool in self.pools.values():
            pool.close()


_PATH = {
    Operation.CHAT: "/v1/chat/completions",
    Operation.COMPLETIONS: "/v1/completions",
    Operation.EMBEDDINGS: "/v1/embeddings",
    Operation.RESPONSES: "/v1/responses",
    Operation.MESSAGES: "/v1/messages",
    Operation.COUNT_TOKENS: "/v1/messages/count_tokens",
}


def _serving(address: Address, asked: Operation) -> Operation | None:
    """The dialect in which a target serves a request: the client's own, else one it can be translated to."""
    if asked in address.heads or (address.trouble and not address.heads):
        return asked
    return next((other for other in address.heads if (asked, other) in TRANSLATED), None)

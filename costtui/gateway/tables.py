"""Everything that requests are judged by, settled ahead; an edit of the configuration replaces it as a whole."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from costtui.config.model import Config
from costtui.dialects.operation import TRANSLATED, Operation
from costtui.dialects.refusals import Refusal
from costtui.domain.attempt import Lane
from costtui.domain.budget import ScopeKind
from costtui.gateway.address import Address, settle_address
from costtui.gateway.cache import AnswerCache
from costtui.gateway.pool import Pool
from costtui.gateway.premises import confined
from costtui.gateway.pricing import Priced, Pricing
from costtui.policy.alias import resolve
from costtui.policy.plan import RoutePlan
from costtui.rates.prices import PriceBook
from costtui.store.controls import GatewayKey

LANES = 10_000
"""Remembered numbers of lanes; what is not remembered is asked of the ledger again."""


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
    pricing: Pricing
    number_lane: Callable[[Lane], int]
    tags: frozenset[str] = frozenset()
    """Those that the configuration names; the ledger keeps no others, as callers may send any number of them."""
    plans: dict[str, RoutePlan] = field(default_factory=dict)
    keys: dict[bytes, GatewayKey] = field(default_factory=dict)
    _lanes: dict[tuple[str, str, Operation, str, str, str], int] = field(default_factory=dict)
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
        inside = confined(config)
        addresses = {
            target.name: settle_address(target, environ, confined=target.name in inside) for target in config.targets
        }
        return cls(
            config=config,
            addresses=addresses,
            pools={name: Pool(address, clock) for name, address in addresses.items()},
            aliases=resolve(config),
            caches={route.name: AnswerCache(route.cache) for route in config.routes if route.cache is not None},
            pricing=Pricing(clock_ms),
            number_lane=number_lane,
            tags=frozenset(_tags(config)),
        )

    def take_plans(self, plans: dict[str, RoutePlan]) -> None:
        """Routes changed by hand."""
        self.plans = plans

    def take_prices(self, book: PriceBook | None) -> None:
        """New prices: from now on, never for what is in the ledger."""
        self.pricing.take(book)
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

    def priced(self, address: Address, named: str) -> Priced:
        """What an attempt is charged at whose answer named that model; a card of None is unknown."""
        return self.pricing.of(address.name, address.model, named)

    def lane(
        self, route: str, address: Address, operation: Operation, key_id: str, priced: Priced, tag: str = ""
    ) -> int:
        """The ledger's number for what this attempt shares with others."""
        key = (route, address.name, operation, key_id, priced.model, tag)
        number = self._lanes.get(key)
        if number is None:
            book = self.pricing.book
            number = self.number_lane(
                Lane(
                    route=route,
                    target=address.name,
                    provider=address.provider,
                    self_hosted=address.self_hosted,
                    model=address.model,
                    operation=operation.value,
                    key_id=key_id,
                    price_model=priced.model,
                    prices_hash=book.hash if book is not None and priced.card is not None else "",
                    tag=tag,
                )
            )
            if len(self._lanes) < LANES:
                self._lanes[key] = number
        return number

    def cache_lane(self, route: str, operation: Operation, key_id: str, tag: str) -> int:
        """The ledger's number for answers out of the route's cache: no target was asked."""
        return self.number_lane(Lane(route, "cache", "costtui", True, "", operation.value, key_id, "", "", tag))

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


def _tags(config: Config) -> Iterator[str]:
    yield from (budget.scope.name for budget in config.budgets if budget.scope.kind is ScopeKind.TAG)
    yield from (tag for route in config.routes if route.cascade for tag, _ in route.cascade.labels)
    yield from (rule.tag for route in config.routes for rule in route.rules if rule.tag)
    yield from config.finance.tags


def _serving(address: Address, asked: Operation) -> Operation | None:
    """The dialect in which a target serves a request: the client's own, else one it can be translated to."""
    if asked in address.heads or (address.trouble and not address.heads):
        return asked
    return next((other for other in address.heads if (asked, other) in TRANSLATED), None)

"""What a provider itself lists its models at, beside the price table: a check, and what the table lacks.

Nothing here prices a request: a price that moved enters the table by the user's own word alone.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from costtui.config.model import Target
from costtui.domain.bill import ListPrice
from costtui.domain.billed import KeptLevel
from costtui.domain.price import TokenPrice
from costtui.rates.guard import LIMIT
from costtui.rates.hours import in_force
from costtui.rates.prices import PriceBook


class Listed(NamedTuple):
    """One model that is in the table, or that a target without a price needs."""

    provider: str
    price: ListPrice
    read_ms: int
    table: TokenPrice | None
    """None: the table has no price."""
    target: str
    """Which target lacks it; empty where the table has one."""

    @property
    def same(self) -> bool:
        """Whether the table says so too, as far as both say something."""
        return self.table is not None and all(one == other for one, other in self._pairs())

    @property
    def far(self) -> bool:
        """More than ten times apart: a slip of a unit is more likely than a price."""
        return any(max(pair) > LIMIT * min(pair) for pair in self._pairs())

    def _pairs(self) -> Iterator[tuple[Decimal, Decimal]]:
        table = self.table
        if table is not None:
            told = (self.price.input, self.price.output, self.price.cached_input)
            known = (table.input, None if table.input_only else table.output, table.cached_input)
            yield from (
                (one, other) for one, other in zip(told, known, strict=True) if one is not None and other is not None
            )


def listed(levels: Sequence[KeptLevel], targets: Sequence[Target], book: PriceBook, at_ms: int) -> tuple[Listed, ...]:
    """Of each provider's last reading, those that differ first."""
    newest: dict[str, int] = {}
    prices = [(level, level.row) for level in levels if isinstance(level.row, ListPrice)]
    for level, _ in prices:
        newest[level.provider] = max(newest.get(level.provider, 0), level.at_ms)
    known = {_place(*offer): in_force(rows, at_ms) for offer, rows in book.offers().items()}
    lacking = {
        _place(each.provider or "", each.model or ""): each.name for each in targets if each.name in book.unpriced
    }
    found = []
    for level, price in prices:
        place = _place(level.provider, price.name)
        if level.at_ms == newest[level.provider] and (place in known or place in lacking):
            table = known.get(place)
            target = "" if table is not None else lacking.get(place, "")
            found.append(Listed(level.provider, price, level.at_ms, table, target))
    return tuple(sorted(found, key=lambda each: (each.same, each.provider, each.price.name)))


def _place(provider: str, model: str) -> tuple[str, str]:
    return provider.lower(), model.lower()

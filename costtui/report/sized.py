"""Sums of traffic at a price that depends on how long each request's input is."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from costtui.domain.card import PriceCard
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice, just_above
from costtui.domain.usage import Usage
from costtui.store.ledger.rows import SpendRow

_COUNTED = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens")


class Load(NamedTuple):
    """Requests and all that they used."""

    requests: int
    usage: Usage


def load_of(rows: Sequence[SpendRow]) -> Load:
    """Of sums; what nobody sums up is not in it."""
    return Load(
        sum(row.requests for row in rows), Usage(**{name: sum(getattr(row, name) for row in rows) for name in _COUNTED})
    )


def steps_of(prices: Iterable[TokenPrice]) -> tuple[int, ...]:
    """Every number of input tokens above which one of the prices is another; ascending."""
    return tuple(sorted({tier.above_input_tokens for each in prices for tier in each.tiers if not tier.service_tier}))


def cost_of(load: Load, price: TokenPrice) -> NanoUsd | None:
    """At list price without tiers; None where a kind was used that has no price."""
    card = PriceCard.of(just_above(price, 0))
    charge = card.charge(load.usage)
    return None if charge is None else NanoUsd(charge.nano + card.fee_nano * (load.requests - 1))


def cost_by_size(rows: Sequence[SpendRow], large: Sequence[SpendRow], price: TokenPrice) -> NanoUsd | None:
    """At list price, each request at the tier that its input reaches. `large` is the part of `rows` that may reach one,
    its last label the number of input tokens that it is above; the rest costs the least."""
    reached: dict[int, list[SpendRow]] = {}
    steps = steps_of([price])
    for row in large:
        step = max((step for step in steps if step <= int(row.labels[-1])), default=0)
        reached.setdefault(step, []).append(row)
    loads = {step: load_of(found) for step, found in reached.items() if step}
    costs = [cost_of(load, just_above(price, step)) for step, load in loads.items()]
    costs.append(cost_of(_less(load_of(rows), loads.values()), price))
    known = [cost for cost in costs if cost is not None]
    return NanoUsd(sum(known)) if len(known) == len(costs) else None


def _less(whole: Load, parts: Iterable[Load]) -> Load:
    """Never below nothing: an attempt may settle between two questions."""
    taken = list(parts)
    left = {
        name: max(getattr(whole.usage, name) - sum(getattr(part.usage, name) for part in taken), 0) for name in _COUNTED
    }
    return Load(max(whole.requests - sum(part.requests for part in taken), 0), Usage(**left))

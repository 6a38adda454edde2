"""A bill over the tokens that it made: two bases, by kind of token, and by model where models share GPUs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from costtui.analysis.tco import Bill
from costtui.analysis.tokens import usd_per_million
from costtui.domain.money import NanoUsd, apportion

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """A month of tokens; `cached` input was found in a prefix cache and is not in `fresh`."""

    fresh: int
    cached: int
    output: int

    @property
    def all(self) -> int:
        """Input and output."""
        return self.fresh + self.cached + self.output


@dataclass(frozen=True, slots=True)
class Bases:
    """USD per million tokens. `allocation`: all that is paid, idle hours too; compare this one with a price list.
    `usage`: of what grows with GPUs only the hours in which they worked, all of the rest."""

    allocation: Decimal | None
    usage: Decimal | None


def bases(bill: Bill, tokens: Tokens, worked_share: Fraction | None) -> Bases:
    """Both bases; None where nothing is paid that is known, nothing was served, or no work was observed."""
    month = bill.total.month
    if month is None or tokens.all == 0:
        return Bases(None, None)
    allocation = usd_per_million(Fraction(month), tokens.all)
    if worked_share is None:
        return Bases(allocation, None)
    gpus = bill.of("gpus").month or 0
    worked = gpus * worked_share + (month - gpus)
    return Bases(allocation, usd_per_million(worked, tokens.all))


@dataclass(frozen=True, slots=True)
class KindCost:
    """What one kind of token takes of the bill."""

    kind: str
    tokens: int
    nano: NanoUsd
    usd_per_million: Decimal | None


def by_kind(month: NanoUsd, tokens: Tokens, prefill_per_second: Decimal, decode_per_second: Decimal) -> list[KindCost]:
    """The bill by the time that an engine needs for each kind: fresh / P and output / D. A cached prefix is not read
    again and takes none. The parts sum to the bill exactly."""
    counts = {"input": tokens.fresh, "cached input": tokens.cached, "output": tokens.output}
    spent = (tokens.fresh / prefill_per_second, Decimal(0), tokens.output / decode_per_second)
    weights = [int(seconds * MICRO) for seconds in spent]
    if not any(weights):
        return []
    parts = apportion(month, weights)
    return [
        KindCost(kind, count, nano, usd_per_million(Fraction(nano), count) if count else None)
        for (kind, count), nano in zip(counts.items(), parts, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Shared:
    """Cost by model, and what fell on GPUs whose models served nothing."""

    models: Mapping[str, NanoUsd]
    unserved: NanoUsd


def by_model(gpus: Sequence[tuple[NanoUsd, Sequence[str]]], tokens: Mapping[str, int]) -> Shared:
    """Each GPU's cost by the tokens of the models and adapters that it holds; all parts sum to all costs exactly."""
    models: dict[str, NanoUsd] = {}
    unserved = 0
    for cost, held in gpus:
        weights = [tokens.get(name, 0) for name in held]
        if not any(weights):
            unserved += cost
            continue
        for name, nano in zip(held, apportion(cost, weights), strict=True):
            models[name] = NanoUsd(models.get(name, 0) + nano)
    return Shared(models, NanoUsd(unserved))

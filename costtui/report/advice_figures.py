"""What advice is read from: idle time, rent, traffic, prices and answers of one span."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from costtui.analysis.advice import monthly
from costtui.analysis.idle_hours import Place
from costtui.config.model import Config
from costtui.domain.amount import RateSource
from costtui.domain.billed import KeptLevel
from costtui.domain.money import NanoUsd
from costtui.domain.price import TokenPrice
from costtui.domain.terms import RentRule
from costtui.domain.tick import EngineTotals
from costtui.report.counterfactual import Compared
from costtui.report.idle import IdleGpu, IdleReport
from costtui.report.let_go import LetGo
from costtui.store.ledger.rows import Answer, SpendRow

WORTH = 20
"""One part in so many: a smaller difference is not worth a change."""


class Owed(NamedTuple):
    """One GPU over the span."""

    rent_nano: NanoUsd | None
    """Contract rent of the observed time; None is unknown."""
    observed_ms: int
    rule: RentRule = "always"
    source: RateSource = RateSource.CONTRACT
    usd_per_hour: Decimal | None = None
    """At the end of the span."""


class Memory(NamedTuple):
    """Of one GPU, in bytes."""

    most_used: int
    total: int


class Group(NamedTuple):
    """GPUs that serve one model, or one GPU that serves none."""

    name: str
    gpus: tuple[IdleGpu, ...]
    owed: tuple[Owed, ...]
    """Of those of them that have terms, in their order."""

    @property
    def observed_ms(self) -> int:
        """Summed over its GPUs."""
        return sum(each.observed_ms for each in self.owed)

    @property
    def span_ms(self) -> int:
        """Observed time of the mean GPU."""
        return self.observed_ms // len(self.gpus)

    @property
    def month_nano(self) -> NanoUsd | None:
        """Its rent in a month; None where that of any of its GPUs is not known."""
        rents = [each.rent_nano for each in self.owed if each.rent_nano is not None]
        if len(rents) < len(self.gpus) or not self.span_ms:
            return None
        return monthly(sum(rents), self.span_ms)

    @property
    def numbers(self) -> str:
        """`GPU 0, 1`."""
        return "GPU " + ", ".join(str(gpu.index) for gpu in sorted(self.gpus, key=lambda gpu: gpu.index))


@dataclass(frozen=True, slots=True)
class Figures:
    """One host over one span that ends now."""

    idle: IdleReport
    owed: Mapping[int, Owed]
    """By GPU index."""
    compared: Sequence[Compared]
    compared_ms: int
    """How long of the span traffic was watched."""
    config: Config = field(default_factory=Config)
    cells: Mapping[Place, int] = field(default_factory=dict)
    """Milliseconds of each hour of the week in the span."""
    memory: Mapping[int, Memory] = field(default_factory=dict)
    """By GPU index, where both figures are known."""
    engines: Mapping[str, EngineTotals] = field(default_factory=dict)
    spend: Sequence[SpendRow] = ()
    """By route, target and model."""
    bought: Mapping[str, Mapping[Place, int]] = field(default_factory=dict)
    """By the catalogue's name of models that own engines serve too: output tokens that APIs wrote."""
    prices: Mapping[str, TokenPrice] = field(default_factory=dict)
    """By API target."""
    answers: Sequence[Answer] = ()
    """The newest that APIs gave."""
    levels: Sequence[KeptLevel] = ()
    """What providers say of what is rented from them."""
    let_go: Sequence[LetGo] = ()
    """By the gateway's caches."""

    def busy_share(self, gpu: IdleGpu, place: Place) -> float:
        """Of one hour of the week; what was not observed counts as busy."""
        whole, idle = self.cells[place], gpu.hours.get(place)
        return 1 - min((idle.idle_ms if idle is not None else 0) / whole, 1)


def groups(figures: Figures) -> list[Group]:
    """By model, dearest idle first."""
    found: dict[str, list[IdleGpu]] = {}
    for gpu in figures.idle.gpus:
        found.setdefault(gpu.serves or f"GPU {gpu.index}", []).append(gpu)
    return [
        Group(name, tuple(gpus), tuple(figures.owed[gpu.index] for gpu in gpus if gpu.index in figures.owed))
        for name, gpus in found.items()
    ]

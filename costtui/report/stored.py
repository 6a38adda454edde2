"""What the report asks of the store and of the price book."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from costtui.domain.price import TokenPrice
from costtui.domain.terms import Adjustment, Session
from costtui.domain.tick import EngineTotals, StateTotals


class Point(Protocol):
    """One bucket of an engine's or GPU's history."""

    @property
    def at_ms(self) -> int:
        """Beginning of the bucket."""


class GpuBucket(Point, Protocol):
    """One bucket of a GPU's history."""

    @property
    def power_milliwatts(self) -> int | None:
        """Mean power."""


class Stored(Protocol):
    """The reader's totals: half-open windows, additive."""

    def gpu_totals(self, from_ms: int, to_ms: int) -> dict[str, StateTotals]:
        """Time by state and energy, by UUID."""

    def engine_totals(self, from_ms: int, to_ms: int) -> dict[str, EngineTotals]:
        """Tokens and worked time, by engine."""

    def gpu_history(self, uuid: str, from_ms: int, to_ms: int, step_ms: int) -> Sequence[GpuBucket]:
        """Buckets of one GPU."""

    def engine_history(self, engine: str, from_ms: int, to_ms: int, step_ms: int) -> Sequence[Point]:
        """Buckets of one engine."""

    def adjustments(self, from_ms: int, to_ms: int) -> Sequence[Adjustment]:
        """Corrections dated within the window."""

    def sessions(self, from_ms: int, to_ms: int) -> Sequence[Session]:
        """Stretches in which the host was on."""


class Prices(Protocol):
    """The compiled price book."""

    def cheapest(
        self, model: str, input_tokens: int, cached_input_tokens: int, output_tokens: int, at_ms: int
    ) -> tuple[TokenPrice, Decimal] | None:
        """The cheapest price of a model for a mix of tokens, and what a million of that mix costs in USD."""

"""What a GPU costs by contract: dated hourly rates, kept as they were in force."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from costtui.domain.amount import RateSource

RentRule = Literal["always", "while-on"]


@dataclass(frozen=True, slots=True)
class Rate:
    """An hourly rate from a moment on, until the next one or `until_ms`."""

    from_ms: int
    usd_per_hour: Decimal
    until_ms: int | None = None
    """End of an amortisation; None for a rent that goes on."""


@dataclass(frozen=True, slots=True)
class PowerTerms:
    """How electricity is paid. `in_rent`: never added. `usd_per_kwh` None: unknown."""

    in_rent: bool
    usd_per_kwh: Decimal | None = None
    pue: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class GpuTerms:
    """Everything owed for one GPU. Without rates its cost is unknown, which is not 0."""

    rates: tuple[Rate, ...]
    """Ascending by `from_ms`."""
    source: RateSource
    rent: RentRule
    power: PowerTerms
    note: str = ""
    """Source and date of a list price; currency of the contract."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of rent already owed, made by an edit that reaches back."""

    uuid: str
    at_ms: int
    """Moment of the edit: the month that carries the correction."""
    nano_usd: int
    reason: str


@dataclass(frozen=True, slots=True)
class KeptTerms:
    """Terms of one GPU as they were written down at `recorded_ms`; they are in force until the next ones."""

    recorded_ms: int
    terms: GpuTerms


@dataclass(frozen=True, slots=True)
class Session:
    """A stretch in which the host is known to have been on: from its boot to the agent's last heartbeat."""

    boot_id: str
    boot_ms: int
    last_heartbeat_ms: int

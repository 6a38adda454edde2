"""The parts of a bill: GPUs by contract or by what they lose in value, and what runs beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.analysis.tco import HOURS_PER_MONTH, MONTHS_PER_YEAR, Input, Part

WATTS_PER_KILOWATT = 1000
PERCENT = 100


@dataclass(frozen=True, slots=True)
class Bought:
    """GPUs that are owned."""

    usd_each: Input
    residual_percent: Input
    """What is left of the price at the end."""
    life_years: Input
    financing_percent: Input
    """Interest a year."""


@dataclass(frozen=True, slots=True)
class Power:
    """Electricity that is paid apart."""

    watts_each: Input
    """Mean over all hours, idle ones too."""
    pue: Input
    """The building's power over the machines'."""
    usd_per_kwh: Input


@dataclass(frozen=True, slots=True)
class Pool:
    """GPUs under one contract. `bought` None: rented at `usd_per_hour`. `power` None: in the rent."""

    name: str
    gpus: Input
    usd_per_hour: Input
    bought: Bought | None = None
    power: Power | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """What costs money beside GPUs."""

    staff_fte: Input
    staff_usd_per_fte_year: Input
    colocation_usd_per_month: Input
    network_usd_per_month: Input
    storage_usd_per_month: Input
    software_usd_per_month: Input
    setup_usd: Input
    setup_months: Input


def parts_of(pools: Sequence[Pool], beside: Beside) -> tuple[Part, ...]:
    """Every part. Colocation is one only where GPUs are owned, or somebody has stated it: a rent has it inside."""
    parts = [part for pool in pools for part in gpu_parts(pool)]
    if any(pool.bought for pool in pools) or beside.colocation_usd_per_month.value is not None:
        parts.append(_plain("colocation", beside.colocation_usd_per_month))
    return (
        *parts,
        staff_part(beside.staff_fte, beside.staff_usd_per_fte_year),
        _plain("network", beside.network_usd_per_month),
        _plain("storage", beside.storage_usd_per_month),
        _plain("software", beside.software_usd_per_month),
        _setup(beside.setup_usd, beside.setup_months),
    )


def gpu_parts(pool: Pool) -> list[Part]:
    """Rent, or loss of value and interest; and electricity where it is paid apart."""
    parts = [_rent(pool)] if pool.bought is None else _owned(pool, pool.bought)
    return parts if pool.power is None else [*parts, _power(pool, pool.power)]


def _rent(pool: Pool) -> Part:
    inputs = (pool.gpus, pool.usd_per_hour)
    return Part(f"rent {pool.name}", "gpus", inputs, lambda gpus, usd: gpus * usd * HOURS_PER_MONTH, "GPUs x $/h x 730")


def _owned(pool: Pool, bought: Bought) -> list[Part]:
    """Straight line to the residual value; interest on the mean of what is tied up, (price + residual) / 2."""

    def lost(gpus: Decimal, usd: Decimal, residual: Decimal, years: Decimal) -> Decimal:
        return gpus * usd * (PERCENT - residual) / PERCENT / (years * MONTHS_PER_YEAR)

    def interest(gpus: Decimal, usd: Decimal, residual: Decimal, percent: Decimal) -> Decimal:
        return gpus * usd * (PERCENT + residual) / PERCENT / 2 * percent / PERCENT / MONTHS_PER_YEAR

    price = (pool.gpus, bought.usd_each, bought.residual_percent)
    wear = Part(
        f"loss of value {pool.name}",
        "gpus",
        (*price, bought.life_years),
        lost,
        "GPUs x price x (1 - residual) / months",
    )
    loan = Part(
        f"financing {pool.name}",
        "gpus",
        (*price, bought.financing_percent),
        interest,
        "GPUs x (price + residual) / 2 x interest / 12",
    )
    return [wear, loan]


def _power(pool: Pool, power: Power) -> Part:
    def usd(gpus: Decimal, watts: Decimal, pue: Decimal, per_kwh: Decimal) -> Decimal:
        return gpus * watts / WATTS_PER_KILOWATT * pue * per_kwh * HOURS_PER_MONTH

    inputs = (pool.gpus, power.watts_each, power.pue, power.usd_per_kwh)
    return Part(f"power {pool.name}", "gpus", inputs, usd, "GPUs x kW x PUE x $/kWh x 730")


def staff_part(fte: Input, usd_per_year: Input) -> Part:
    """Nobody at all costs nothing, whatever a position would."""
    if fte.value == 0:
        return Part("staff", "staff", (fte,), lambda none: none, "FTE x $/year / 12")
    inputs = (fte, usd_per_year)
    return Part("staff", "staff", inputs, lambda share, usd: share * usd / MONTHS_PER_YEAR, "FTE x $/year / 12")


def _plain(name: str, monthly: Input) -> Part:
    return Part(name, "other", (monthly,), lambda usd: usd, "$/month")


def _setup(usd: Input, months: Input) -> Part:
    if usd.value == 0:
        return Part("setup", "other", (usd,), lambda none: none, "$ / months")
    return Part("setup", "other", (usd, months), lambda once, spread: once / spread, "$ / months")

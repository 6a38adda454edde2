"""Money of the whole host: burn right now, what a window cost, and what lies ahead by contract."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from costtui.analysis import power
from costtui.analysis.budgets import RateStep, spend_ahead
from costtui.analysis.rent import RentSplit, edges, rate_at, terms_at
from costtui.domain.amount import Amount, Provenance, total, unknown_amount
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.money import MS_PER_HOUR, NANO_PER_USD, ZERO, NanoUsd
from costtui.domain.terms import Adjustment, KeptTerms
from costtui.report import schema
from costtui.report.accounts import Account, Kept
from costtui.report.money import iso, nine, usd
from costtui.report.observation import GpuNow


@dataclass(frozen=True, slots=True)
class Rates:
    """Burn of one GPU right now; None: not known."""

    rent: Decimal | None
    power: Decimal | None


def rates_of(gpu: GpuNow, kept: Sequence[KeptTerms], at_ms: int) -> Rates:
    """Present rent and power of one GPU. Power that is in an unknown rent is unknown."""
    rent, terms = rate_at(kept, at_ms), terms_at(kept, at_ms)
    if terms is None or (terms.power.in_rent and rent is None):
        return Rates(rent, None)
    return Rates(rent, power.usd_per_hour(terms.power, gpu.reading.power_milliwatts if gpu.reading else None))


def burn(gpus: Sequence[GpuNow], rates: Mapping[str, Rates], api: Decimal | None, *, expected: bool) -> schema.Burn:
    """USD per hour of the counted GPUs and of APIs. `expected`: GPUs should be there, so none is unknown, not 0."""
    rent = _sum([rates[gpu.uuid].rent for gpu in gpus], expected)
    watts = _sum([rates[gpu.uuid].power for gpu in gpus], expected)
    idle = _sum([rates[gpu.uuid].rent if gpu.state in IDLE_STATES else Decimal(0) for gpu in gpus], expected)
    lost = _sum([rates[gpu.uuid].rent if gpu.state is GpuState.LOST else Decimal(0) for gpu in gpus], expected)
    known = [part for part in (rent, watts, api) if part is not None]
    return schema.Burn(
        gpu_usd_per_hour=nine(rent),
        power_usd_per_hour=nine(watts),
        api_usd_per_hour=nine(api),
        idle_usd_per_hour=nine(idle if rent is not None else None),
        lost_usd_per_hour=nine(lost if rent is not None else None),
        total_usd_per_hour=nine(sum(known, Decimal(0))) if known else None,
    )


def _sum(parts: Sequence[Decimal | None], expected: bool) -> Decimal | None:
    known = [part for part in parts if part is not None]
    nothing_to_know = not parts and not expected
    return sum(known, Decimal(0)) if known or nothing_to_know else None


@dataclass(frozen=True, slots=True)
class Spent:
    """What the counted GPUs and APIs cost in a window."""

    gpu: Amount
    power: Amount
    api: Amount
    split: tuple[RentSplit, ...]
    adjustments: NanoUsd

    def by_part(self) -> dict[str, Amount]:
        """What each coverable part cost, corrections with the GPUs."""
        corrected = self.gpu.nano if self.gpu.nano is None else NanoUsd(self.gpu.nano + self.adjustments)
        gpu = Amount(corrected, self.gpu.provenance, self.gpu.unknown)
        return {"gpu": gpu, "power": self.power, "api": self.api}


def spent(
    gpus: Sequence[GpuNow],
    accounts: Mapping[str, Account],
    corrections: Iterable[Adjustment],
    rates: Mapping[str, Rates],
    api: Amount,
    *,
    expected: bool,
) -> Spent:
    """Rent, power and corrections of the counted GPUs in a window; a GPU without a rate is named by its index."""
    if not gpus and expected:
        return Spent(unknown_amount("gpu"), unknown_amount("power"), api, (), ZERO)
    rents = [_rent(gpu, accounts[gpu.uuid], rates[gpu.uuid]) for gpu in gpus]
    counted = {gpu.uuid for gpu in gpus}
    adjusted = sum(each.nano_usd for each in corrections if each.uuid in counted)
    return Spent(
        total(rents),
        total(accounts[gpu.uuid].power for gpu in gpus),
        api,
        tuple(accounts[gpu.uuid].split for gpu in gpus),
        NanoUsd(adjusted),
    )


def _rent(gpu: GpuNow, account: Account, rates: Rates) -> Amount:
    missing = (f"gpu:{gpu.index}",) if rates.rent is None or account.rent is None else ()
    return Amount(account.rent, Provenance.UNKNOWN if account.rent is None else Provenance.ACCRUED, missing)


def span(spent: Spent, since_ms: int, ahead: Sequence[RateStep], now_ms: int, end_ms: int) -> schema.Span:
    """A day or month of the picture; the parts by state sum to the rent exactly."""
    parts = spent.by_part()
    everything = total(parts.values())
    known = spent.gpu.nano is not None

    def state(*states: GpuState) -> Decimal | None:
        return usd(sum(split.by_state[each] for split in spent.split for each in states)) if known else None

    projected = None if everything.nano is None else everything.nano + spend_ahead(ahead, now_ms, end_ms)
    return schema.Span(
        since=iso(since_ms),
        gpu_usd=usd(spent.gpu.nano),
        power_usd=usd(spent.power.nano),
        api_usd=usd(spent.api.nano),
        total_usd=usd(everything.nano),
        busy_usd=state(GpuState.BUSY),
        low_usd=state(GpuState.LOW),
        idle_usd=state(*IDLE_STATES),
        other_usd=state(GpuState.OTHER),
        lost_usd=state(GpuState.LOST),
        unknown_usd=state(GpuState.UNKNOWN),
        unobserved_usd=usd(sum(split.unobserved for split in spent.split)) if known else None,
        adjustment_usd=usd(spent.adjustments),
        projected_usd=usd(projected),
        unknown=everything.unknown,
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """USD per hour of what no contract fixes, as in the last hour."""

    power: Decimal
    api: Decimal = Decimal(0)


def rent_ahead(gpus: Sequence[GpuNow], kept: Kept, now_ms: int, end_ms: int) -> list[RateStep]:
    """Rent of the counted GPUs from now to `end_ms`, exactly as contracted; "while-on" as if the host stays on."""
    marks = {now_ms}
    for gpu in gpus:
        marks.update(edges(kept.get(gpu.uuid, ()), now_ms, end_ms))
    return [
        RateStep(at, sum((rate_at(kept.get(gpu.uuid, ()), at) or Decimal(0) for gpu in gpus), Decimal(0)))
        for at in sorted(marks)
    ]


def ahead(
    gpus: Sequence[GpuNow], kept: Kept, covers: Sequence[str], pace: Pace, now_ms: int, end_ms: int
) -> list[RateStep]:
    """Burn of the covered parts from now to `end_ms`: rent by contract, power and APIs as in the last hour."""
    steps = rent_ahead(gpus, kept, now_ms, end_ms) if "gpu" in covers else [RateStep(now_ms, Decimal(0))]
    extra = (pace.power if "power" in covers else Decimal(0)) + (pace.api if "api" in covers else Decimal(0))
    return [RateStep(step.from_ms, step.usd_per_hour + extra) for step in steps]


def power_rate(gpus: Sequence[GpuNow], hour: Mapping[str, Account], rates: Mapping[str, Rates]) -> Decimal:
    """USD per hour that the counted GPUs' power costs, over what the last hour knows of it."""
    whole = Decimal(0)
    for gpu in gpus:
        account = hour.get(gpu.uuid)
        if account and account.totals and account.power.nano and account.totals.energy_known_ms:
            known_hours = Decimal(account.totals.energy_known_ms) / MS_PER_HOUR
            whole += Decimal(account.power.nano) / NANO_PER_USD / known_hours
        else:
            whole += rates[gpu.uuid].power or 0
    return whole

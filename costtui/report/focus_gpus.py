"""The host's GPUs as FOCUS 1.2 rows: each hour by what the GPU did, idle ones as capacity that is paid and unused."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from costtui.analysis.focus import HOURS, KILOWATT_HOURS, Charged, Row, capacity_status, cost_columns, unit_price
from costtui.domain.amount import Provenance, RateSource
from costtui.domain.clean import clean
from costtui.domain.gpu import GpuState
from costtui.domain.money import MILLIJOULES_PER_KWH, MS_PER_HOUR, NanoUsd, usd_from_nano
from costtui.domain.terms import Adjustment
from costtui.report.finance_gpus import Gpus, Stretch, Telemetry, stretches
from costtui.report.focus import Hour, Payer, period_columns, whole_row
from costtui.store.rows import KnownGpu

QUANTITY_PLACES = Decimal("1e-12")
UNOBSERVED = "unobserved"


@dataclass(slots=True)
class Missing:
    """What no row can say."""

    power_hours: Decimal = field(default_factory=Decimal)
    """Hours of GPUs whose electricity is paid apart and unknown."""


def gpu_rows(telemetry: Telemetry, gpus: Gpus, payer: Payer, hour: Hour, missing: Missing) -> Iterator[Row]:
    """One row per GPU and state of an hour, one for its electricity where that is not in the rent, and corrections.

    An hour in which a contract changes has rows for before and after.
    """
    for stretch in stretches(telemetry, gpus, hour.from_ms, hour.to_ms):
        yield from _states(payer, hour, stretch)
        yield from _power(payer, hour, stretch, missing)
    for each in telemetry.adjustments(hour.from_ms, hour.to_ms):
        gpu = next((gpu for gpu in gpus.known if gpu.uuid == each.uuid), None)
        if gpu is not None:
            yield _adjustment(payer, hour, gpus, gpu, each)


def _states(payer: Payer, hour: Hour, stretch: Stretch) -> Iterator[Row]:
    """Parts of the rent; they sum to it exactly. Nothing where a contract owes nothing."""
    rent, totals = stretch.account.rent, stretch.account.totals
    if rent is not None and not rent and not stretch.owed_ms:
        return
    spans = {state: totals.milliseconds.get(state, 0) if totals else 0 for state in GpuState}
    due_ms = stretch.owed_ms if rent is not None else stretch.to_ms - stretch.from_ms
    parts: list[tuple[GpuState | None, int, NanoUsd]] = [
        (state, ms, stretch.account.split.by_state[state]) for state, ms in spans.items()
    ]
    parts.append((None, max(due_ms - sum(spans.values()), 0), stretch.account.split.unobserved))
    for state, span_ms, nano in parts:
        if span_ms or nano:
            yield _state_row(payer, hour, stretch, state, span_ms, None if rent is None else nano)


def _state_row(
    payer: Payer, hour: Hour, stretch: Stretch, state: GpuState | None, span_ms: int, nano: NanoUsd | None
) -> Row:
    status, word = capacity_status(state), UNOBSERVED if state is None else state.value
    guessed = stretch.source is RateSource.LIST
    unknown, owed = nano is None, Provenance.ESTIMATED if guessed else Provenance.ACCRUED
    provenance = Provenance.UNKNOWN if unknown else owed
    hours = max((Decimal(span_ms) / MS_PER_HOUR).quantize(QUANTITY_PLACES), QUANTITY_PLACES)
    costs = cost_columns(Charged(nano, provenance, stretch.source is RateSource.CONTRACT, hours, HOURS))
    if not unknown and stretch.account.rent is not None and stretch.owed_ms:
        hourly = unit_price(stretch.account.rent, Decimal(stretch.owed_ms) / MS_PER_HOUR)
        costs |= {"ListUnitPrice": hourly, "ContractedUnitPrice": hourly}
    return whole_row(
        period_columns(payer, hour),
        _gpu_columns(payer, stretch.gpu, owned=stretch.source is RateSource.OWNED),
        costs,
        {
            "CapacityReservationId": stretch.gpu.uuid if status else None,
            "CapacityReservationStatus": status,
            "ChargeCategory": "Usage",
            "ChargeDescription": f"{_name(stretch.gpu)}: {word}",
            "ChargeFrequency": "Recurring",
            "ConsumedQuantity": hours,
            "ConsumedUnit": HOURS,
            "SkuId": f"gpu/{stretch.gpu.name}",
            "SkuPriceId": f"gpu/{stretch.gpu.name}",
            "SkuMeter": "GPU time",
            "x_CosttuiGpuState": word,
        },
    )


def _power(payer: Payer, hour: Hour, stretch: Stretch, missing: Missing) -> Iterator[Row]:
    power, totals = stretch.account.power, stretch.account.totals
    if power.unknown:
        missing.power_hours += Decimal(stretch.to_ms - stretch.from_ms) / MS_PER_HOUR
    if not power.nano or totals is None or not totals.energy_millijoules:
        return
    energy = (Decimal(totals.energy_millijoules) / MILLIJOULES_PER_KWH).quantize(QUANTITY_PLACES)
    yield whole_row(
        period_columns(payer, hour),
        _gpu_columns(payer, stretch.gpu, owned=True),
        cost_columns(Charged(power.nano, power.provenance, False, energy, KILOWATT_HOURS)),
        {
            "ChargeCategory": "Usage",
            "ChargeDescription": f"{_name(stretch.gpu)}: electricity",
            "ChargeFrequency": "Usage-Based",
            "ConsumedQuantity": energy,
            "ConsumedUnit": KILOWATT_HOURS,
            "ServiceCategory": "Other",
            "ServiceSubcategory": "Other (Other)",
            "ServiceName": "Electricity",
            "SkuId": "electricity",
            "SkuPriceId": "electricity",
            "SkuMeter": "Electricity",
        },
    )


def _adjustment(payer: Payer, hour: Hour, gpus: Gpus, gpu: KnownGpu, each: Adjustment) -> Row:
    """A correction of rent already owed: of this billing period, or (`Correction`) of those before."""
    row = next((row for row in gpus.kept.get(each.uuid, ()) if row.recorded_ms == each.at_ms), None)
    source = RateSource.CONTRACT if row is None else row.terms.source
    usd = usd_from_nano(each.nano_usd)
    billed = usd if source is RateSource.CONTRACT else Decimal(0)
    period = period_columns(payer, hour)
    begins = min((rate.from_ms for rate in row.terms.rates), default=0) if row else 0
    of_before = period_columns(payer, Hour(begins, begins))["BillingPeriodStart"] != period["BillingPeriodStart"]
    return whole_row(
        period,
        _gpu_columns(payer, gpu, owned=source is RateSource.OWNED),
        dict.fromkeys(("BilledCost", "ListCost", "ContractedCost", "EffectiveCost"), billed),
        {
            "ChargeCategory": "Adjustment",
            "ChargeClass": "Correction" if of_before else None,
            "ChargeDescription": clean(f"{_name(gpu)}: {each.reason}"),
            "ChargeFrequency": "One-Time",
            "x_CosttuiProvenance": Provenance.ACCRUED.value,
            "x_CosttuiCost": usd,
        },
    )


def _gpu_columns(payer: Payer, gpu: KnownGpu, *, owned: bool) -> Row:
    seller = payer.host if owned else payer.finance.gpu_host or f"GPU host of {payer.host}"
    return {
        "InvoiceIssuerName": seller,
        "ProviderName": seller,
        "PublisherName": seller,
        "ServiceCategory": "Compute",
        "ServiceSubcategory": "Virtual Machines",
        "ServiceName": "GPU",
        "ResourceId": gpu.uuid,
        "ResourceName": _name(gpu),
        "ResourceType": "GPU",
        "Tags": "{}",
    }


def _name(gpu: KnownGpu) -> str:
    return f"GPU {gpu.index} {gpu.name}".strip()

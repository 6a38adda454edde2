"""FOCUS 1.2, the FinOps Open Cost and Usage Specification: its columns, and how amounts of each provenance fill them.

https://focus.finops.org, version 1.2 of June 2025. FOCUS has no unknown cost and no estimate, so:

- an amount that somebody will put on an invoice (metered usage, rent by contract) is the BilledCost;
- an estimate, amortisation of an owned GPU or electricity is in the three other costs and its BilledCost is 0;
- of a charge without a known price the four costs read 0, as none may be null, its unit prices are empty,
  x_CosttuiCost is empty and x_CosttuiProvenance is `unknown`.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from costtui.domain.amount import Provenance
from costtui.domain.gpu import IDLE_STATES, GpuState
from costtui.domain.money import NanoUsd, usd_from_nano

Value = str | int | Decimal | None
Row = dict[str, Value]
FOCUS_COLUMNS = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd"),
    *("BillingPeriodStart", "CapacityReservationId", "CapacityReservationStatus", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart", "CommitmentDiscountCategory"),
    *("CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountStatus", "CommitmentDiscountType"),
    *("ConsumedQuantity", "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId"),
    *("InvoiceIssuerName", "ListCost", "ListUnitPrice", "PricingCategory", "PricingQuantity", "PricingUnit"),
    *("ProviderName", "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType"),
    *("ServiceCategory", "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId"),
    *("SubAccountId", "SubAccountName", "Tags"),
)
"""The 21 mandatory columns and those that its readers look for, in order of the alphabet; of commitment discounts,
regions and invoices nothing is known here, and they are empty."""
OWN_COLUMNS = (
    "x_CosttuiProvenance",
    "x_CosttuiCost",
    "x_CosttuiEstimatedCost",
    "x_CosttuiShareCost",
    "x_CosttuiUnpricedAttempts",
    "x_CosttuiGpuState",
)
COLUMNS = (*FOCUS_COLUMNS, *OWN_COLUMNS)
UNIT_PRICE_PLACES = Decimal("1e-12")
USED_STATES = (GpuState.BUSY, GpuState.LOW, GpuState.OTHER)
TOKENS, MILLION_TOKENS, REQUESTS, HOURS, KILOWATT_HOURS = (
    *("Tokens", "1000000 Tokens", "Requests", "Hours", "Kilowatt-Hours"),
)


@dataclass(frozen=True, slots=True)
class Charged:
    """An amount on its way into a row. `nano` None: unknown."""

    nano: NanoUsd | None
    provenance: Provenance
    invoiced: bool
    """Whether somebody will put it on an invoice as it is."""
    quantity: Decimal
    """Of what the price is for; above 0."""
    unit: str


def cost_columns(charged: Charged) -> Row:
    """The four costs, the unit prices, what they are for, and the same in costtui's words."""
    known, nano = charged.nano is not None, charged.nano or 0
    usd = usd_from_nano(nano)
    price = unit_price(nano, charged.quantity) if known else None
    estimated = charged.provenance is Provenance.ESTIMATED
    return {
        "BilledCost": usd if charged.invoiced else Decimal(0),
        "ListCost": usd,
        "ContractedCost": usd,
        "EffectiveCost": usd,
        "ListUnitPrice": price,
        "ContractedUnitPrice": price,
        "PricingQuantity": charged.quantity,
        "PricingUnit": charged.unit,
        "PricingCategory": "Standard",
        "x_CosttuiProvenance": charged.provenance.value,
        "x_CosttuiCost": usd if known else None,
        "x_CosttuiEstimatedCost": usd if known and estimated else None,
    }


def unit_price(nano: int, quantity: Decimal) -> Decimal:
    """USD for one, averaged over the row where prices changed within it; times the quantity it is the cost again."""
    price = (usd_from_nano(nano) / quantity).quantize(UNIT_PRICE_PLACES, ROUND_HALF_EVEN)
    whole = price.to_integral_value()
    return whole.quantize(Decimal(1)) if price == whole else price.normalize()


def capacity_status(state: GpuState | None) -> str | None:
    """`Unused` is idle burn and nothing else; a GPU that is lost, unknown or unobserved (None) is neither."""
    if state in USED_STATES:
        return "Used"
    return "Unused" if state in IDLE_STATES else None

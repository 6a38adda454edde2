"""The rules of FOCUS 1.2 (specification/columns and specification/attributes of its repository, tag v1.2) as checks.

Every column with feature level `Mandatory`, and those conditional ones that an export of tokens and GPUs fills.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

MANDATORY = (
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd"),
    *("BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd"),
    *("ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
)
NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)(E-?\d+)?")
"""NumericFormat: no plus sign, no thousands, no unit."""
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
UNIT = re.compile(r"(\d+ )?([A-Z][A-Za-z]*s|[A-Z][A-Za-z]*-[A-Z][a-z]*s)")
"""UnitFormat: plural units, one of them with time, or a whole number of them."""
CATEGORIES = (
    *("AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools"),
    *("Multicloud", "Identity", "Integration", "Internet of Things", "Management and Governance", "Media"),
    *("Migration", "Mobile", "Networking", "Security", "Storage", "Web", "Other"),
)
Row = Mapping[str, str]


def number(text: str) -> bool:
    """A Decimal column."""
    return NUMBER.fullmatch(text) is not None


def among(*allowed: str) -> Callable[[str], bool]:
    """A column with allowed values."""
    return lambda text: text in allowed


def moment(text: str) -> bool:
    """A Date/Time column."""
    return MOMENT.fullmatch(text) is not None


def unit(text: str) -> bool:
    """UnitFormat."""
    return UNIT.fullmatch(text) is not None


def pairs(text: str) -> bool:
    """KeyValueFormat."""
    found = json.loads(text)
    return isinstance(found, dict) and not any(isinstance(value, (dict, list)) for value in found.values())


@dataclass(frozen=True)
class Column:
    """One column. An empty cell is null."""

    fits: Callable[[str], bool] = lambda text: bool(text.strip())
    nullable: bool = False


COST, NAME, TIME = Column(number), Column(), Column(moment)
COLUMNS: Mapping[str, Column] = {
    "BilledCost": COST,
    "BillingAccountId": NAME,
    "BillingAccountName": Column(nullable=True),
    "BillingCurrency": Column(lambda text: re.fullmatch("[A-Z]{3}", text) is not None),
    "BillingPeriodEnd": TIME,
    "BillingPeriodStart": TIME,
    "CapacityReservationId": Column(nullable=True),
    "CapacityReservationStatus": Column(among("Used", "Unused"), nullable=True),
    "ChargeCategory": Column(among("Usage", "Purchase", "Tax", "Credit", "Adjustment")),
    "ChargeClass": Column(among("Correction"), nullable=True),
    "ChargeDescription": Column(nullable=True),
    "ChargeFrequency": Column(among("One-Time", "Recurring", "Usage-Based")),
    "ChargePeriodEnd": TIME,
    "ChargePeriodStart": TIME,
    "ConsumedQuantity": Column(number, nullable=True),
    "ConsumedUnit": Column(unit, nullable=True),
    "ContractedCost": COST,
    "ContractedUnitPrice": Column(number, nullable=True),
    "EffectiveCost": COST,
    "InvoiceIssuerName": NAME,
    "ListCost": COST,
    "ListUnitPrice": Column(number, nullable=True),
    "PricingCategory": Column(among("Standard", "Dynamic", "Committed", "Other"), nullable=True),
    "PricingQuantity": Column(number, nullable=True),
    "PricingUnit": Column(unit, nullable=True),
    "ProviderName": NAME,
    "PublisherName": NAME,
    "ResourceId": Column(nullable=True),
    "ResourceName": Column(nullable=True),
    "ResourceType": Column(nullable=True),
    "ServiceCategory": Column(among(*CATEGORIES)),
    "ServiceName": NAME,
    "SkuId": Column(nullable=True),
    "SkuMeter": Column(nullable=True),
    "SkuPriceId": Column(nullable=True),
    "SubAccountId": Column(nullable=True),
    "SubAccountName": Column(nullable=True),
    "Tags": Column(pairs, nullable=True),
}


def broken_columns(names: list[str]) -> Iterator[str]:
    """Rules about which columns there are, and in which order."""
    yield from (f"{name} is missing" for name in MANDATORY if name not in names)
    yield from (f"{name} is twice" for name in set(names) if names.count(name) > 1)
    own = [name.startswith("x_") for name in names]
    if own != sorted(own):
        yield "custom columns are not last"
    yield from (f"{name} is not in Pascal case" for name in names if not re.fullmatch("(x_)?([A-Z][a-z0-9]*)+", name))


def broken(row: Row) -> Iterator[str]:
    """Every rule that a row breaks."""
    for name, column in COLUMNS.items():
        if row[name] == "":
            if not column.nullable:
                yield f"{name} is null"
        elif not column.fits(row[name]):
            yield f"{name} is {row[name]!r}"
    yield from (f"{rule.__name__.removeprefix('_')}" for rule in _RULES if not rule(row))


def _usage(row: Row) -> bool:
    return row["ChargeCategory"] == "Usage"


def _periods_are_in_order(row: Row) -> bool:
    start, end = row["ChargePeriodStart"], row["ChargePeriodEnd"]
    return row["BillingPeriodStart"] <= start < end <= row["BillingPeriodEnd"]


def _usage_has_a_quantity_a_unit_and_a_sku(row: Row) -> bool:
    names = ("PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "SkuId", "SkuPriceId")
    return not _usage(row) or all(row[name] for name in (*names, "PricingCategory"))


def _units_are_null_with_their_quantities(row: Row) -> bool:
    return all(bool(row[f"{name}Unit"]) == bool(row[f"{name}Quantity"]) for name in ("Pricing", "Consumed"))


def _consumption_is_of_usage_alone(row: Row) -> bool:
    return _usage(row) or not row["ConsumedQuantity"]


def _a_unit_price_times_the_quantity_is_the_cost(row: Row) -> bool:
    """To two nano-dollars: the parts of a rent are whole ones."""
    for kind in ("List", "Contracted"):
        price, quantity, cost = row[f"{kind}UnitPrice"], row["PricingQuantity"], Decimal(row[f"{kind}Cost"])
        if price and quantity and abs(Decimal(price) * Decimal(quantity) - cost) > Decimal("2e-9"):
            return False
    return True


def _without_a_unit_price_the_cost_is_the_billed_one(row: Row) -> bool:
    kinds = ("List", "Contracted")
    return all(row[f"{kind}UnitPrice"] or Decimal(row[f"{kind}Cost"]) == Decimal(row["BilledCost"]) for kind in kinds)


def _unit_prices_are_not_negative(row: Row) -> bool:
    return not any(row[f"{kind}UnitPrice"].startswith("-") for kind in ("List", "Contracted"))


def _outside_of_usage_the_effective_cost_is_the_billed_one(row: Row) -> bool:
    return _usage(row) or Decimal(row["EffectiveCost"]) == Decimal(row["BilledCost"])


def _a_reservation_of_usage_has_a_status(row: Row) -> bool:
    return bool(row["CapacityReservationStatus"]) == bool(row["CapacityReservationId"]) or not _usage(row)


def _a_status_needs_a_reservation(row: Row) -> bool:
    return bool(row["CapacityReservationId"]) or not row["CapacityReservationStatus"]


def _names_go_with_ids(row: Row) -> bool:
    sub = bool(row["SubAccountId"]) == bool(row["SubAccountName"])
    resource = bool(row["ResourceId"]) == bool(row["ResourceType"])
    return sub and resource and (bool(row["ResourceId"]) or not row["ResourceName"])


def _a_purchase_is_not_usage_based(row: Row) -> bool:
    return not (row["ChargeCategory"] == "Purchase" and row["ChargeFrequency"] == "Usage-Based")


_RULES: tuple[Callable[[Row], bool], ...] = (
    _periods_are_in_order,
    _usage_has_a_quantity_a_unit_and_a_sku,
    _units_are_null_with_their_quantities,
    _consumption_is_of_usage_alone,
    _a_unit_price_times_the_quantity_is_the_cost,
    _without_a_unit_price_the_cost_is_the_billed_one,
    _unit_prices_are_not_negative,
    _outside_of_usage_the_effective_cost_is_the_billed_one,
    _a_reservation_of_usage_has_a_status,
    _a_status_needs_a_reservation,
    _names_go_with_ids,
    _a_purchase_is_not_usage_based,
)

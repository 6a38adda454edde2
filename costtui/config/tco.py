"""`[tco]`: what no meter sees."""

from dataclasses import dataclass
from decimal import Decimal

from costtui.config.table import Table


@dataclass(frozen=True, slots=True)
class Tco:
    """`[tco]`. None is unknown, not 0."""

    staff_fte: Decimal | None = None
    """People who run the GPUs, as a share of full-time positions."""
    staff_usd_per_fte_year: Decimal | None = None
    """What one of them costs with everything: salary, taxes, a desk."""
    network_usd_per_month: Decimal | None = None
    storage_usd_per_month: Decimal | None = None
    software_usd_per_month: Decimal | None = None
    colocation_usd_per_month: Decimal | None = None
    """Room, cooling and hands for GPUs that are owned."""
    financing_percent: Decimal | None = None
    """Interest a year on what owned GPUs tie up."""
    setup_usd: Decimal | None = None
    """Work and hardware before the first request."""
    setup_months: Decimal | None = None
    """Over how many months that is spread."""


def read_tco(table: Table) -> Tco:
    """`[tco]`: absent is unknown."""
    tco = Tco(
        staff_fte=table.number("staff_fte", high=10_000),
        staff_usd_per_fte_year=table.number("staff_usd_per_fte_year"),
        network_usd_per_month=table.number("network_usd_per_month"),
        storage_usd_per_month=table.number("storage_usd_per_month"),
        software_usd_per_month=table.number("software_usd_per_month"),
        colocation_usd_per_month=table.number("colocation_usd_per_month"),
        financing_percent=table.number("financing_percent", high=100),
        setup_usd=table.number("setup_usd"),
        setup_months=table.number("setup_months", high=600, above=True),
    )
    table.close()
    return tco

"""Configured numbers as inputs of a bill."""

from decimal import Decimal

from costtui.analysis.tco import Input, Source, unknown
from costtui.analysis.tco_parts import Beside
from costtui.config.tco import Tco

SETUP_MONTHS = Decimal(36)
"""The usual life of a server on the books."""
_UNITS = {
    "staff_fte": "positions",
    "staff_usd_per_fte_year": "$/year",
    "setup_usd": "$",
    "setup_months": "months",
}


def configured(name: str, unit: str, value: Decimal | None, where: str) -> Input:
    """A number of the configuration; without it, unknown and where to say it."""
    if value is None:
        return unknown(name, unit, f"set {where}")
    return Input(name, unit, value, Source.CONFIGURED, where)


def beside_of(tco: Tco) -> Beside:
    """`[tco]` as inputs."""
    found = {
        name: configured(name, _UNITS.get(name, "$/month"), getattr(tco, name), f"[tco] {name}")
        for name in Beside.__dataclass_fields__
    }
    if tco.setup_usd is not None and tco.setup_months is None:
        found["setup_months"] = Input("setup_months", "months", SETUP_MONTHS, Source.DEFAULT, "three years")
    return Beside(**found)

"""Electricity: what energy cost, where it is not in the rent."""

from decimal import Decimal

from costtui.domain.amount import Amount, Provenance, unknown_amount
from costtui.domain.money import ZERO, power_cost
from costtui.domain.terms import PowerTerms
from costtui.domain.tick import StateTotals

KNOWN_SHARE = 0.99
"""Energy known for this share of a window stands for all of it; a restart of the agent takes a few seconds."""
SLACK_MS = 5_000
"""The last seconds are still on their way to the disk; they alone make nothing unknown."""
MILLIWATTS_PER_KILOWATT = 1_000_000


def cost(terms: PowerTerms | None, totals: StateTotals | None, window_ms: int) -> Amount:
    """Cost of the energy used in a window of `window_ms`; in the rent it adds nothing.

    Energy known for only a part of the window is counted, and `power` is named as missing.
    """
    if terms is not None and terms.in_rent:
        return Amount(ZERO, Provenance.ACCRUED)
    if terms is None or terms.usd_per_kwh is None:
        return unknown_amount("power")
    if totals is None or totals.energy_known_ms == 0:
        nothing_yet = window_ms <= SLACK_MS or _is_free(terms)
        return Amount(ZERO, Provenance.ACCRUED) if nothing_yet else unknown_amount("power")
    nano = power_cost(totals.energy_millijoules, terms.usd_per_kwh, terms.pue)
    partial = totals.energy_known_ms + SLACK_MS < window_ms * KNOWN_SHARE
    provenance = Provenance.ESTIMATED if totals.energy_estimated_ms else Provenance.ACCRUED
    return Amount(nano, provenance, ("power",) if partial else ())


def usd_per_hour(terms: PowerTerms | None, milliwatts: int | None) -> Decimal | None:
    """What the present power costs by the hour; 0 in the rent, None where price or power is not known."""
    if terms is not None and (terms.in_rent or _is_free(terms)):
        return Decimal(0)
    if terms is None or terms.usd_per_kwh is None or milliwatts is None:
        return None
    return terms.usd_per_kwh * terms.pue * milliwatts / MILLIWATTS_PER_KILOWATT


def _is_free(terms: PowerTerms | None) -> bool:
    return terms is not None and terms.usd_per_kwh == 0

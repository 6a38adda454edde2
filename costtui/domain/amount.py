"""An amount of money knows where it comes from, and a total knows what it is missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from costtui.domain.money import NanoUsd


class Provenance(StrEnum):
    """Where an amount comes from; the screen shows it as a mark or a word."""

    METERED = "metered"
    """usage that costtui counted, times a price"""
    ESTIMATED = "estimated"
    """some part was inferred; shown as `~`"""
    BILLED = "billed"
    """said by a provider; shown as `bill`"""
    ACCRUED = "accrued"
    """time or energy, times a contract's rate"""
    FREE = "free"
    """declared free by the user"""
    UNKNOWN = "unknown"
    """shown as `?`, never as 0"""

    __hash__ = str.__hash__  # Enum's own is written in Python: 0.2 us a look-up


class RateSource(StrEnum):
    """Where an hourly rate comes from."""

    CONTRACT = "contract"
    LIST = "list price"
    OWNED = "owned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Amount:
    """Money that may be unknown, in part or whole. `nano` is None only when nothing is known."""

    nano: NanoUsd | None
    provenance: Provenance
    unknown: tuple[str, ...] = ()
    """Names of the parts that are not in `nano`."""


def unknown_amount(name: str) -> Amount:
    """An amount of which nothing is known."""
    return Amount(None, Provenance.UNKNOWN, (name,))


def total(amounts: Iterable[Amount]) -> Amount:
    """Sum of the known parts, naming the unknown; estimated if any part is."""
    parts = tuple(amounts)
    known = [part for part in parts if part.nano is not None]
    missing = tuple(dict.fromkeys(name for part in parts for name in part.unknown))
    if not known:
        return Amount(None, Provenance.UNKNOWN, missing) if parts else Amount(NanoUsd(0), Provenance.ACCRUED)
    estimated = any(part.provenance is Provenance.ESTIMATED for part in known)
    provenance = Provenance.ESTIMATED if estimated else known[0].provenance
    return Amount(NanoUsd(sum(part.nano or 0 for part in known)), provenance, missing)

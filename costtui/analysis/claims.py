"""Figures that are often repeated, held against one's own numbers. No verdict is fixed: each is computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from costtui.analysis.breakeven_setting import Setting


class Verdict(StrEnum):
    """What one's own numbers say to a figure."""

    HOLDS = "holds"
    FAILS = "fails"
    DEPENDS = "depends"
    """On the price that is replaced, or on what `because` says."""
    UNKNOWN = "?"
    """A number is missing; `because` says which."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure and what becomes of it here."""

    figure: str
    verdict: Verdict
    because: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What claims are held against. None and empty: not known."""

    setting: Setting
    usd_per_year: Decimal | None
    """The whole bill's known part."""
    lacking: tuple[str, ...]
    """Parts that are not in it."""
    rents: tuple[Decimal, ...]
    """USD per GPU-hour of what is rented."""
    prices_each: tuple[Decimal, ...]
    """USD of what is bought."""
    gpus: int
    setup_usd: Decimal | None
    power_usd_per_month: Decimal
    """As far as it is paid apart and known."""
    api_first_byte_ms: int | None
    """Median."""
    own_first_byte_ms: int | None


def by_price(figure: str, pays: Sequence[tuple[str, bool]], because: str) -> Claim:
    """Holds against all prices, none, or some of them, which are named."""
    yes = [name for name, holds in pays if holds]
    no = [name for name, holds in pays if not holds]
    if not pays:
        return Claim(figure, Verdict.UNKNOWN, "no price to replace is known")
    if not no or not yes:
        return Claim(figure, Verdict.HOLDS if yes else Verdict.FAILS, because)
    return Claim(figure, Verdict.DEPENDS, f"holds against {', '.join(yes)}; not against {', '.join(no)}: {because}")


def usd(amount: Decimal) -> str:
    """`$1,825`, `$2.49`, `-$40`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount):,.0f}" if abs(amount) >= 100 else f"{sign}${abs(amount):,.2f}"

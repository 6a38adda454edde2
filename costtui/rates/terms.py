"""What a GPU costs by the hour: the first rule that fits it, else a list price, else unknown."""

from decimal import Decimal

from costtui.config.model import Config, GpuRule, Ownership
from costtui.domain.amount import RateSource
from costtui.domain.money import MS_PER_HOUR
from costtui.domain.terms import GpuTerms, PowerTerms, Rate
from costtui.rates.table import listed_for

HOURS_PER_YEAR = 8760
IN_RENT = PowerTerms(in_rent=True)
POWER_UNKNOWN = PowerTerms(in_rent=False)


def terms_for(uuid: str, index: int, name: str, config: Config, first_seen_ms: int) -> GpuTerms:
    """Contract, ownership, dated list price or unknown, in that order. Never raises, never guesses 0."""
    rule = next((rule for rule in config.gpus if fits(rule, uuid, index, name)), None)
    if rule is None:
        return _listed(name, first_seen_ms)
    if rule.owned is not None:
        return _owned(rule, rule.owned, first_seen_ms)
    return GpuTerms(rule.rates, RateSource.CONTRACT, rule.rent, rule.power or IN_RENT, rule.note)


def fits(rule: GpuRule, uuid: str, index: int, name: str) -> bool:
    """Whether a rule's `match` means this GPU: its index, its UUID, a part of its name, or all."""
    if isinstance(rule.match, tuple):
        return index in rule.match
    wanted = rule.match.lower()
    return wanted == "*" or wanted == uuid.lower() or (not wanted.startswith("gpu-") and wanted in name.lower())


def _owned(rule: GpuRule, owned: Ownership, first_seen_ms: int) -> GpuTerms:
    """Straight line: what is lost in value, spread over every hour of its life, used or not."""
    start = first_seen_ms if owned.bought_ms is None else owned.bought_ms
    hours = owned.life_years * HOURS_PER_YEAR
    lost_value = owned.usd_each * (100 - owned.residual_percent) / 100
    end = start + int((hours * MS_PER_HOUR).to_integral_value())
    rate = Rate(start, lost_value / hours if hours else Decimal(0), until_ms=end)
    note = f"owned, ${owned.usd_each:f} over {owned.life_years:f} years, {owned.residual_percent:f} % residual"
    return GpuTerms((rate,), RateSource.OWNED, rule.rent, rule.power or POWER_UNKNOWN, note)


def _listed(name: str, first_seen_ms: int) -> GpuTerms:
    row = listed_for(name)
    if row is None or row.usd_per_gpu_hour is None:
        return GpuTerms((), RateSource.UNKNOWN, "always", POWER_UNKNOWN, "no rule fits it and no list price is known")
    rate = Rate(first_seen_ms, row.usd_per_gpu_hour)
    return GpuTerms((rate,), RateSource.LIST, "always", IN_RENT, row.note)

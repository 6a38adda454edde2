"""Often repeated figures against this host's own numbers."""

from decimal import Decimal

from costtui.analysis.breakeven_setting import Setting
from costtui.analysis.claims import Claim, Facts
from costtui.analysis.claims_latency import latency_claims
from costtui.analysis.claims_money import money_claims
from costtui.analysis.claims_volume import saving_claims, volume_claims
from costtui.analysis.tco_parts import gpu_parts
from costtui.domain.money import NANO_PER_USD
from costtui.report.metered import Ledger
from costtui.report.verdict import Situation
from costtui.report.verdict_tco import Total

DAY_MS = 86_400_000


def claims_of(found: Situation, total: Total, setting: Setting, ledger: Ledger) -> list[Claim]:
    """All of them. The ledger is asked for the newest answers of the last day."""
    facts = facts_of(found, total, setting, ledger)
    return [*volume_claims(facts), *saving_claims(facts), *money_claims(facts), *latency_claims(facts)]


def facts_of(found: Situation, total: Total, setting: Setting, ledger: Ledger) -> Facts:
    """What the claims are held against."""
    year = total.bill.total.year
    pools = {gpu.pool.name: gpu.pool for gpu in found.gpus}.values()
    answers = ledger.latency(found.at_ms - DAY_MS, found.at_ms, ("self_hosted",))
    first_byte = {row.labels[0]: row.p50_ms for row in answers}
    power = [part.usd() for pool in pools for part in gpu_parts(pool) if part.name.startswith("power ")]
    return Facts(
        setting=setting,
        usd_per_year=None if year is None else Decimal(year) / NANO_PER_USD,
        lacking=total.bill.unknown,
        rents=tuple(p.usd_per_hour.value for p in pools if p.bought is None and p.usd_per_hour.value is not None),
        prices_each=tuple(p.bought.usd_each.value for p in pools if p.bought and p.bought.usd_each.value is not None),
        gpus=len(found.gpus),
        setup_usd=found.beside.setup_usd.value,
        power_usd_per_month=sum((each for each in power if each is not None), Decimal(0)),
        api_first_byte_ms=first_byte.get("api"),
        own_first_byte_ms=first_byte.get("self-hosted"),
    )

"""Claims about volumes from which own GPUs pay, and about what moving a share of the traffic saves."""

from decimal import Decimal

from costtui.analysis.breakeven import DAYS_PER_MONTH, MILLION, Own
from costtui.analysis.claims import Claim, Facts, Verdict, by_price, usd

VOLUMES = (
    ("own GPUs pay from 2 M tokens a day", Decimal(2) * MILLION * DAYS_PER_MONTH),
    ("own GPUs pay from 50 M tokens a day", Decimal(50) * MILLION * DAYS_PER_MONTH),
    ("own GPUs pay from 11 B tokens a month", Decimal(11_000) * MILLION),
)
SAVINGS = (
    ("a hybrid saves 30 to 50 %", Decimal("0.30"), Decimal("0.50")),
    ("a hybrid saves 83 %", Decimal("0.83"), Decimal("0.83")),
)
_LACKING = "the cost or the speed of your GPUs is not known: see `costtui breakeven`"


def volume_claims(facts: Facts) -> list[Claim]:
    """At the volume claimed, with as many GPUs as it takes, against every price."""
    own = facts.setting.own
    return [
        Claim(figure, Verdict.UNKNOWN, _LACKING) if own is None else _at_volume(facts, own, figure, volume)
        for figure, volume in VOLUMES
    ]


def _at_volume(facts: Facts, own: Own, figure: str, volume: Decimal) -> Claim:
    mix = facts.setting.mix
    assert mix is not None
    paid = own.usd_for(volume)
    gpus = max(own.replicas_for(volume), own.replicas) * own.replica.gpus
    worth = paid * MILLION / volume
    pays = [(price.name, price.blended(mix) >= worth) for price in facts.setting.prices]
    because = f"{gpus} GPUs cost {usd(paid)} a month there, {usd(worth)} a million tokens: it pays if APIs cost more"
    return by_price(figure, pays, because)


def saving_claims(facts: Facts) -> list[Claim]:
    """Moving the share f of an API's bill saves S = f - F / (b V): what is not paid there, less the GPUs."""
    own, volume = facts.setting.own, facts.setting.value("volume")
    if own is None or not volume:
        because = _LACKING if own is None else "no traffic was measured: try volume=... in `costtui breakeven`"
        return [Claim(figure, Verdict.UNKNOWN, because) for figure, _, _ in SAVINGS]
    return [_saving(facts, own, volume * DAYS_PER_MONTH, *claim) for claim in SAVINGS]


def _saving(facts: Facts, own: Own, month: Decimal, figure: str, low: Decimal, high: Decimal) -> Claim:
    mix = facts.setting.mix
    assert mix is not None
    most = min(Decimal(1), own.tokens_per_month / month)
    needs = []
    for price in facts.setting.prices:
        bill = price.blended(mix) * month / MILLION
        if bill:
            needs.append((price.name, low + own.usd_per_month / bill, high + own.usd_per_month / bill))
    pays = [(name, least <= most) for name, least, _ in needs]
    shares = "; ".join(f"{name} {_range(least, more)}" for name, least, more in needs)
    return by_price(figure, pays, f"of the bill there must move: {shares}; at most {most:.0%} can")


def _range(least: Decimal, more: Decimal) -> str:
    return f"{least:.0%}" if least == more else f"{least:.0%}-{more:.0%}"

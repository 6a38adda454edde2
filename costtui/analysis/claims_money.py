"""Claims about what GPUs, people and whole set-ups cost, and how soon they pay."""

from decimal import Decimal

from costtui.analysis.breakeven import DAYS_PER_MONTH, MILLION
from costtui.analysis.claims import Claim, Facts, Verdict, by_price, usd
from costtui.analysis.tco import MONTHS_PER_YEAR

CARD = Decimal(30_000), Decimal(40_000)
RENT = Decimal("2.50")
POSITION = Decimal(100_000), Decimal(150_000)
"""What one position must cost: $100,000 where one is meant, $150,000 where half of one is $75,000."""
MINIMAL = Decimal(125_000), Decimal(190_000)
BEFORE, AFTER = Decimal(860), Decimal(345)
EIGHTEEN = 18
SAVED = Decimal(12_000_000)
PAYBACK = 12, 18
HOURS_PER_YEAR = 8_760


def money_claims(facts: Facts) -> list[Claim]:
    """In the order in which they are repeated."""
    claims = (_card, _rent, _position, _minimal, _example, _eighteen, _payback)
    return [claim(facts) for claim in claims]


def _card(facts: Facts) -> Claim:
    figure = "a card costs $30,000 to $40,000"
    if facts.prices_each:
        within = all(CARD[0] <= each <= CARD[1] for each in facts.prices_each)
        said = ", ".join(usd(each) for each in dict.fromkeys(facts.prices_each))
        return Claim(figure, Verdict.HOLDS if within else Verdict.FAILS, f"yours cost {said} each")
    if not facts.rents or not max(facts.rents):
        return Claim(figure, Verdict.UNKNOWN, "no price of a card is configured: [[gpus]] usd_each")
    years = [each / max(facts.rents) / HOURS_PER_YEAR for each in CARD]
    because = f"you rent: such a card is {years[0]:.1f} to {years[1]:.1f} years of your rent, before power and interest"
    return Claim(figure, Verdict.DEPENDS, because)


def _rent(facts: Facts) -> Claim:
    figure = "a GPU rents for less than $2.50 an hour"
    if not facts.rents:
        return Claim(figure, Verdict.UNKNOWN, "no rent is known: [[gpus]] rates")
    cheap = [each < RENT for each in facts.rents]
    verdict = Verdict.HOLDS if all(cheap) else Verdict.DEPENDS if any(cheap) else Verdict.FAILS
    return Claim(figure, verdict, f"yours: {', '.join(usd(each) for each in dict.fromkeys(facts.rents))}")


def _position(facts: Facts) -> Claim:
    figure = "it takes 0.5 to 1 position, $75,000 to $100,000 a year"
    fte, salary = facts.setting.value("fte"), facts.setting.value("usd-per-fte-year")
    if salary is None:
        return Claim(figure, Verdict.UNKNOWN, "what a position costs is not stated: [tco] staff_usd_per_fte_year")
    own = "" if fte is None else f"; yours are {fte.normalize():f} positions, {usd(fte * salary)} a year"
    holds = POSITION[0] <= salary <= POSITION[1]
    because = f"half to one of yours is {usd(salary / 2)} to {usd(salary)}: it needs one at $100,000 to $150,000{own}"
    return Claim(figure, Verdict.HOLDS if holds else Verdict.FAILS, because)


def _minimal(facts: Facts) -> Claim:
    figure = "a minimal set-up costs $125,000 to $190,000 a year"
    if facts.usd_per_year is None:
        return Claim(figure, Verdict.UNKNOWN, "nothing of your bill is known")
    lacking = f", without {', '.join(facts.lacking)}" if facts.lacking else ""
    because = f"yours costs {usd(facts.usd_per_year)}{lacking}"
    if facts.usd_per_year > MINIMAL[1]:
        return Claim(figure, Verdict.FAILS, f"{because}: more")
    if facts.lacking:
        return Claim(figure, Verdict.UNKNOWN, because)
    if facts.usd_per_year < MINIMAL[0]:
        return Claim(figure, Verdict.FAILS, f"{because}: less")
    return Claim(figure, Verdict.HOLDS, because)


def _example(facts: Facts) -> Claim:
    """Arithmetic that needs nobody's numbers; what the same would be here is said beside it."""
    figure = "$860 K against $345 K saves 55 %"
    share = 1 - AFTER / BEFORE
    verdict = Verdict.HOLDS if round(share * 100) == 55 else Verdict.FAILS
    return Claim(figure, verdict, f"1 - 345 / 860 is {share:.1%}; {_own_saving(facts)}")


def _own_saving(facts: Facts) -> str:
    found = _bills(facts)
    if not found:
        return "yours is not known"
    return "yours: " + ", ".join(f"{1 - own / bill:.0%} against {name}" for name, own, bill in found if bill)


def _bills(facts: Facts) -> list[tuple[str, Decimal, Decimal]]:
    """Price, own GPUs and that API, both USD a month at today's volume."""
    own, mix, volume = facts.setting.own, facts.setting.mix, facts.setting.value("volume")
    if own is None or mix is None or not volume:
        return []
    month = volume * DAYS_PER_MONTH
    return [(price.name, own.usd_for(month), price.blended(mix) * month / MILLION) for price in facts.setting.prices]


def _eighteen(facts: Facts) -> Claim:
    figure = "own GPUs save more than $12 M over 18 months"
    own, found = facts.setting.own, _bills(facts)
    if own is None or not found:
        return Claim(figure, Verdict.UNKNOWN, "cost, speed or volume is not known: see `costtui breakeven`")
    saved = [(name, (bill - mine) * EIGHTEEN) for name, mine, bill in found]
    said = ", ".join(f"{usd(each)} against {name}" for name, each in saved)
    because = f"yours: {said}; it takes an API bill of {usd(SAVED / EIGHTEEN + found[0][1])} a month"
    return by_price(figure, [(name, each > SAVED) for name, each in saved], because)


def _payback(facts: Facts) -> Claim:
    """Months until what is not paid to an API, less what GPUs cost beside their price, has paid for them."""
    figure = "GPUs pay back within 12 to 18 months"
    if not facts.gpus or not _bills(facts):
        return Claim(figure, Verdict.UNKNOWN, "GPUs, their speed or the volume is not known: see `costtui breakeven`")
    own = facts.setting.own
    assert own is not None
    each = facts.prices_each[0] if facts.prices_each else CARD[0]
    once = each * own.gpus + (facts.setup_usd or Decimal(0))
    pays, said = [], []
    for name, _, bill in _bills(facts):
        months = _months(once, bill - own.fixed_usd_per_month - facts.power_usd_per_month)
        pays.append((name, months is not None and months <= PAYBACK[1]))
        said.append(f"{'never' if months is None else f'{months:.1f} months'} against {name}")
    bought = "at your price" if facts.prices_each else "if bought at $30,000 a card"
    return by_price(
        figure, pays, f"{bought}, after staff, power and the rest as far as they are known: {', '.join(said)}"
    )


def _months(once: Decimal, saved: Decimal) -> Decimal | None:
    """None: never, or beyond the ten years that no card lives."""
    months = once / saved if saved > 0 else None
    return None if months is None or months > 10 * MONTHS_PER_YEAR else months

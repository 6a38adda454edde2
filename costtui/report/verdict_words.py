"""The words of a verdict, for every face: tokens in millions, dollars, and one sentence against each price."""

from decimal import Decimal

from costtui.analysis.breakeven import MILLION, per_day
from costtui.analysis.breakeven_standing import Against, Standing
from costtui.report.money import iso
from costtui.report.words import UNKNOWN

DAY_MS = 86_400_000
MOST_DAYS = Decimal(36_500)
"""A hundred years: a line that long says nothing."""


def verdict(each: Against, standing: Standing, at_ms: int) -> str:
    """One sentence: since when, until when, or with how many GPUs."""
    if each.word == "pays now":
        return "own GPUs pay now"
    if each.word == "not yet" and standing.setting.value("growth") is None:
        return "not yet; when is not known: no growth was measured over four days"
    if each.word == "not yet":
        at = day_of(each, at_ms)
        return (
            "not yet; never at the present growth" if at is None else f"not yet; {iso(at)[:10]} at the present growth"
        )
    if each.word == "never":
        more = ""
        if each.stair is not None:
            more = f"; {each.stair.gpus} GPUs would from {mega(per_day(each.stair.tokens_per_month))} Mtok/day"
        return f"never with {plain(standing.setting.value('gpus'))} GPUs{more}"
    return "? the GPUs' cost, speed or volume is not known"


def day_of(each: Against, at_ms: int) -> int | None:
    """When the present growth reaches the volume needed; None: it never does, or not within a hundred years."""
    if each.days is None or each.days > MOST_DAYS:
        return None
    return at_ms + int(each.days * DAY_MS)


def mega(tokens: Decimal | None) -> str:
    """Millions of tokens: whole from 100 on, with a decimal below."""
    if tokens is None:
        return UNKNOWN
    millions = tokens / MILLION
    return f"{millions:,.0f}" if abs(millions) >= 100 else f"{millions:,.1f}"


def signed(tokens: Decimal) -> str:
    """With a plus where it is more."""
    return f"+{mega(tokens)}" if tokens >= 0 else mega(tokens)


def dollars(usd: Decimal | None) -> str:
    """Whole dollars from 100 on, cents below."""
    if usd is None:
        return UNKNOWN
    return f"{usd:,.0f}" if abs(usd) >= 100 else f"{usd:,.2f}"


def plain(value: Decimal | None) -> str:
    """A number without zeros that say nothing."""
    if value is None:
        return UNKNOWN
    rounded = round(value, 4)
    return f"{int(rounded):,}" if rounded == rounded.to_integral_value() else f"{rounded.normalize():,f}"

"""What self-hosting costs with everything in it and from which volume it pays, for a page."""

from collections.abc import Sequence
from decimal import Decimal

from costtui.analysis.breakeven import DAYS_PER_MONTH, MILLION
from costtui.analysis.breakeven_standing import Against, Standing
from costtui.analysis.tco import Amounts, Input
from costtui.report.money import usd
from costtui.report.page import Bar, Block, Curve, Line, Note, Section, Stack, Table
from costtui.report.verdict_tco import Total
from costtui.report.verdict_words import dollars, mega, plain, signed, verdict
from costtui.report.words import UNKNOWN, fine, percent

TCO, BREAKEVEN = "What self-hosting costs", "Own GPUs against APIs"
NO_GPU = "No GPU with a known rate and nothing else was stated: `costtui tco --help` names what counts, [tco] holds it."
NO_PRICE = "Nothing to compare with: no own engine was watched with traffic, or no price of its model is known."


MOST, ZERO = 5, Decimal(0)
"""Prices on the chart, the cheapest."""


def tco_section(total: Total) -> Section:
    """The same sums as `costtui tco`."""
    bill = total.bill
    known = [line for line in bill.lines if line.amounts.month is not None]
    if not known:
        return Section(TCO, [Note(NO_GPU)])
    bars = tuple(Bar(line.part.name, usd(line.amounts.month), dollars(usd(line.amounts.month))) for line in known)
    rows = [(line.part.name, *_three(line.amounts), line.part.formula) for line in bill.lines]
    rows.append(("at least" if bill.unknown else "total", *_three(bill.total), ""))
    blocks: list[Block] = [
        Stack("USD a month by part", bars),
        Table("Parts, USD", ("part", "an hour", "a month", "a year", "how"), tuple(rows), frozenset({0, 4})),
    ]
    blocks += [Note(f"Not known, and in no sum: {', '.join(bill.unknown)}.")] if bill.unknown else []
    if total.tokens is not None:
        blocks.append(Note(_million(total)))
    blocks.append(_inputs("Where each input comes from", [each.input for each in total.swings]))
    return Section(TCO, blocks)


def _three(amounts: Amounts) -> tuple[str, str, str]:
    return dollars(usd(amounts.hour)), dollars(usd(amounts.month)), dollars(usd(amounts.year))


def _million(total: Total) -> str:
    return (
        f"A million tokens: {fine(total.bases.allocation)} USD with idle hours in it, for comparing with an API;"
        f" {fine(total.bases.usage)} USD by the time in which the GPUs worked."
    )


def breakeven_section(standing: Standing, at_ms: int) -> Section:
    """The same figures as `costtui breakeven`."""
    setting = standing.setting
    if not standing.against:
        return Section(BREAKEVEN, [Note(NO_PRICE)])
    least = "at least " if setting.left_out else ""
    told = (
        f"{setting.model} on {plain(setting.value('gpus'))} GPUs: {least}{dollars(standing.usd_per_month)} USD a month;"
        f" today {mega(standing.volume_per_day)} million tokens a day,"
        f" {percent(standing.utilisation)} of what they could serve."
    )
    names = ("against", "verdict", "USD/Mtok", "pays from Mtok/day", "you are Mtok/day", "saves USD/month")
    rows = tuple(_against(each, standing, at_ms) for each in standing.against)
    table = Table("Against each price, at the mix of today's tokens", names, rows, frozenset({0, 1}))
    inputs = _inputs("Computed from", list(setting.inputs.values()))
    return Section(BREAKEVEN, [Note(told), *_curve(standing), table, inputs, *map(Note, standing.caveats)])


def _curve(standing: Standing) -> Sequence[Curve]:
    """What a month costs by volume, up to the GPUs' capacity; nothing where one of the three figures is not known."""
    own, widest, volume = standing.usd_per_month, standing.capacity_tokens_per_day, standing.volume_per_day
    if own is None or widest is None or volume is None or volume > widest:
        return ()
    cheapest = sorted(standing.against, key=lambda each: each.blended)[:MOST]
    bought = tuple(
        Line(each.price.name, ZERO, each.blended * widest * DAYS_PER_MONTH / MILLION, dollars(each.usd_per_month))
        for each in cheapest
    )
    top, least = own * 2, "at least " if standing.setting.left_out else ""
    return [
        Curve(
            "USD a month by tokens a day, at the mix of today's tokens; beside each name what it is today",
            (Line("own GPUs", own, own, least + dollars(own)), *bought),
            top,
            f"{dollars(top)} USD a month",
            widest,
            f"{mega(widest)} Mtok a day: capacity",
            volume,
            f"today {mega(volume)} Mtok a day",
        )
    ]


def _against(each: Against, standing: Standing, at_ms: int) -> tuple[str, ...]:
    never = each.word == "never"
    away = UNKNOWN if each.distance is None else signed(each.distance)
    return (
        each.price.name,
        verdict(each, standing, at_ms),
        fine(each.blended),
        "never" if never else mega(each.tokens_per_day),
        "-" if never else away,
        dollars(each.saves_usd_per_month),
    )


def _inputs(caption: str, inputs: Sequence[Input]) -> Table:
    rows = tuple((each.name, plain(each.value), each.unit, each.source.value, each.note) for each in inputs)
    return Table(caption, ("input", "value", "unit", "source", ""), rows, frozenset({0, 2, 3, 4}))

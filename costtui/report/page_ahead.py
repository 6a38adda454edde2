"""What else one could do, and how the month ends, for a page: sellers of the same model, forecast, budgets, advice."""

from collections.abc import Sequence

from costtui.analysis.advice import Advice
from costtui.report.counterfactual import Compared
from costtui.report.followed import command_of
from costtui.report.forecast import Outlook
from costtui.report.money import usd
from costtui.report.page import Block, Note, Section, Table
from costtui.report.words import UNKNOWN, count, money

COMPARE, AHEAD, ADVICE = "The same traffic elsewhere", "Budgets and the month's end", "What to do about it"
NO_TRAFFIC = "No traffic is in the ledger of this span: clients reach it through `costtui gateway`."
NO_ADVICE = "Nothing that the figures of this span support; they may be too few yet."
ESTIMATES = "At list prices, cached input at the cached rate. Rent of own GPUs is owed anyway and in none of them."
SELLERS = 8
"""Of one model, the cheapest; own targets are shown wherever they rank."""


def compare_section(found: Sequence[Compared]) -> Section:
    """The same amounts as `costtui compare`."""
    if not found:
        return Section(COMPARE, [Note(NO_TRAFFIC)])
    blocks: list[Block] = [Note(ESTIMATES)]
    for each in found:
        blocks += [_offers(each)] if each.offers else []
        blocks += [Note(f"{each.model} is not comparable: {each.reason}.")] if each.reason else []
    return Section(COMPARE, blocks)


def _offers(each: Compared) -> Table:
    caption = (
        f"{each.model}: {count(each.requests)} requests, {count(each.input_tokens)} tokens read,"
        f" {count(each.output_tokens)} written; paid to APIs {money(usd(each.paid_nano))} USD"
    )
    shown = [offer for place, offer in enumerate(each.offers) if place < SELLERS or offer.configured]
    more = f"; the other {len(each.offers) - len(shown)} in `costtui compare`" if len(shown) < len(each.offers) else ""
    rows = tuple(
        (
            offer.name,
            money(usd(offer.nano), more=offer.at_least and offer.nano is not None, estimated=True),
            offer.reason or ("configured" if offer.configured else ""),
        )
        for offer in shown
    )
    return Table(caption + more, ("seller", "USD", ""), rows, frozenset({0, 2}))


def ahead_section(outlooks: Sequence[Outlook], names: tuple[str, ...], budgets: Sequence[tuple[str, ...]]) -> Section:
    """The same amounts as `costtui forecast`; `budgets` are its rows beneath `names`."""
    rows = tuple(_outlook(each) for each in outlooks)
    month = Table("APIs, USD", ("", "so far", "month's end", "from", "to"), rows)
    blocks: list[Block] = [month]
    if any(each.forecast is None for each in outlooks):
        blocks.append(Note(f"{UNKNOWN}: less than two weeks of days were metered."))
    words = frozenset({0, 1, *range(4, len(names))})
    blocks += [Table("Budgets", names, tuple(budgets), words)] if budgets else [Note("No budget is configured.")]
    return Section(AHEAD, blocks)


def _outlook(each: Outlook) -> tuple[str, ...]:
    told = each.forecast
    ahead = (None, None, None) if told is None else (told.middle, told.low, told.high)
    so_far = money(usd(each.spent_nano), more=each.unpriced > 0)
    return (
        each.scope,
        so_far,
        *(money(usd(nano), more=each.unpriced > 0 and nano is not None, estimated=True) for nano in ahead),
    )


def advice_section(found: Sequence[Advice]) -> Section:
    """The same list as `costtui advice`."""
    if not found:
        return Section(ADVICE, [Note(NO_ADVICE)])
    rows = tuple(
        (
            f"{each.subject}: {each.action}",
            money(usd(each.month_nano), estimated=True),
            each.confidence,
            each.arithmetic,
            command_of(each),
        )
        for each in found
    )
    names = ("", "USD a month", "confidence", "how", "command")
    return Section(ADVICE, [Table("Dearest first", names, rows, frozenset({0, 2, 3, 4}))])

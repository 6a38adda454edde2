"""Another contract for the same GPUs: what the bundled price list knows of spot and reserved ones."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

from costtui.analysis.advice import MONTH_MS, Advice, best, monthly
from costtui.domain.amount import RateSource
from costtui.domain.money import NanoUsd, rent_for
from costtui.rates.table import ListedRate, listed_at
from costtui.report.advice_figures import WORTH, Group, Owed
from costtui.report.money import usd
from costtui.report.words import money


def contracts(groups: Sequence[Group]) -> Iterator[Advice]:
    """For each name of a GPU the one that saves most. Both are other people's offers, so never more than low."""
    rented: dict[str, list[Owed]] = {}
    for group in groups:
        for gpu, owed in zip(group.gpus, group.owed, strict=False):
            if owed.source is RateSource.CONTRACT and owed.rent_nano and owed.usd_per_hour and owed.observed_ms:
                rented.setdefault(gpu.name, []).append(owed)
    for name, kept in rented.items():
        yield from best([*_spot(name, kept), *_reserved(name, kept)])


def _spot(name: str, kept: Sequence[Owed]) -> Iterator[Advice]:
    row = listed_at(name, "spot")
    price = None if row is None else row.usd_per_gpu_hour
    if row is None or price is None:
        return
    saved = sum(_less(each, price) for each in kept)
    action = "rent spot ones for what may stop at minutes' notice, with an API behind it on the route"
    if saved * WORTH >= _month(kept):
        yield Advice("spot", name, NanoUsd(saved), "low", action, _text(kept, row, price))


def _reserved(name: str, kept: Sequence[Owed]) -> Iterator[Advice]:
    row = listed_at(name, "reserved")
    price = None if row is None else row.usd_per_gpu_hour
    if row is None or price is None:
        return
    saved = _month(kept) - len(kept) * rent_for(price, MONTH_MS)
    action = "reserve them for a year, if you need them for one"
    if saved * WORTH >= _month(kept):
        text = f"{_text(kept, row, price)}, owed for every hour of the year"
        yield Advice("reserve", name, NanoUsd(saved), "low", action, text)


def _month(kept: Sequence[Owed]) -> int:
    return sum(monthly(each.rent_nano or 0, each.observed_ms) for each in kept)


def _less(owed: Owed, usd_per_hour: Decimal) -> int:
    """Rent of the same hours at another rate."""
    share = 1 - usd_per_hour / (owed.usd_per_hour or usd_per_hour)
    return int((monthly(owed.rent_nano or 0, owed.observed_ms) * share).to_integral_value(ROUND_HALF_EVEN))


def _text(kept: Sequence[Owed], row: ListedRate, price: Decimal) -> str:
    rates = sorted({f"{each.usd_per_hour:f}" for each in kept})
    return (
        f"{len(kept)} GPUs at {' and '.join(rates)} $ an hour cost {money(usd(NanoUsd(_month(kept))))} $ a month;"
        f" {row.note}: {price:f} $ an hour"
    )

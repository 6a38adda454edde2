"""GPUs that could be given back: idle ones, those of models that are cheaper to buy, one engine of several."""

from collections.abc import Iterator, Sequence
from math import ceil

from costtui.analysis.advice import IDLE_SHARE, Advice, Confidence, confidence_of, monthly
from costtui.domain.amount import RateSource
from costtui.domain.money import NanoUsd
from costtui.report.advice_figures import WORTH, Figures, Group, groups
from costtui.report.counterfactual import Offer
from costtui.report.money import usd
from costtui.report.words import count, money, percent

FULL = 0.8
"""Of the busiest hour of the week: what an engine may be busy with more work on it."""
MEMORY = 0.95
"""Of a GPU's memory: the rest is for what grows with the work."""


def not_needed(group: Group) -> list[Advice]:
    """GPUs that do next to nothing."""
    nano, idle_ms = sum(gpu.sum.nano for gpu in group.gpus), sum(gpu.sum.idle_ms for gpu in group.gpus)
    observed = group.observed_ms
    if not observed or not nano or idle_ms < IDLE_SHARE * observed:
        return []
    month = monthly(nano, group.span_ms)
    text = (
        f"idle {percent(idle_ms / observed)} of {observed / 3_600_000:.1f} observed GPU hours, {money(usd(nano))} $ of"
        f" rent; x 730 h / {group.span_ms / 3_600_000:.1f} h = {money(usd(month))} $ a month"
    )
    action = f"stop what is on {group.numbers} and give it back"
    return [Advice("idle-gpu", group.name, month, confidence_of(group.span_ms), action, text)]


def given_back(group: Group, figures: Figures) -> list[Advice]:
    """A model whose whole traffic costs less at a seller than its GPUs' rent: allocation against list price."""
    model = next((each for each in figures.compared if each.model == group.name and each.hosted_tokens), None)
    offer, rent = None if model is None else cheapest(model.offers), group.month_nano
    if model is None or offer is None or offer.nano is None or rent is None:
        return []
    bought, paid = monthly(offer.nano, figures.compared_ms), monthly(model.paid_nano or 0, figures.compared_ms)
    saved = NanoUsd(rent + paid - bought)
    if saved < rent // WORTH:
        return []
    text = (
        f"rent {money(usd(rent))} $ and APIs {money(usd(paid))} $ a month, against {money(usd(bought))} $ for all"
        f" {count(model.input_tokens + model.output_tokens)} tokens of the span at {offer.name}, equal quality and"
        " your latency objective assumed"
    )
    sure: Confidence = "low" if offer.at_least else confidence_of(figures.compared_ms)
    action = f"buy it from {offer.name} and give its GPUs back"
    return [Advice("buy-instead", group.name, saved, sure, action, text)]


def cheapest(offers: Sequence[Offer]) -> Offer | None:
    """The first that has an amount."""
    return next((offer for offer in offers if offer.nano is not None), None)


def fewer(group: Group, figures: Figures) -> list[Advice]:
    """A model on several engines whose busiest hour of the week fewer of them would carry."""
    engines = engines_of(group)
    if len(engines) < 2 or bought(group) or not figures.cells:
        return []
    peak = max(
        sum(max(figures.busy_share(gpu, place) for gpu in each.gpus) for each in engines) for place in figures.cells
    )
    keep = max(1, ceil(peak / FULL))
    gone = sorted(engines, key=lambda each: (-(each.month_nano or 0), each.name))[: max(len(engines) - keep, 0)]
    rents = [each.month_nano for each in gone if each.month_nano is not None]
    if not gone or len(rents) < len(gone):
        return []
    text = (
        f"in the busiest hour of the week its {len(engines)} engines are busy {percent(peak / len(engines))} of the"
        f" time; {keep} would be {percent(peak / keep)} and a rent of {money(usd(NanoUsd(sum(rents))))} $ a month less;"
        " equal engines behind one route assumed"
    )
    action = f"run it on {keep}: drain {', '.join(each.name for each in gone)} and give its GPUs back"
    sure, drain = confidence_of(group.span_ms), f"costtui route drain {gone[0].name} --for 2h"
    return [Advice("fewer-engines", group.name, NanoUsd(sum(rents)), sure, action, text, drain)]


def consolidated(figures: Figures) -> list[Advice]:
    """Two models that one's GPUs would hold and carry: the pair that saves most, told of the model that moves."""
    pairs = [each for each in _pairs(figures) if each.month_nano is not None]
    return sorted(pairs, key=lambda each: (-(each.month_nano or 0), each.subject))[:1]


def _pairs(figures: Figures) -> Iterator[Advice]:
    single = [
        each
        for each in groups(figures)
        if each.gpus[0].serves and len(engines_of(each)) == 1 and not bought(each) and not not_needed(each)
    ]
    for moves in single:
        for stays in single:
            if stays is not moves and moves.month_nano and _fits(moves, stays, figures):
                yield _pair(moves, stays, figures)


def _pair(moves: Group, stays: Group, figures: Figures) -> Advice:
    used = sum(figures.memory[gpu.index].most_used for group in (moves, stays) for gpu in group.gpus)
    busy = percent(_peak(moves, stays, figures))
    text = (
        f"both had at most {used / 2**30:.1f} GiB in use and were busy {busy} of the busiest hour of the week together:"
        f" {moves.numbers} would be free, {money(usd(moves.month_nano))} $ a month"
    )
    action = f"put it on {stays.numbers} beside {stays.name} and give {moves.numbers} back"
    return Advice("consolidate", moves.name, moves.month_nano, confidence_of(moves.span_ms), action, text)


def _fits(moves: Group, stays: Group, figures: Figures) -> bool:
    """Memory GPU by GPU, and time in the busiest hour of the week."""
    if len(moves.gpus) != len(stays.gpus) or not figures.cells:
        return False
    for one, other in zip(moves.gpus, stays.gpus, strict=True):
        mine, theirs = figures.memory.get(one.index), figures.memory.get(other.index)
        if mine is None or theirs is None or mine.most_used + theirs.most_used > MEMORY * theirs.total:
            return False
    return _peak(moves, stays, figures) <= FULL


def _peak(moves: Group, stays: Group, figures: Figures) -> float:
    return max(
        sum(max(figures.busy_share(gpu, place) for gpu in group.gpus) for group in (moves, stays))
        for place in figures.cells
    )


def engines_of(group: Group) -> list[Group]:
    """Its GPUs by the engine that holds them; each named for its engine."""
    if len(group.owed) < len(group.gpus):
        return []
    names = dict.fromkeys(gpu.engine for gpu in group.gpus if gpu.engine)
    both = list(zip(group.gpus, group.owed, strict=True))
    return [
        Group(
            name,
            tuple(gpu for gpu, _ in both if gpu.engine == name),
            tuple(owed for gpu, owed in both if gpu.engine == name),
        )
        for name in names
    ]


def bought(group: Group) -> bool:
    """Whether a GPU of it is one's own: what it cost is gone either way."""
    return any(each.source is RateSource.OWNED for each in group.owed)

"""What to do about it: idle GPUs, models that are cheaper to buy, dearer sellers of the same model, missing prices."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from costtui.analysis.advice import IDLE_SHARE, Advice, Confidence, confidence_of, monthly, ranked
from costtui.domain.money import NanoUsd
from costtui.report.counterfactual import Compared, Offer
from costtui.report.idle import IdleGpu, IdleReport
from costtui.report.money import usd
from costtui.report.words import count, money, percent

WORTH = 20
"""One part in so many: a smaller difference between two sellers is not worth a change."""


class Owed(NamedTuple):
    """One GPU over the span."""

    rent_nano: NanoUsd | None
    """Contract rent of the observed time; None is unknown."""
    observed_ms: int


def advice(
    idle: IdleReport, owed: Mapping[int, Owed], compared: Sequence[Compared], compared_ms: int
) -> tuple[Advice, ...]:
    """Ranked. `owed` by GPU index over the span of `idle`; `compared` over `compared_ms` up to the same moment."""
    groups: dict[str, list[IdleGpu]] = {}
    for gpu in idle.gpus:
        groups.setdefault(gpu.serves or f"GPU {gpu.index}", []).append(gpu)
    found: list[Advice] = []
    for name, gpus in groups.items():
        known = [owed[gpu.index] for gpu in gpus if gpu.index in owed]
        found += _idle(name, gpus, known) or _buy(name, gpus, known, compared, compared_ms)
    found += _sellers(compared, compared_ms)
    return ranked(found)


def _idle(name: str, gpus: Sequence[IdleGpu], owed: Sequence[Owed]) -> list[Advice]:
    """GPUs that do next to nothing."""
    observed = sum(each.observed_ms for each in owed)
    nano, idle_ms = sum(gpu.sum.nano for gpu in gpus), sum(gpu.sum.idle_ms for gpu in gpus)
    if not observed or not nano or idle_ms < IDLE_SHARE * observed:
        return []
    span_ms = observed // len(gpus)
    month = monthly(nano, span_ms)
    numbers = ", ".join(str(gpu.index) for gpu in gpus)
    text = (
        f"idle {percent(idle_ms / observed)} of {observed / 3_600_000:.1f} observed GPU hours, {money(usd(nano))} $ of"
        f" rent; x 730 h / {span_ms / 3_600_000:.1f} h = {money(usd(month))} $ a month"
    )
    return [
        Advice("idle-gpu", name, month, confidence_of(span_ms), f"stop what is on GPU {numbers} and give it back", text)
    ]


def _buy(
    name: str, gpus: Sequence[IdleGpu], owed: Sequence[Owed], compared: Sequence[Compared], span_ms: int
) -> list[Advice]:
    """A model whose whole traffic costs less at a seller than its GPUs' rent: allocation against list price."""
    model = next((each for each in compared if each.model == name and each.hosted_tokens), None)
    offer = None if model is None else _cheapest(model.offers)
    rents = [each.rent_nano for each in owed if each.rent_nano is not None]
    observed = sum(each.observed_ms for each in owed)
    if model is None or offer is None or offer.nano is None or len(rents) < len(gpus) or not observed:
        return []
    rent = monthly(sum(rents), observed // len(gpus))
    bought, paid = monthly(offer.nano, span_ms), monthly(model.paid_nano or 0, span_ms)
    saved = NanoUsd(rent + paid - bought)
    if saved < rent // WORTH:
        return []
    text = (
        f"rent {money(usd(rent))} $ and APIs {money(usd(paid))} $ a month, against {money(usd(bought))} $ for all"
        f" {count(model.input_tokens + model.output_tokens)} tokens of the span at {offer.name}, equal quality and"
        " your latency objective assumed"
    )
    sure: Confidence = "low" if offer.at_least else confidence_of(span_ms)
    return [Advice("buy-instead", name, saved, sure, f"buy it from {offer.name} and give its GPUs back", text)]


def _sellers(compared: Sequence[Compared], span_ms: int) -> Iterator[Advice]:
    """Models that are only bought."""
    for model in compared:
        if model.hosted_tokens:
            continue
        if model.paid_nano is None:
            text = "attempts of it have no known price and are in no sum"
            command = f"costtui prices {model.model}"
            yield Advice("unpriced", model.model, None, "high", "say what it costs in [prices]", text, command)
            continue
        offer = _cheapest(model.offers)
        if offer is None or offer.nano is None or (model.paid_nano - offer.nano) * WORTH < model.paid_nano:
            continue
        month = monthly(model.paid_nano - offer.nano, span_ms)
        paid, there = money(usd(model.paid_nano)), money(usd(offer.nano))
        text = f"paid {paid} $ in the span, {there} $ at {offer.name} for the same tokens"
        action = f"send it to {offer.name}" + ("" if offer.configured else ", which is no target yet")
        command = f"costtui route shift ROUTE {offer.name}=100 --for 2h" if offer.configured else ""
        sure: Confidence = "low" if offer.at_least or model.estimated else confidence_of(span_ms)
        yield Advice("change-seller", model.model, month, sure, action, text, command)


def _cheapest(offers: Sequence[Offer]) -> Offer | None:
    return next((offer for offer in offers if offer.nano is not None), None)

"""Where a model's traffic goes: to a cheaper seller of the same model, or to own GPUs that idle."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from costtui.analysis.advice import Advice, Confidence, confidence_of, monthly
from costtui.config.model import Target
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd, apportion
from costtui.report.advice_figures import WORTH, Figures
from costtui.report.advice_gpus import cheapest
from costtui.report.counterfactual import Compared, catalogue_name
from costtui.report.money import usd
from costtui.report.words import count, money, percent
from costtui.store.ledger.rows import SpendRow

ROOM = 4, 5
"""Of the tokens that idle time could write: prompts take time too, and requests do not come one after another."""
WHOLE = NanoUsd(100)


class Move(NamedTuple):
    """A change of one route's shares."""

    route: str
    shares: tuple[tuple[str, int], ...]

    @property
    def command(self) -> str:
        """What carries it out."""
        told = " ".join(f"{target}={share}" for target, share in self.shares)
        return f"costtui route shift {self.route} {told} --for 2h"


def sellers(figures: Figures) -> Iterator[Advice]:
    """Models that are only bought."""
    for model in figures.compared:
        if model.hosted_tokens:
            continue
        if model.paid_nano is None:
            text = "attempts of it have no known price and are in no sum"
            command = f"costtui prices {model.model}"
            yield Advice("unpriced", model.model, None, "high", "say what it costs in [prices]", text, command)
            continue
        offer = cheapest(model.offers)
        if offer is None or offer.nano is None or (model.paid_nano - offer.nano) * WORTH < model.paid_nano:
            continue
        month = monthly(model.paid_nano - offer.nano, figures.compared_ms)
        paid, there = money(usd(model.paid_nano)), money(usd(offer.nano))
        text = f"paid {paid} $ in the span, {there} $ at {offer.name} for the same tokens"
        action = f"send it to {offer.name}" + ("" if offer.configured else ", which is no target yet")
        sure: Confidence = "low" if offer.at_least or model.estimated else confidence_of(figures.compared_ms)
        move = _move(model, offer.name, Decimal(1), figures) if offer.configured else None
        yield _advice(Advice("change-seller", model.model, month, sure, action, text), move)


def shifted(figures: Figures, told: Collection[str]) -> Iterator[Advice]:
    """Models that are bought while own GPUs that serve them idle; not of the models whose GPUs are `told` to go."""
    for model in figures.compared:
        if not model.hosted_tokens or not model.paid_nano or model.model in told:
            continue
        for engine in figures.config.engines:
            if clean(catalogue_name(engine, engine.model or ""), 80) == model.model:
                yield from _shifted(model, engine, model.paid_nano, figures)
                break


def _shifted(model: Compared, engine: Target, paid_nano: int, figures: Figures) -> Iterator[Advice]:
    bought, room = figures.bought.get(model.model, {}), _room(engine, figures)
    whole = sum(bought.values())
    moved = sum(min(tokens, room.get(place, 0)) for place, tokens in bought.items())
    if not whole or moved * WORTH < whole:
        return
    saved = int((Decimal(paid_nano) * moved / whole).to_integral_value(ROUND_HALF_EVEN))
    totals = figures.engines[engine.name]
    text = (
        f"{percent(moved / whole)} of the {count(whole)} output tokens that APIs wrote fit into hours in which its GPUs"
        f" idled, at the {totals.output_tokens * 1000 / totals.worked_ms:.0f} tok/s it writes while it works and a"
        f" fifth left aside: {money(usd(NanoUsd(saved)))} of {money(usd(NanoUsd(paid_nano)))} $ paid; its rent is owed"
        " anyway"
    )
    month, sure = monthly(saved, figures.compared_ms), confidence_of(figures.compared_ms)
    move = _move(model, engine.name, Decimal(moved) / whole, figures)
    action = f"send {percent(moved / whole)} of it to {engine.name}, which idles"
    yield _advice(Advice("shift-share", model.model, month, sure, action, text), move)


def _room(engine: Target, figures: Figures) -> dict[tuple[int, int], int]:
    """Output tokens that an engine could have written more in each hour of the week."""
    gpus = [gpu for gpu in figures.idle.gpus if gpu.engine == engine.name]
    totals = figures.engines.get(engine.name)
    if not gpus or totals is None or not totals.worked_ms:
        return {}
    shared = set.intersection(*(set(gpu.hours) for gpu in gpus))
    part, whole = ROOM[0] * totals.output_tokens, ROOM[1] * totals.worked_ms
    return {place: min(gpu.hours[place].idle_ms for gpu in gpus) * part // whole for place in shared}


def _advice(found: Advice, move: Move | None) -> Advice:
    if move is None:
        return found
    return Advice(
        found.kind, found.subject, found.month_nano, found.confidence, found.action, found.arithmetic,
        move.command, move.route, move.shares,
    )  # fmt: skip


def _move(model: Compared, target: str, share: Decimal, figures: Figures) -> Move | None:
    """On the route that pays most for the model, if `target` is on it: `share` of what the model's APIs carry there."""
    config = figures.config
    named = {each.name: each for each in config.targets}
    paid: dict[str, int] = {}
    for row in figures.spend:
        if not row.self_hosted and _is(row, model, named):
            paid[row.labels[0]] = paid.get(row.labels[0], 0) + (row.nano or 0)
    dearest = max(paid, key=lambda name: (paid[name], name), default=None)
    route = next((each for each in config.routes if each.name == dearest), None)
    if route is None or target not in route.targets:
        return None
    rows = [row for row in figures.spend if row.labels[0] == route.name and row.labels[1] in route.targets]
    return Move(route.name, _shares(rows, model, target, share, named))


def _shares(
    rows: Sequence[SpendRow], model: Compared, target: str, share: Decimal, named: Mapping[str, Target]
) -> tuple[tuple[str, int], ...]:
    """In percent of the route's requests; other models and own engines on the route keep what they have."""
    weights: dict[str, Decimal] = {target: Decimal(0)}
    for row in rows:
        other = row.labels[1]
        goes = (
            row.requests * share if not row.self_hosted and other != target and _is(row, model, named) else Decimal(0)
        )
        weights[target] += goes
        weights[other] = weights.get(other, Decimal(0)) + row.requests - goes
    whole = apportion(WHOLE, [int(each * 1_000) for each in weights.values()])
    return tuple((name, int(part)) for name, part in zip(weights, whole, strict=True) if part)


def _is(row: SpendRow, model: Compared, named: Mapping[str, Target]) -> bool:
    return clean(catalogue_name(named.get(row.labels[1]), row.labels[2]), 80) == model.model

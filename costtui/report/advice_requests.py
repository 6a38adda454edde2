"""How one asks: what nobody waits for, answers that run long, endpoints that nobody asks."""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal

from costtui.analysis.advice import MONTH_MS, Advice, monthly
from costtui.domain.bill import BurnItem
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd, rent_for
from costtui.report.advice_figures import Figures
from costtui.report.counterfactual import Compared, catalogue_name
from costtui.report.money import usd
from costtui.report.words import count, money, percent
from costtui.store.ledger.rows import Answer

PATIENT = ("batch", "flex")
"""Service tiers that cost less and answer later."""
LEAST_ANSWERS = 200
"""Of a route: the longest hundredth of fewer is one or two answers."""
TAIL = Decimal("0.1")
"""What the longest hundredth has to cost before cutting it is worth a word."""


def batch(figures: Figures) -> Iterator[Advice]:
    """Routes without a latency objective, some of whose answers nobody watched being written."""
    waits = {route.name for route in figures.config.routes if route.ttft_seconds or route.tpot_ms or route.cascade}
    names = {route.name for route in figures.config.routes} - waits
    for name, answers in _by_route(figures).items():
        whole = [each for each in answers if not each.stream]
        found = [(row, _patient(figures, row.labels[1])) for row in figures.spend if row.labels[0] == name]
        tiers = sorted({tier for row, (tier, _) in found if tier and not row.self_hosted})
        share = Decimal(len(whole)) / len(answers)
        less = sum(
            ((row.nano or 0) - row.flat_nano) * (1 - factor) for row, (_, factor) in found if not row.self_hosted
        )
        if name not in names or not tiers or not less or not share:
            continue
        month = monthly(int((less * share).to_integral_value(ROUND_HALF_EVEN)), figures.compared_ms)
        text = (
            f"{percent(float(share))} of its newest {len(answers)} answers were not streamed; the price of their tokens"
            f" is {money(usd(NanoUsd(int(less))))} $ less over the span where all of them are asked for as"
            f" {' or '.join(tiers)}; which of them can wait, only you know"
        )
        action = f"ask for service tier {' or '.join(tiers)} where nobody waits"
        yield Advice("batch", name, month, "low", action, text)


def _patient(figures: Figures, target: str) -> tuple[str, Decimal]:
    """The cheapest tier of a target for what can wait, with its factor; 1 where it has none."""
    price = figures.prices.get(target)
    tiers = [] if price is None else [(factor, tier) for tier, factor in price.factors if tier in PATIENT]
    factor, tier = min(tiers, default=(Decimal(1), ""))
    return (tier, factor) if factor < 1 else ("", Decimal(1))


def capped(figures: Figures) -> Iterator[Advice]:
    """Routes whose longest answers take much of what their output costs."""
    for name, answers in _by_route(figures).items():
        lengths = sorted(each.output_tokens for each in answers)
        if len(lengths) < LEAST_ANSWERS:
            continue
        cap = lengths[-(-len(lengths) * 99 // 100) - 1]
        tail = Decimal(sum(max(each - cap, 0) for each in lengths)) / max(sum(lengths), 1)
        output = sum(row.output_nano for row in figures.spend if row.labels[0] == name and not row.self_hosted)
        if tail < TAIL or not cap or not output:
            continue
        month = monthly(int((output * tail).to_integral_value(ROUND_HALF_EVEN)), figures.compared_ms)
        text = (
            f"99 of 100 of its newest {len(lengths)} answers have at most {count(cap)} tokens; what the others have"
            f" beyond is {percent(float(tail))} of all output, which cost {money(usd(NanoUsd(output)))} $ in the span;"
            " those answers would end early"
        )
        yield Advice("cap-output", name, month, "low", f"send max_tokens {cap} with its requests", text)


def _by_route(figures: Figures) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for each in figures.answers:
        found.setdefault(each.route, []).append(each)
    return found


def endpoints(figures: Figures) -> Iterator[Advice]:
    """What is rented from a provider by the hour, is up, and got nothing from a gateway that carries traffic."""
    for level in figures.levels if figures.compared else ():
        row = level.row
        if not isinstance(row, BurnItem) or not row.usd_per_hour or not row.model:
            continue
        if any(each.requests and _same(each, row, figures) for each in figures.compared):
            continue
        month = rent_for(row.usd_per_hour, MONTH_MS)
        name = clean(f"{level.provider}/{row.name}", 120)
        text = (
            f"{clean(row.state, 40)} at {row.usd_per_hour:f} $ an hour, x 730 h; the gateway carried no request of"
            f" {clean(row.model, 80)} in the span, and what others send there it cannot see"
        )
        command = f"costtui endpoint pause {name}" if level.provider == "huggingface" else ""
        yield Advice("stop-endpoint", name, month, "low", "pause it if nobody else asks it", text, command)


def _same(carried: Compared, item: BurnItem, figures: Figures) -> bool:
    """By the model's name with or without its maker's, as the provider or the catalogue calls it."""
    names = {carried.model} | {
        target.model or ""
        for target in figures.config.targets
        if clean(catalogue_name(target, target.model or ""), 80) == carried.model
    }
    return item.model.rsplit("/", 1)[-1].casefold() in {name.rsplit("/", 1)[-1].casefold() for name in names}

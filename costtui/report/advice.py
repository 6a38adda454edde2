"""What to do about it: every kind of advice, the best of those that save the same dollars, dearest first."""

from costtui.analysis.advice import Advice, best, ranked
from costtui.report.advice_caches import raised
from costtui.report.advice_contracts import contracts
from costtui.report.advice_figures import Figures, groups
from costtui.report.advice_gpus import consolidated, fewer, given_back, not_needed
from costtui.report.advice_nights import nights
from costtui.report.advice_quantised import quantised
from costtui.report.advice_requests import batch, capped, endpoints
from costtui.report.advice_traffic import sellers, shifted


def advice(figures: Figures) -> tuple[Advice, ...]:
    """Ranked. GPUs of one model get one line at most, and so does the traffic of one model."""
    found: list[Advice] = []
    kept = []
    moved = consolidated(figures)
    for group in groups(figures):
        told = not_needed(group)
        if not told:
            ways = [*given_back(group, figures), *nights(group, figures), *fewer(group, figures)]
            ways += quantised(group, figures)
            told = best([*ways, *(each for each in moved if each.subject == group.name)])
        found += told
        if not any(each.kind in ("idle-gpu", "buy-instead") for each in told):
            kept.append(group)
    found += contracts(kept)
    found += [*sellers(figures), *shifted(figures, {each.subject for each in found})]
    found += [*batch(figures), *capped(figures), *endpoints(figures), *raised(figures)]
    return ranked(found)

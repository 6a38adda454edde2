"""Caches that forget too soon, or hold too little: what was asked for again after it had gone."""

from collections.abc import Iterator

from costtui.analysis.advice import Advice, best, confidence_of, monthly
from costtui.config.model import PromptCache
from costtui.domain.money import NanoUsd
from costtui.report.advice_figures import Figures
from costtui.report.let_go import LetGo, Missed
from costtui.report.money import usd
from costtui.report.words import count, duration, money

MOST = 0.8
"""Of the answers that came too late: the longest wait is left out, it would keep everything for a few."""


def raised(figures: Figures) -> Iterator[Advice]:
    """Of each route the limit that would have saved more: how long answers are kept, or how many."""
    limits = {route.name: route.cache for route in figures.config.routes if route.cache is not None}
    for each in figures.let_go:
        cache = limits.get(each.route)
        if cache is not None and each.seconds:
            yield from best([*_longer(each, cache), *_larger(each, cache)])


def _longer(each: LetGo, cache: PromptCache) -> Iterator[Advice]:
    doublings, caught = _reach(each)
    if caught.nano:
        ttl = cache.ttl_seconds * 2**doublings
        why = f"after their {duration(cache.ttl_seconds)} were over, and would have been there after {duration(ttl)}"
        yield _advice(each, caught, f"keep its cache's answers for {duration(ttl)}: ttl_seconds = {ttl}", why)


def _reach(each: LetGo) -> tuple[int, Missed]:
    """The fewest doublings that catch most of them, and what they catch."""
    whole, answers, nano = sum(missed.answers for _, missed in each.expired), 0, 0
    for doublings, missed in each.expired:
        answers, nano = answers + missed.answers, nano + missed.nano
        if answers >= MOST * whole:
            return doublings, Missed(answers, nano)
    return 0, Missed(0, 0)


def _larger(each: LetGo, cache: PromptCache) -> Iterator[Advice]:
    if each.pushed_out.nano:
        size = cache.max_bytes * 2
        why = f"when {count(cache.max_bytes)} bytes had no more room for them; twice as much may hold them all or not"
        yield _advice(each, each.pushed_out, f"give its cache twice the room: max_bytes = {size}", why)


def _advice(each: LetGo, missed: Missed, action: str, why: str) -> Advice:
    text = (
        f"in {duration(each.seconds)} of the gateway {missed.answers} answers, which had cost"
        f" {money(usd(NanoUsd(missed.nano)))} $, were asked for again {why}"
    )
    span_ms = each.seconds * 1_000
    return Advice("raise-cache", each.route, monthly(missed.nano, span_ms), confidence_of(span_ms), action, text)

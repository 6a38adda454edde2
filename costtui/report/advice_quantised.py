"""Models whose weights would fit fewer GPUs at 8 bits, by the size that their name tells."""

import re
from collections.abc import Iterator
from decimal import Decimal

from costtui.analysis.advice import Advice
from costtui.domain.money import NanoUsd
from costtui.report.advice_figures import Figures, Group
from costtui.report.advice_gpus import FULL, MEMORY, bought, engines_of
from costtui.report.money import usd
from costtui.report.words import money, percent

_SIZE = re.compile(r"(?<![a-z0-9.])(?:(\d+)x)?(\d+(?:\.\d+)?)b(?![a-z0-9])", re.IGNORECASE)
_SMALL = re.compile(
    r"fp8|f8|int8|int4|w8a|w4a|awq|gptq|gguf|mxfp4|nvfp4|fp4|nf4|bnb|exl2|[48]-?bit|q\d(?![a-z])|gpt-oss", re.IGNORECASE
)
"""Names of models that are quantised already; gpt-oss is published so."""
BYTES_16_BITS = 2_000_000_000
"""Of a billion weights: what a model has to fill before halving it frees a GPU."""
BYTES_8_BITS = 1_000_000_000
ROOM = Decimal("1.2")
"""Of the weights: with the least of a KV cache beside them."""


def quantised(group: Group, figures: Figures) -> Iterator[Advice]:
    """One engine on several GPUs. That fewer GPUs write no faster at 8 bits is assumed, so that it is told late rather
    than wrongly."""
    engines, billions, month = engines_of(group), billions_of(group.name), group.month_nano
    if len(engines) != 1 or billions is None or not month or bought(group) or not figures.cells:
        return
    totals = [figures.memory[gpu.index].total for gpu in group.gpus if gpu.index in figures.memory]
    keep = _fewest(len(group.gpus), billions, min(totals, default=0)) if len(totals) == len(group.gpus) else None
    if keep is None:
        return
    peak = max(max(figures.busy_share(gpu, place) for gpu in group.gpus) for place in figures.cells)
    after = peak * len(group.gpus) / keep
    if after > FULL:
        return
    saved = NanoUsd(month * (len(group.gpus) - keep) // len(group.gpus))
    text = (
        f"{billions} billion weights by its name are {billions * 2} GB at 16 bits and {billions} GB at 8: with a fifth"
        f" for the cache they fit {keep} of its {len(group.gpus)} GPUs, which would be busy {percent(after)} of the"
        f" busiest hour; {money(usd(saved))} $ of {money(usd(month))} $ a month. Try its quality on your own tasks"
    )
    action = f"serve it at 8 bits on {keep} of {len(group.gpus)} GPUs"
    yield Advice("quantise", group.name, saved, "low", action, text)


def billions_of(name: str) -> Decimal | None:
    """Weights in billions, as a model's name tells; None where it does not, or says that it is quantised."""
    if _SMALL.search(name):
        return None
    found = _SIZE.search(name.rsplit("/", 1)[-1])
    return None if found is None else Decimal(found[2]) * int(found[1] or 1)


def _fewest(gpus: int, billions: Decimal, total_bytes: int) -> int | None:
    """The fewest halves of `gpus` that hold the model at 8 bits; None where it does not fill them at 16, or none do."""
    if billions * BYTES_16_BITS * ROOM <= Decimal(MEMORY) * total_bytes * gpus / 2:
        return None
    keep = gpus
    while keep % 2 == 0 and billions * BYTES_8_BITS * ROOM <= Decimal(MEMORY) * total_bytes * keep / 2:
        keep //= 2
    return keep if keep < gpus else None

"""What a host knows, by hand: two rented GPUs that serve a model, two owned ones that do not."""

from dataclasses import replace
from decimal import Decimal

from costtui.analysis.tco import Input, Source, unknown
from costtui.analysis.tco_parts import Bought as Owned
from costtui.analysis.tco_parts import Pool, Power
from costtui.domain.tick import EngineTotals
from costtui.report.verdict import Situation
from costtui.report.verdict_gpus import PricedGpu
from costtui.report.verdict_inputs import beside_of
from costtui.report.verdict_traffic import Bought, Served
from tests.report.verdict_host import BOOK, CONFIG, END, LLAMA, RENTED

HOUR = 3_600_000
DAY = 24 * HOUR


def said(name: str, unit: str, value: str, source: Source = Source.CONFIGURED) -> Input:
    return Input(name, unit, Decimal(value), source)


H100 = Pool("H100", said("GPUs H100", "GPUs", "2", Source.MEASURED), said("rate H100", "$/GPU-h", "2.50"))
A100 = Pool(
    "A100",
    said("GPUs A100", "GPUs", "2", Source.MEASURED),
    said("rate A100", "$/GPU-h", "0.68"),
    Owned(
        said("price A100", "$ each", "30000"),
        said("residual A100", "%", "20"),
        said("life A100", "years", "4"),
        unknown("financing_percent", "% a year", "set [tco] financing_percent"),
    ),
    Power(
        said("watts A100", "W", "100", Source.MEASURED), said("PUE A100", "x", "1.4"), said("$/kWh A100", "$", "0.10")
    ),
)


def situation(model: str = "meta/llama-70b") -> Situation:
    """96 M tokens a day, 3:1, a third of the input cached; growing by 2 M each day."""
    tokens = EngineTotals(4 * DAY, 2 * DAY, 288_000_000, 96_000_000, 96_000_000)
    days = tuple(Decimal(count) * 1_000_000 for count in (93, 95, 97, 99))
    served = Served("llama", model, LLAMA, RENTED, tokens, 4 * DAY, days, Decimal(1_000))
    return Situation(
        at_ms=END,
        from_ms=END - 4 * DAY,
        config=CONFIG,
        gpus=(
            *(PricedGpu(f"GPU-{at}", at, H100) for at in (0, 1)),
            *(PricedGpu(f"GPU-{at}", at, A100) for at in (2, 3)),
        ),
        beside=beside_of(CONFIG.tco),
        served=(served,),
        bought=Bought(0, 0, 0, 0, {}),
        worked_ms=DAY,
        observed_ms=5 * DAY,
        book=replace(BOOK, models={model: BOOK.models["meta/llama-70b"]}),
    )

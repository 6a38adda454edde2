"""Figures for advice, worked by hand: ten days in which every GPU was watched all the time."""

from collections.abc import Mapping

from costtui.analysis.advice import Advice
from costtui.analysis.idle_hours import IdleSum, Place
from costtui.domain.money import NanoUsd
from costtui.report.advice import advice
from costtui.report.advice_figures import Figures, Owed
from costtui.report.counterfactual import Compared, Offer
from costtui.report.idle import IdleGpu, IdleReport
from costtui.store.ledger.rows import SpendRow

USD = 1_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
SPAN = 10 * DAY
"""240 hours, so that a month is 730 / 240 of it."""
EMPTY = IdleReport(0, SPAN, (), {}, IdleSum())


def nano(usd: float) -> NanoUsd:
    return NanoUsd(round(usd * USD))


def gpu(
    index: int, serves: str, idle_hours: float, usd: float, *, engine: str = "", hours: Mapping[Place, IdleSum] = {}
) -> IdleGpu:
    idle = IdleSum(round(idle_hours * HOUR), nano(usd))
    return IdleGpu(index, "H100", serves, idle, None, None, "", hours, engine)


def offer(name: str, usd: float | None, *, configured: bool = False, tiered: bool = False) -> Offer:
    return Offer(name, None if usd is None else nano(usd), configured, tiered, "")


def traffic(model: str, paid: float | None, *offers: Offer, hosted: int = 0) -> Compared:
    return Compared(model, 9, 1_000_000, 0, 500_000, hosted, None if paid is None else nano(paid), 0, offers, "")


def told(gpus: tuple[IdleGpu, ...], *compared: Compared, rent: float | None = 597.6) -> list[Advice]:
    """GPUs that were observed all the time at `rent` each: 240 h at 2.49 $."""
    idle = IdleReport(0, SPAN, gpus, {}, IdleSum())
    owed = {each.index: Owed(None if rent is None else nano(rent), SPAN) for each in gpus}
    return list(advice(Figures(idle, owed, compared, SPAN)))


def row(
    route: str, target: str, model: str, requests: int, usd: float, *, hosted: bool = False, output: float = 0.0,
    flat: float = 0.0,
) -> SpendRow:  # fmt: skip
    return SpendRow(
        (route, target, model), hosted, requests, requests, 0, 0, 0, 1_000, 500, 0, 0, 0,
        0, 0, 0, nano(output), nano(flat), nano(usd), 0, 0, frozenset({"metered"}),
    )  # fmt: skip

"""Hours of the week in which nobody asks: what stopping a model then would save."""

from collections.abc import Sequence

from costtui.analysis.advice import Advice, Confidence, confidence_of, monthly
from costtui.analysis.idle_hours import HOURS
from costtui.analysis.pauses import WEEK_HOURS, Pause, pauses
from costtui.domain.amount import RateSource
from costtui.domain.money import NanoUsd
from costtui.report.advice_figures import Figures, Group
from costtui.report.money import usd
from costtui.report.words import money

IDLE = 0.95
"""Of every time that an hour of the week came round."""
LEAST_HOURS = 2
MARGIN_QUARTERS = 2
"""A quarter of an hour at each end of a pause is paid: for stopping late and starting early."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHOWN = 3
"""Times of day that are spelt out."""


def nights(group: Group, figures: Figures) -> list[Advice]:
    """Rent of hours in which all GPUs of a model idle. Contracts that charge always save nothing by it as they are."""
    sources = {each.source for each in group.owed}
    if not group.span_ms or RateSource.OWNED in sources or not group.gpus[0].serves:
        return []
    found = pauses(_idle_hours(group, figures), LEAST_HOURS)
    nano = sum(_saved(group, pause) for pause in found)
    if not nano:
        return []
    by_hour = all(each.rule == "while-on" for each in group.owed)
    month, hours = monthly(nano, group.span_ms), sum(pause.hours for pause in found)
    text = (
        f"all its GPUs idle {hours} hours of each week; less half an hour each time to stop and start, their rent"
        f" then is {money(usd(NanoUsd(nano)))} $ of the span, {money(usd(month))} $ a month"
    )
    if not by_hour:
        text += "; its contract charges always: it takes one that charges while on, at the same rate"
    sure: Confidence = confidence_of(group.span_ms) if by_hour else "low"
    action = f"scale it to zero {times(found)}"
    return [Advice("night", group.name, month, sure, action, text)]


def _idle_hours(group: Group, figures: Figures) -> set[int]:
    return {
        day * HOURS + hour
        for day, hour in figures.cells
        if all(figures.busy_share(gpu, (day, hour)) <= 1 - IDLE + 1e-9 for gpu in group.gpus)
    }


def _saved(group: Group, pause: Pause) -> int:
    hours = [divmod((pause.start + each) % WEEK_HOURS, HOURS) for each in range(pause.hours)]
    nano = sum(gpu.hours[place].nano for gpu in group.gpus for place in hours if place in gpu.hours)
    return nano * (4 * pause.hours - MARGIN_QUARTERS) // (4 * pause.hours)


def times(found: Sequence[Pause]) -> str:
    """`20:00-08:00 from Mon, Tue, …`; pauses of the same times in one."""
    days: dict[tuple[int, int, int], list[str]] = {}
    for pause in found:
        day, hour = divmod(pause.start, HOURS)
        days.setdefault((hour, pause.end % HOURS, pause.hours), []).append(DAYS[day])
    spelt = [_time(*key, names) for key, names in sorted(days.items(), key=lambda each: -len(each[1]) * each[0][2])]
    more = f" and at {len(spelt) - SHOWN} more times" if len(spelt) > SHOWN else ""
    return "; ".join(spelt[:SHOWN]) + more


def _time(start: int, end: int, hours: int, names: Sequence[str]) -> str:
    when = "daily" if len(names) == len(DAYS) else f"from {', '.join(names)}"
    span = f"{start:02}:00-{end:02}:00" if hours <= HOURS else f"{start:02}:00 for {hours} h"
    return f"{span} {when}"

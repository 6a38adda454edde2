"""A break-even as text: the GPUs, each price, the three ways, and where every number comes from."""

from collections.abc import Iterator, Sequence

from costtui.analysis.breakeven_standing import Against, Standing, Way
from costtui.analysis.tco import Source
from costtui.report.verdict import Situation
from costtui.report.verdict_words import dollars, mega, plain, signed, verdict
from costtui.report.words import UNKNOWN, fine, percent


def text_of(found: Situation, standing: Standing) -> Iterator[str]:
    """All lines."""
    yield from _head(standing)
    if standing.against:
        yield ""
        yield from table(AGAINST, [_against(each, standing, found.at_ms) for each in standing.against])
    yield ""
    yield from table(WAYS, [_way(each) for each in standing.ways])
    yield ""
    yield "computed from"
    rows = [
        (each.name, plain(each.value), each.unit, each.source.value, each.note)
        for each in standing.setting.inputs.values()
        if each.source is not Source.UNKNOWN
    ]
    yield from table(("input", "value", "unit", "source", ""), rows)
    lacking = [each.name for each in standing.setting.inputs.values() if each.source is Source.UNKNOWN]
    if lacking:
        yield f"  not known: {', '.join(lacking)} (--what-if {lacking[0]}=... tries one)"
    yield ""
    yield from (f"note: {text}" for text in standing.caveats)


AGAINST = ("against", "$/Mtok", "needs Mtok/day", "of capacity", "you are", "saves $/month", "verdict")
WAYS = ("today's volume by", "GPUs", "$/month", "$/Mtok", "up to Mtok/day", "")


def _head(standing: Standing) -> Iterator[str]:
    setting = standing.setting
    hourly, gpus = setting.value("usd-per-gpu-hour"), setting.value("gpus")
    at_least = "at least " if setting.left_out else ""
    yield (
        f"{setting.model} on {plain(gpus)} GPUs at {fine(hourly)} $/GPU-h: {at_least}"
        f"{dollars(standing.usd_per_month)} $/month, capacity {mega(standing.capacity_tokens_per_day)} Mtok/day"
    )
    yield f"today {mega(standing.volume_per_day)} Mtok/day, {percent(standing.utilisation)} of capacity"
    if standing.by_use:
        shares = " / ".join(str(share) for share, _ in standing.by_use)
        yield f"$/Mtok at {shares} % of capacity: {' / '.join(fine(usd) for _, usd in standing.by_use)}"


def _against(each: Against, standing: Standing, at_ms: int) -> Sequence[str]:
    needs = "never" if each.word == "never" else mega(each.tokens_per_day)
    away = UNKNOWN if each.distance is None or each.word == "never" else f"{signed(each.distance)} Mtok/day"
    return (
        each.price.name,
        fine(each.blended),
        needs,
        percent(each.utilisation),
        "-" if each.word == "never" else away,
        dollars(each.saves_usd_per_month),
        verdict(each, standing, at_ms),
    )


def _way(each: Way) -> Sequence[str]:
    return (
        each.name,
        "-" if each.gpus is None else str(each.gpus),
        dollars(each.usd_per_month),
        fine(each.usd_per_million),
        "-" if each.capacity_tokens_per_day is None else mega(each.capacity_tokens_per_day),
        each.note,
    )


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need; the first and the last are words, what is between are figures."""
    lines = [names, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(names))]
    last = len(names) - 1
    for line in lines:
        cells = [
            text.ljust(width) if place in (0, last) else text.rjust(width)
            for place, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()

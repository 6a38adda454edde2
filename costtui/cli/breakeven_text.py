"""A break-even as text: the GPUs, each price, the three ways, and where every number comes from."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from costtui.analysis.breakeven import MILLION, per_day
from costtui.analysis.breakeven_standing import Against, Standing, Way
from costtui.analysis.tco import Source
from costtui.report.money import iso
from costtui.report.verdict import Situation
from costtui.report.words import fine, percent

DAY_MS = 86_400_000
MOST_DAYS = Decimal(36_500)
"""A hundred years: a line that long says nothing."""
UNKNOWN = "?"


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
    away = UNKNOWN if each.distance is None or each.word == "never" else f"{_signed(each.distance)} Mtok/day"
    return (
        each.price.name,
        fine(each.blended),
        needs,
        percent(each.utilisation),
        "-" if each.word == "never" else away,
        dollars(each.saves_usd_per_month),
        verdict(each, standing, at_ms),
    )


def verdict(each: Against, standing: Standing, at_ms: int) -> str:
    """One sentence: since when, until when, or with how many GPUs."""
    if each.word == "pays now":
        return "own GPUs pay now"
    if each.word == "not yet":
        at = day_of(each, at_ms)
        return (
            "not yet; never at the present growth" if at is None else f"not yet; {iso(at)[:10]} at the present growth"
        )
    if each.word == "never":
        more = ""
        if each.stair is not None:
            more = f"; {each.stair.gpus} GPUs would from {mega(per_day(each.stair.tokens_per_month))} Mtok/day"
        return f"never with {plain(standing.setting.value('gpus'))} GPUs{more}"
    return "? the GPUs' cost, speed or volume is not known"


def day_of(each: Against, at_ms: int) -> int | None:
    """When the present growth reaches the volume needed; None: it never does, or not within a hundred years."""
    if each.days is None or each.days > MOST_DAYS:
        return None
    return at_ms + int(each.days * DAY_MS)


def _way(each: Way) -> Sequence[str]:
    return (
        each.name,
        "-" if each.gpus is None else str(each.gpus),
        dollars(each.usd_per_month),
        fine(each.usd_per_million),
        "-" if each.capacity_tokens_per_day is None else mega(each.capacity_tokens_per_day),
        each.note,
    )


def mega(tokens: Decimal | None) -> str:
    """Millions of tokens: whole from 100 on, with a decimal below."""
    if tokens is None:
        return UNKNOWN
    millions = tokens / MILLION
    return f"{millions:,.0f}" if abs(millions) >= 100 else f"{millions:,.1f}"


def _signed(tokens: Decimal) -> str:
    return f"+{mega(tokens)}" if tokens >= 0 else mega(tokens)


def dollars(usd: Decimal | None) -> str:
    """Whole dollars from 100 on, cents below."""
    if usd is None:
        return UNKNOWN
    return f"{usd:,.0f}" if abs(usd) >= 100 else f"{usd:,.2f}"


def plain(value: Decimal | None) -> str:
    """A number without zeros that say nothing."""
    if value is None:
        return UNKNOWN
    rounded = round(value, 4)
    return f"{int(rounded):,}" if rounded == rounded.to_integral_value() else f"{rounded.normalize():,f}"


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

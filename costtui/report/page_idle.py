"""Idle GPUs of a span, for a page: what each cost, and a week by hour."""

from costtui.analysis.idle_hours import DAYS, HOURS, IdleSum
from costtui.report.idle import IdleGpu, IdleReport, by_model, pause_words
from costtui.report.money import usd
from costtui.report.page import Bar, Block, Heat, Note, Section, Table
from costtui.report.words import UNKNOWN, count, duration, money, short_money

WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAMES = ("GPU", "USD", "idle", "idle now for", "without known rate", "serves", "would have bought")
TITLE = "GPUs and idle burn"
NO_GPU = "No GPU was ever seen here: `costtui agent start` looks for them."


def idle_section(found: IdleReport) -> Section:
    """The same sums as `costtui idle`."""
    if not found.gpus:
        return Section(TITLE, [Note(NO_GPU)])
    whole = found.whole
    said = f"{_amount(whole)} USD of rent were paid for {duration(whole.idle_ms // 1000)} of idle GPU time."
    rows = tuple(_gpu(gpu, found.to_ms) for gpu in found.gpus)
    blocks: list[Block] = [Note(said), Table("By GPU, dearest first", NAMES, rows, frozenset({0, 5, 6}))]
    models = by_model(found)
    cells = tuple(
        (model or "no model", _amount(each), duration(each.idle_ms // 1000)) for model, each in models.items()
    )
    blocks += [Table("By model", ("model", "USD", "idle"), cells)] if any(models) else []
    blocks += [_map(found)] if whole.nano else []
    blocks += [Note(f"{text[:1].upper()}{text[1:]}.") for text in pause_words(found)]
    return Section(TITLE, blocks)


def _gpu(gpu: IdleGpu, now_ms: int) -> tuple[str, ...]:
    since = "" if gpu.since_ms is None else duration(max(now_ms - gpu.since_ms, 0) // 1000)
    bought = "" if gpu.bought_tokens is None else f"{count(gpu.bought_tokens)} output tokens at {gpu.seller}"
    idle, unknown = (duration(spent_ms // 1000) for spent_ms in (gpu.sum.idle_ms, gpu.sum.unknown_ms))
    return (f"{gpu.index} {gpu.name}", _amount(gpu.sum), idle, since, unknown, gpu.serves, bought)


def _amount(each: IdleSum) -> str:
    """Rent without a known rate is in no amount; where all of it lacks one the amount is unknown."""
    if each.idle_ms and each.unknown_ms == each.idle_ms:
        return UNKNOWN
    return money(usd(each.nano), more=bool(each.unknown_ms))


def _map(found: IdleReport) -> Heat:
    cells = tuple(
        tuple(_hour(hour, found.hours.get((day, hour), IdleSum())) for hour in range(HOURS)) for day in range(DAYS)
    )
    return Heat("Idle rent by hour of the week, USD, summed over the span", WEEK, cells)


def _hour(hour: int, each: IdleSum) -> Bar:
    if each.idle_ms and each.unknown_ms == each.idle_ms:
        return Bar(str(hour), None, UNKNOWN)
    return Bar(str(hour), usd(each.nano), short_money(usd(each.nano)) if each.nano else "")

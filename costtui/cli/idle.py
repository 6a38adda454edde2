"""`costtui idle`: what idle GPUs cost, by GPU and by hour of the week."""

import contextlib

from costtui.analysis.idle_hours import DAYS, HOURS, IdleSum, band, stop_after_seconds
from costtui.cli.cells import json_line
from costtui.cli.given import Given
from costtui.cli.picture import now_ms
from costtui.cli.since import since_ms
from costtui.config.duration import duration_seconds
from costtui.config.load import load
from costtui.domain.clean import clean
from costtui.domain.money import NanoUsd
from costtui.errors import SourceError, UsageError
from costtui.rates.prices import PriceBook
from costtui.report.idle import ASSUMED_START_SECONDS, IdleGpu, IdleReport, by_model, idle_report, pause_words
from costtui.report.money import iso, usd
from costtui.report.words import count, duration, money
from costtui.store.reader import TelemetryReader

SCHEMA = "costtui.idle/1"
NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NO_MODEL = "no model"
SHADES, PLAIN = " ·░▒▓█", " .:-=#"


def run(given: Given) -> int:
    """A table and a map, or one JSON document."""
    since, cold = given.value("--since"), given.value("--cold-start")
    flags = given.flags("--json")
    given.no_more()
    cold_seconds = None if cold is None else duration_seconds(cold)
    if cold is not None and cold_seconds is None:
        raise UsageError(f"idle: --cold-start needs a duration such as 90s or 5m, not {clean(cold, 40)!r}")
    at_ms = now_ms()
    config = load(given.config_path, at_ms)
    from_ms = since_ms(since or "7d", at_ms, config.host.timezone)
    book = None
    with contextlib.suppress(SourceError):
        book = PriceBook.load(given.state_dir)
    with contextlib.closing(TelemetryReader(given.state_dir)) as reader:
        found = idle_report(reader, config, book, from_ms, at_ms)
    if "--json" in flags:
        print(json_line(_document(found, cold_seconds)))
    else:
        _text(found, cold_seconds, PLAIN if given.ascii_only else SHADES)
    return 0


def _text(found: IdleReport, cold_seconds: int | None, shades: str) -> None:
    if not found.gpus:
        print("no GPU was ever seen here: costtui agent start")
        return
    whole = found.whole
    unknown = f", {duration(whole.unknown_ms // 1000)} of it without a known rate" if whole.unknown_ms else ""
    idle = duration(whole.idle_ms // 1000)
    print(f"idle since {iso(found.from_ms)}: {money(usd(whole.nano))} $, {idle} of GPU time{unknown}")
    for gpu in found.gpus:
        print(_gpu_line(gpu, found.to_ms))
    models = by_model(found)
    if any(models):
        print("  by model: " + "; ".join(f"{model or NO_MODEL} {_amount(each)} $" for model, each in models.items()))
    if whole.nano:
        _map(found, shades)
    print("\n".join(pause_words(found, cold_seconds)))


def _gpu_line(gpu: IdleGpu, now_ms: int) -> str:
    since = "" if gpu.since_ms is None else f", idle now for {duration(max(now_ms - gpu.since_ms, 0) // 1000)}"
    bought = (
        "" if gpu.bought_tokens is None else f", would buy {count(gpu.bought_tokens)} output tokens at {gpu.seller}"
    )
    amount = _amount(gpu.sum)
    idle = duration(gpu.sum.idle_ms // 1000)
    return f"  GPU {gpu.index}  {amount:>9} $  {idle:>6}  {gpu.serves or gpu.name}{since}{bought}"


def _amount(each: IdleSum) -> str:
    """Rent without a known rate is in no amount; where all of it lacks one the amount is unknown."""
    if each.idle_ms and each.unknown_ms == each.idle_ms:
        return "?"
    return money(usd(each.nano), more=bool(each.unknown_ms))


def _map(found: IdleReport, shades: str) -> None:
    most = max(each.nano for each in found.hours.values())
    print("      " + "".join(f"{hour:<3}" for hour in range(HOURS)) + "         $")
    for day in range(DAYS):
        cells = [found.hours.get((day, hour), IdleSum()).nano for hour in range(HOURS)]
        drawn = "".join(_shade(nano, most, shades) * 2 + " " for nano in cells)
        print(f"  {NAMES[day]} {drawn}{money(usd(NanoUsd(sum(cells)))):>10}")
    print(f"  darkest: {money(usd(most))} $ in one hour of the week, summed over the span")


def _shade(nano: int, most: int, shades: str) -> str:
    return shades[band(nano, most, len(shades) - 1)]


def _document(found: IdleReport, cold_seconds: int | None) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "from": iso(found.from_ms),
        "to": iso(found.to_ms),
        **_sum(found.whole),
        "stop_after_seconds": stop_after_seconds(cold_seconds or ASSUMED_START_SECONDS),
        "starts": [
            {"engine": engine, "cold_start_seconds": seconds, "stop_after_seconds": stop_after_seconds(seconds)}
            for engine, seconds in sorted(found.starts.items())
        ],
        "gpus": [
            {
                "index": gpu.index,
                "name": gpu.name,
                "serves": gpu.serves or None,
                **_sum(gpu.sum),
                "idle_since": None if gpu.since_ms is None else iso(gpu.since_ms),
                "would_buy_output_tokens": gpu.bought_tokens,
                "seller": gpu.seller or None,
            }
            for gpu in found.gpus
        ],
        "models": [{"model": model or None, **_sum(each)} for model, each in by_model(found).items()],
        "hours": [
            {"weekday": NAMES[day], "hour": hour, **_sum(found.hours[day, hour])} for day, hour in sorted(found.hours)
        ],
    }


def _sum(each: IdleSum) -> dict[str, object]:
    """Money without a known rate is in no amount; where all of it lacks one the amount is unknown."""
    known = None if each.idle_ms and each.unknown_ms == each.idle_ms else usd(each.nano)
    return {"idle_seconds": each.idle_ms // 1000, "usd": known, "unknown_rate_seconds": each.unknown_ms // 1000}

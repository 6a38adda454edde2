"""`costtui replay TRACE`: what each strategy would have cost for a trace, and how late it would have been."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

from costtui.cli.cells import json_line
from costtui.cli.given import Given, nearest
from costtui.cli.replay_setting import Stated, stated
from costtui.domain.clean import clean
from costtui.errors import CosttuiError, UsageError
from costtui.replay.report import Floor, Replayed, Row, replay
from costtui.replay.run import ALL_API, ALL_SELF, STRATEGIES
from costtui.replay.trace import Request, read_trace

SCHEMA = "costtui.replay/1"
SEED = 1
CHOSEN = tuple(name for name in STRATEGIES if name not in (ALL_API, ALL_SELF))
_CENT = Decimal("0.01")


def run(given: Given) -> int:
    """A table, or one JSON document."""
    setting = stated(given)
    strategies = _strategies(given.value("--strategies"))
    flags = given.flags("--json")
    if not given.arguments:
        raise UsageError("replay: needs a trace: a CSV file with timestamp, prompt_tokens, output_tokens")
    path = Path(given.arguments.pop(0))
    given.no_more()
    found = replay(_read(path), setting.setting, strategies, setting.replicas, setting.rented, _dice, setting.limit)
    if "--json" in flags:
        print(_document(path, found))
    else:
        _show(path, setting, found)
    return 0


def _dice() -> Callable[[], float]:
    return Random(SEED).random  # noqa: S311 - it shares out simulated traffic


def _strategies(text: str | None) -> tuple[str, ...]:
    names = CHOSEN if text is None else tuple(text.split(","))
    for name in names:
        if name not in CHOSEN:
            raise UsageError(f"--strategies: no {name!r}{nearest(name, CHOSEN)}; known: {', '.join(CHOSEN)}")
    return names


def _read(path: Path) -> list[Request]:
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as lines:
            return read_trace(lines, clean(str(path), 200))
    except OSError as error:
        raise CosttuiError(f"{clean(str(path), 200)} cannot be read: {error.strerror}") from None


def _document(path: Path, found: Replayed) -> str:
    floors = {str(floor.replicas): _floor(floor) for floor in found.floors}
    return json_line(
        {
            "schema": SCHEMA,
            "trace": {
                "name": clean(path.name, 200),
                "requests": found.requests,
                "hours": _rounded(found.hours, 4),
                "all_api_usd_per_hour": _rounded(found.all_api_usd_per_hour, 4),
            },
            "clairvoyant": floors,
            "strategies": [_row(row) for row in found.rows],
        }
    )


def _floor(floor: Floor) -> dict[str, object]:
    return {
        "replicas": floor.replicas,
        "usd_per_hour": _rounded(floor.usd_per_hour, 4),
        "saved_usd_per_hour": _rounded(floor.saved_usd_per_hour, 4),
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "strategy": row.strategy,
        "replicas": row.replicas,
        "usd_per_hour": _rounded(row.usd_per_hour, 4),
        "saving_percent_vs_all_api": _rounded(row.saving_percent_vs_all_api, 2),
        "saving_percent_vs_best_single": _rounded(row.saving_percent_vs_best_single, 2),
        "slo_miss_percent": _rounded(row.slo_miss_percent, 4),
        "capture_percent": _rounded(row.capture_percent, 2),
        "local_share_percent": _rounded(row.local_share_percent, 2),
        "budget_overshoot_percent": _rounded(row.budget_overshoot_percent, 4),
        "refused_percent": _rounded(row.refused_percent, 4),
    }


def _rounded(value: Decimal | None, places: int) -> Decimal | None:
    return None if value is None else value.quantize(Decimal(1).scaleb(-places))


def _show(path: Path, setting: Stated, found: Replayed) -> None:
    print(f"{clean(path.name, 100)}: {found.requests:,} requests in {found.hours:.2f} h, replacing {setting.replaced}")
    print(f"{setting.words}\n")
    print(
        f"{'strategy':<12} {'replicas':>8} {'$/h':>9} {'vs all-API':>11} {'vs best':>8}"
        f" {'late':>7} {'capture':>8} {'local':>7} {'over budget':>12}"
    )
    for row in found.rows:
        print(
            f"{row.strategy:<12} {row.replicas:>8} {row.usd_per_hour.quantize(_CENT):>9}"
            f" {_percent(row.saving_percent_vs_all_api):>11} {_percent(row.saving_percent_vs_best_single):>8}"
            f" {_percent(row.slo_miss_percent, 2):>7} {_percent(row.capture_percent):>8}"
            f" {_percent(row.local_share_percent):>7} {_percent(row.budget_overshoot_percent, 2):>12}"
        )
    for floor in found.floors:
        print(
            f"{'clairvoyant':<12} {floor.replicas:>8} {floor.usd_per_hour.quantize(_CENT):>9}   nobody comes below it"
        )
    print(
        "\nlate: the first byte or a token came after the objective. capture: what the API was spared, of what a router"
        "\nthat knows the future spares it; a strategy with many late requests can pass 100 %. vs best: the cheaper of"
        "\nall at the API and all on the pool, if that keeps the objective."
    )


def _percent(value: Decimal | None, places: int = 1) -> str:
    return "?" if value is None else f"{value:.{places}f} %"

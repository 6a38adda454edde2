"""`costtui breakeven`: from which volume own GPUs pay, against each price that they could replace."""

from collections.abc import Sequence

from costtui.analysis.breakeven import per_day
from costtui.analysis.breakeven_standing import Against, Standing, Way, standing_of
from costtui.cli.breakeven_text import text_of
from costtui.cli.cells import json_line
from costtui.cli.given import Given
from costtui.cli.verdict import input_row, read_situation, short
from costtui.errors import UsageError
from costtui.report.money import iso
from costtui.report.verdict import Situation
from costtui.report.verdict_breakeven import setting_of
from costtui.report.verdict_whatif import tried
from costtui.report.verdict_words import day_of

SCHEMA = "costtui.breakeven/1"


def run(given: Given) -> int:
    """A text, or one JSON document."""
    words = _what_if(given)
    flags = given.flags("--json")
    given.no_more()
    found = read_situation(given)
    model = next((word.partition("=")[2] for word in words if word.startswith("model=")), None)
    standing = standing_of(tried(setting_of(found, model), words))
    if "--json" in flags:
        print(json_line(_document(found, standing)))
    else:
        print("\n".join(text_of(found, standing)))
    return 0


def _what_if(given: Given) -> Sequence[str]:
    """Every `name=value` after the first `--what-if`."""
    words: list[str] = []
    rest: list[str] = []
    trying = False
    for word in given.arguments:
        if word == "--what-if" or word.startswith("--what-if="):
            trying = True
            words += [word.partition("=")[2]] if "=" in word else []
        else:
            (words if trying and "=" in word and not word.startswith("-") else rest).append(word)
    if trying and not words:
        raise UsageError("--what-if needs name=value, such as volume=50M; see `costtui breakeven --help`")
    given.arguments = rest
    return words


def _document(found: Situation, standing: Standing) -> dict[str, object]:
    setting = standing.setting
    return {
        "schema": SCHEMA,
        "at": iso(found.at_ms),
        "from": iso(found.from_ms),
        "model": setting.model,
        "usd_per_month": short(standing.usd_per_month),
        "capacity_tokens_per_day": short(standing.capacity_tokens_per_day),
        "volume_tokens_per_day": short(standing.volume_per_day),
        "utilisation": short(standing.utilisation),
        "usd_per_million_by_use": {str(percent): short(usd) for percent, usd in standing.by_use},
        "ways": [_way(each) for each in standing.ways],
        "against": [_against(each, found.at_ms) for each in standing.against],
        "inputs": [input_row(each) for each in setting.inputs.values()],
        "left_out": list(setting.left_out),
        "caveats": list(standing.caveats),
    }


def _way(each: Way) -> dict[str, object]:
    return {
        "way": each.name,
        "gpus": each.gpus,
        "usd_per_month": short(each.usd_per_month),
        "usd_per_million_tokens": short(each.usd_per_million),
        "capacity_tokens_per_day": short(each.capacity_tokens_per_day),
        "note": each.note,
    }


def _against(each: Against, at_ms: int) -> dict[str, object]:
    price, stair = each.price, each.stair
    return {
        "price": {
            "name": price.name,
            "input": short(price.input),
            "output": short(price.output),
            "cached_input": short(price.cached_input),
            "source": price.source,
        },
        "blended_usd_per_million": short(each.blended),
        "verdict": each.word,
        "needs_tokens_per_day": short(each.tokens_per_day),
        "needs_utilisation": short(each.utilisation),
        "distance_tokens_per_day": short(each.distance),
        "usd_per_month_there": short(each.usd_per_month),
        "own_saves_usd_per_month": short(each.saves_usd_per_month),
        "flips_at": iso(day_of(each, at_ms)),
        "pays_from": None
        if stair is None
        else {"gpus": stair.gpus, "tokens_per_day": short(per_day(stair.tokens_per_month))},
    }

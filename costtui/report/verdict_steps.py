"""Steps up and down from what was measured, for a face on which one tries things with two keys."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from costtui.analysis.breakeven import per_day
from costtui.analysis.breakeven_setting import UNITS, Setting
from costtui.analysis.tco import Input, Source
from costtui.report.verdict import Situation
from costtui.report.verdict_breakeven import setting_of

STEPPED = ("volume", "utilisation", "gpus", "usd-per-gpu-hour", "fte", "price", "model")
"""What can be stepped. `price` chooses among the prices, `model` among the engines."""
_BEGIN = {"volume": Decimal(10_000_000), "gpus": Decimal(1), "usd-per-gpu-hour": Decimal("2.50"), "fte": Decimal(0)}
"""Where a step begins that nothing was measured for."""
_TENTH = Decimal("1.25892541")
"""The tenth root of ten: ten steps of volume are ten times as much."""
_FIVE_PERCENT = Decimal("1.05")
_QUARTER = Decimal("0.25")
_POINTS = Decimal("0.05")
USUAL_SALARY = Decimal(150_000)


def stepped(found: Situation, steps: Mapping[str, int]) -> Setting:
    """The host's setting with each of STEPPED so many steps away."""
    names = [each.name for each in found.served]
    setting = setting_of(found, names[steps.get("model", 0) % len(names)] if names else None)
    for name, count in steps.items():
        if name in _BEGIN and count:
            setting = setting.trying(name, _value(setting, name, count))
    if steps.get("fte") and setting.value("usd-per-fte-year") is None:
        setting = _with_salary(setting)
    setting = _turned(setting, steps.get("price", 0))
    return _busier(setting, steps.get("utilisation", 0))


def _value(setting: Setting, name: str, count: int) -> Decimal:
    base = setting.value(name)
    begin = _BEGIN[name] if base is None else base
    if name == "volume":
        return Decimal(round(begin * _TENTH**count))
    if name == "gpus":
        replica = setting.value("gpus-per-replica") or Decimal(1)
        return max(begin + count * replica, replica)
    if name == "fte":
        return max(begin + count * _QUARTER, Decimal(0))
    return round(begin * _FIVE_PERCENT**count, 4)


def _with_salary(setting: Setting) -> Setting:
    name = "usd-per-fte-year"
    usual = Input(name, UNITS[name], USUAL_SALARY, Source.DEFAULT, "a usual position with everything; set [tco]")
    left_out = tuple(part for part in setting.left_out if part != "staff")
    return replace(setting, inputs={**setting.inputs, name: usual}, left_out=left_out)


def _turned(setting: Setting, count: int) -> Setting:
    """Another price comes first: it is the one that is drawn."""
    if not setting.prices:
        return setting
    at = count % len(setting.prices)
    return replace(setting, prices=(*setting.prices[at:], *setting.prices[:at]))


def _busier(setting: Setting, count: int) -> Setting:
    own, volume = setting.own, setting.value("volume")
    if not count or own is None or volume is None:
        return setting
    capacity = per_day(own.tokens_per_month)
    share = max(volume / capacity + count * _POINTS, _POINTS / 5)
    return setting.trying("volume", Decimal(round(capacity * share)))

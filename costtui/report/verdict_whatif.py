"""`name=value`: one number of a break-even tried otherwise."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from costtui.analysis.breakeven import Price
from costtui.analysis.breakeven_setting import UNITS, Setting
from costtui.domain.clean import clean
from costtui.errors import UsageError

ALSO = ("utilisation", "price", "model")
"""What can be tried beside the numbers of UNITS."""
LARGEST = Decimal(10) ** 18
_MULTIPLES = {"k": Decimal(1_000), "M": Decimal(1_000_000), "G": Decimal(1_000_000_000), "B": Decimal(1_000_000_000)}
_SHARES = ("cache-hit", "utilisation")
_WHOLE = ("gpus", "gpus-per-replica")


def tried(setting: Setting, words: Sequence[str]) -> Setting:
    """A setting with `name=value` words in it; `price` may stand several times and replaces all prices.

    Raises UsageError for a name or value that makes no sense. `model` is not among them: it chooses the setting.
    """
    prices: list[Price] = []
    share: Decimal | None = None
    for word in words:
        name, _, text = word.partition("=")
        if name not in UNITS and name not in ALSO:
            raise UsageError(f"--what-if: no {clean(name, 40)!r}{_nearest(name)}; known: {', '.join((*UNITS, *ALSO))}")
        if name == "price":
            prices.append(_price(text))
        elif name == "utilisation":
            share = number_of(name, text)
        elif name != "model":
            setting = setting.trying(name, number_of(name, text))
    if prices:
        setting = replace(setting, prices=tuple(prices))
    if share is None:
        return setting
    if setting.own is None:
        raise UsageError(
            "--what-if utilisation: the GPUs' capacity is not known; give gpus, mix, prefill and decode too"
        )
    return setting.trying_utilisation(share)


def _nearest(name: str) -> str:
    from difflib import get_close_matches  # 3 ms, and only after a typing error

    close = get_close_matches(name, (*UNITS, *ALSO), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def number_of(name: str, text: str) -> Decimal:
    """A number such as 2.5, 50M, 11G, 40% or, for a mix, 3:1. Raises UsageError."""
    body, factor = (text[:-1], _MULTIPLES[text[-1]]) if text[-1:] in _MULTIPLES else (text, Decimal(1))
    if name in _SHARES and text.endswith("%"):
        body, factor = text[:-1], Decimal("0.01")
    try:
        over, _, under = body.partition(":") if name == "mix" else (body, "", "")
        value = Decimal(over) * factor / (Decimal(under) if under else 1)
    except (InvalidOperation, ZeroDivisionError):
        raise UsageError(f"--what-if {name}: {clean(text, 40)!r} is not a number such as 2.5 or 50M") from None
    highest = Decimal(1) if name == "cache-hit" else LARGEST
    least = 1 if name in _WHOLE else 0
    if not value.is_finite() or not (least <= value <= highest or (name == "growth" and abs(value) <= highest)):
        raise UsageError(f"--what-if {name}: {clean(text, 40)} is not from {least} to {highest:f}")
    if name in _WHOLE and value != value.to_integral_value():
        raise UsageError(f"--what-if {name}: GPUs come whole, not {clean(text, 40)}")
    if value == 0 and name in ("prefill", "decode", "output-rate", "endpoint-output-rate"):
        raise UsageError(f"--what-if {name}: an engine that makes nothing has no break-even")
    return value


def _price(text: str) -> Price:
    """`1.25/10`, `1.25/10/0.125`, with `name:` before it if one likes."""
    name, colon, rates = text.rpartition(":")
    parts = rates.split("/")
    if len(parts) not in (2, 3):
        raise UsageError(f"--what-if price: {clean(text, 60)!r} is not INPUT/OUTPUT in USD per million, as in 1.25/10")
    values = [number_of("price", part) for part in parts]
    shown = clean(name, 60) if colon else f"{parts[0]}/{parts[1]}"
    return Price(shown, values[0], values[1], values[2] if len(values) == 3 else None, "what-if")

"""One model's price in words: what applies now, why, and what else it depends on."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from costtui.domain.clean import clean
from costtui.domain.price import PriceTier, TokenPrice
from costtui.rates.hours import in_force, next_change_ms

_NAMES = {
    "input": "in",
    "output": "out",
    "cached_input": "cached",
    "cache_write": "cache write",
    "cache_write_1h": "1 h cache write",
    "input_audio": "audio in",
    "output_audio": "audio out",
}
_FEES = {"usd_per_request": "request", "usd_per_image": "image", "usd_per_web_search": "web search"}


def line(price: TokenPrice) -> str:
    """`novita  0.135 in, 0.4 out USD per million tokens  (MODEL; SOURCE)`."""
    return clean(f"{price.provider:<14} {_amounts(price)}  ({price.model}; {price.source})", 400)


def explained(name: str, rows: Sequence[TokenPrice], at_ms: int) -> list[str]:
    """A heading and a line for each thing that decides the price of a request."""
    price = in_force(rows, at_ms)
    if price is None:
        first = min(row.from_ms for row in rows)
        return [f"{clean(name)}: ? (its first price begins on {_day(first)})"]
    lines = [f"{clean(name)}"]
    lines += [clean(f"  {word:<19} {text}", 400) for word, text in _lines(price, rows, at_ms)]
    return lines


def _lines(price: TokenPrice, rows: Sequence[TokenPrice], at_ms: int) -> Iterator[tuple[str, str]]:
    yield "price", _amounts(price)
    yield "found as", f"{price.model} at {price.provider}"
    since = _day(price.from_ms)
    yield "source", price.source + (f", in force since {since}" if price.from_ms and since not in price.source else "")
    if price.hours is not None:
        yield "hours", f"{_clock(price.hours[0])} to {_clock(price.hours[1])} UTC"
    for tier in price.tiers:
        yield _tier_name(tier), _rates(tier) + (" for the whole request" if tier.above_input_tokens else "")
    for service_tier, factor in price.factors:
        yield service_tier, f"x {_plain(factor)}"
    fees = [f"{_plain(fee)} USD per {word}" for key, word in _FEES.items() if (fee := getattr(price, key)) is not None]
    if fees:
        yield "fees", ", ".join(fees)
    yield from _other_days(price, rows, at_ms)


def _other_days(price: TokenPrice, rows: Sequence[TokenPrice], at_ms: int) -> Iterator[tuple[str, str]]:
    days = sorted({row.from_ms for row in rows if row.from_ms < price.from_ms})
    for day, end in zip(days, [*days[1:], price.from_ms], strict=False):
        earlier = next(row for row in reversed(rows) if row.from_ms == day)
        yield f"until {_day(end)}", f"{_amounts(earlier)} ({earlier.source})"
    change_ms = next_change_ms(rows, at_ms)
    following = None if change_ms is None else in_force(rows, change_ms)
    if change_ms is not None and following is not None:
        yield f"from {_day(change_ms)}", f"{_clock(change_ms // 60_000 % 1440)} UTC: {_amounts(following)}"


def _tier_name(tier: PriceTier) -> str:
    above = f"above {tier.above_input_tokens:,}" if tier.above_input_tokens else ""
    return " ".join(word for word in (tier.service_tier, above) if word)


def _amounts(price: TokenPrice) -> str:
    return "free, as declared" if price.free else f"{_rates(price)} USD per million tokens"


def _rates(price: TokenPrice | PriceTier) -> str:
    left_out = ("output",) if isinstance(price, TokenPrice) and price.input_only else ()
    stated = [
        f"{_plain(rate)} {name}" if key in ("input", "output") else f"{name} {_plain(rate)}"
        for key, name in _NAMES.items()
        if key not in left_out and (rate := getattr(price, key)) is not None
    ]
    return ", ".join(stated)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _day(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"

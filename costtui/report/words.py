"""Amounts, times and sizes as people read them; standard library only. None is `?`, and nothing nonzero looks 0."""

from datetime import UTC, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")
UNKNOWN = "?"


def money(usd: Decimal | float | None, *, more: bool = False, estimated: bool = False, ascii_only: bool = False) -> str:
    """USD with two decimals: `27.03`, `<0.01` for less than a cent, `?` for unknown.

    `more` marks a sum of which parts are unknown (`≥`, in ASCII `>=`), `estimated` one that was inferred (`~`).
    """
    if usd is None:
        return UNKNOWN
    amount = Decimal(usd)
    least = ">=" if ascii_only else "≥"
    marks = (least if more else "") + ("~" if estimated else "")
    if 0 < amount < CENT:
        return f"{marks}<0.01" if not more else f"{marks}{fine(amount)}"
    if -CENT < amount < 0:
        return f"{marks}>-0.01"
    return f"{marks}{amount.quantize(CENT, ROUND_HALF_EVEN)}"


def fine(usd: Decimal | float | None) -> str:
    """A small price, such as USD per million tokens: two significant digits below 0.10, two decimals from there."""
    if usd is None:
        return UNKNOWN
    amount = Decimal(usd)
    if amount == 0 or abs(amount) >= Decimal("0.1"):
        return f"{amount.quantize(CENT, ROUND_HALF_EVEN)}"
    places = 1 - amount.adjusted()
    return f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):f}"


def short_money(usd: Decimal | float | None) -> str:
    """Whole dollars from 100 on, tenths from 10, else as `money`: for places where every column counts."""
    if usd is None:
        return UNKNOWN
    amount = Decimal(usd)
    if abs(amount) >= 100:
        return f"{amount.quantize(Decimal(1), ROUND_HALF_EVEN)}"
    if abs(amount) >= 10:
        return f"{amount.quantize(Decimal('0.1'), ROUND_HALF_EVEN)}"
    return money(amount)


def percent(ratio: Decimal | float | None) -> str:
    """A ratio in whole percent; `<1%` for what is not quite nothing, `?` for unknown."""
    if ratio is None:
        return UNKNOWN
    hundredths = Decimal(ratio) * 100
    return "<1%" if 0 < hundredths < 1 else f"{hundredths.quantize(Decimal(1), ROUND_HALF_EVEN)}%"


def duration(seconds: Decimal | float | None) -> str:
    """`47s`, `12m`, `2h05`, `3d04h`: two units at most."""
    if seconds is None:
        return UNKNOWN
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return f"{whole}s"
    if hours < 1:
        return f"{minutes}m"
    if days < 1:
        return f"{hours}h{minutes % 60:02d}"
    return f"{days}d{hours % 24:02d}h"


def count(number: Decimal | float | None) -> str:
    """`950`, `1.2k`, `34M`: a count or rate in at most four characters and a point."""
    if number is None:
        return UNKNOWN
    value = Decimal(number)
    if 0 < value < 10 and value != value.to_integral_value():
        return f"{value:.1f}"
    for unit in ("", "k", "M", "G"):
        if value < 1000 or unit == "G":
            return f"{value:.0f}{unit}" if not unit or value >= 10 else f"{value:.1f}{unit}"
        value /= 1000
    return UNKNOWN


def size(number: int | None) -> str:
    """Bytes as GiB or MiB."""
    if number is None:
        return UNKNOWN
    return f"{number / 2**30:.0f}G" if number >= 10 * 2**30 else f"{number / 2**20:.0f}M"


def provider_words(name: str) -> str:
    """A provider of the catalogue as it is shown: `novita via hf` for one that Hugging Face routes to."""
    router, _, host = name.partition("_")
    return f"{host} via hf" if router == "huggingface" and host else name


def moment(iso: str | None) -> datetime | None:
    """An ISO time of the picture as an aware datetime."""
    return None if iso is None else datetime.fromisoformat(iso)


def clock(iso: str | None, zone: tzinfo = UTC, today: str | None = None) -> str:
    """Local `22:17`, with the weekday when it is another day than `today`, with the date beyond six days."""
    at = moment(iso)
    if at is None:
        return UNKNOWN
    here = at.astimezone(zone)
    reference = moment(today)
    days = abs((here.date() - reference.astimezone(zone).date()).days) if reference else 0
    if days == 0:
        return f"{here:%H:%M}"
    return f"{here:%a %H:%M}" if days < 7 else f"{here:%Y-%m-%d %H:%M}"

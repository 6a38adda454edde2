"""Where today's volume stands: own GPUs, a dedicated endpoint and prices by the token, side by side."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from costtui.analysis.breakeven import DAYS_PER_MONTH, MILLION, Own, Price, Stair, crossing, days_until, per_day, stair
from costtui.analysis.breakeven_setting import Setting

Word = Literal["pays now", "not yet", "never", "?"]

USES = (100, 40, 10)
QUALITY = "equal quality is assumed: a weaker model that costs less is no saving"
OBJECTIVE = "full load is assumed to keep your latency objective: where it does not, take a lower capacity"


@dataclass(frozen=True, slots=True)
class Against:
    """Own GPUs against one price. None: not known, or `word` is `never`."""

    price: Price
    blended: Decimal
    """USD per million tokens of this mix."""
    usd_per_month: Decimal | None
    """What today's volume costs there."""
    saves_usd_per_month: Decimal | None
    """Own GPUs against it, at today's volume; negative where they cost more."""
    tokens_per_day: Decimal | None
    """Needed."""
    utilisation: Decimal | None
    """Needed of the GPUs' capacity: above 1 is never."""
    distance: Decimal | None
    """Today's volume less the needed, tokens a day."""
    days: Decimal | None
    """Until the needed volume at the present growth; None: not at this growth."""
    word: Word
    stair: Stair | None
    """From how many GPUs on it pays, where fixed costs spread over more of them."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of the three ways to serve today's volume."""

    name: str
    gpus: int | None
    usd_per_month: Decimal | None
    usd_per_million: Decimal | None
    capacity_tokens_per_day: Decimal | None
    """None: not known; an API's is not counted here."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The whole answer. Every figure of it is against a price that is named."""

    setting: Setting
    usd_per_month: Decimal | None
    capacity_tokens_per_day: Decimal | None
    volume_per_day: Decimal | None
    utilisation: Decimal | None
    """Volume over capacity; above 1 the volume needs more GPUs."""
    by_use: tuple[tuple[int, Decimal], ...]
    """USD per million tokens at so many percent of capacity."""
    ways: tuple[Way, ...]
    against: tuple[Against, ...]
    caveats: tuple[str, ...]


def standing_of(setting: Setting) -> Standing:
    """The answer for one setting; what cannot be known from it is None, and said."""
    own, mix, volume = setting.own, setting.mix, setting.value("volume")
    month = own.usd_per_month if own else setting.usd_per_month
    capacity = per_day(own.tokens_per_month) if own else None
    against = () if mix is None else tuple(_against(setting, own, month, price) for price in setting.prices)
    return Standing(
        setting,
        month,
        capacity,
        volume,
        volume / capacity if volume is not None and capacity else None,
        _by_use(own) if own else (),
        _ways(setting, own, against),
        against,
        _caveats(setting, own),
    )


def _by_use(own: Own) -> tuple[tuple[int, Decimal], ...]:
    costs = [(percent, own.usd_per_million(Decimal(percent) / 100)) for percent in USES]
    return tuple((percent, usd) for percent, usd in costs if usd is not None)


def _against(setting: Setting, own: Own | None, month: Decimal | None, price: Price) -> Against:
    mix, volume = setting.mix, setting.value("volume")
    assert mix is not None
    blended = price.blended(mix)
    bought = None if volume is None else volume * DAYS_PER_MONTH * blended / MILLION
    paid = own.usd_for(volume * DAYS_PER_MONTH) if own and volume is not None else month
    saves = bought - paid if bought is not None and paid is not None else None
    if month is None:
        return Against(price, blended, bought, None, None, None, None, None, "?", None)
    if own is None:
        needed = per_day(month * MILLION / blended) if blended else None
        return Against(price, blended, bought, saves, needed, None, None, None, "?", None)
    found = crossing(own, price, mix)
    steps = stair(own, price, mix)
    if found.never or found.tokens_per_day is None:
        return Against(price, blended, bought, saves, None, found.utilisation, None, None, "never", steps)
    needed = found.tokens_per_day
    days = None if volume is None else days_until(volume, setting.value("growth"), needed)
    distance = None if volume is None else volume - needed
    word: Word = "?" if saves is None else "pays now" if saves >= 0 else "not yet"
    return Against(price, blended, bought, saves, needed, found.utilisation, distance, days, word, steps)


def _ways(setting: Setting, own: Own | None, against: tuple[Against, ...]) -> tuple[Way, ...]:
    volume = setting.value("volume")
    ways = [_timed("own GPUs", own, volume, setting.usd_per_month, setting.value("gpus"))]
    if setting.value("endpoint-usd-per-hour") is not None:
        ways.append(_timed("endpoint by the hour", setting.endpoint, volume, None, None))
    ranked = sorted(against, key=lambda one: one.blended)
    bought = [Way(each.price.name, None, each.usd_per_month, each.blended, None, each.price.source) for each in ranked]
    return (*ways, *bought)


def _timed(name: str, own: Own | None, volume: Decimal | None, month: Decimal | None, gpus: Decimal | None) -> Way:
    """Capacity that is paid by time, at a volume."""
    if own is None:
        return Way(name, None if gpus is None else int(gpus), month, None, None, "its capacity is not known")
    tokens = (volume or Decimal(0)) * DAYS_PER_MONTH
    usd = own.usd_for(tokens)
    replicas = max(own.replicas_for(tokens), own.replicas)
    spare = 0 if gpus is None else int(gpus) - own.gpus
    note = f"{replicas} replicas for this volume" if replicas > own.replicas else ""
    made = per_day(own.replica.tokens_per_month * replicas)
    each = usd * MILLION / tokens if tokens else None
    return Way(name, replicas * own.replica.gpus + spare, usd, each, made, note)


def _caveats(setting: Setting, own: Own | None) -> tuple[str, ...]:
    texts = list(setting.notes)
    if setting.left_out:
        texts.append(f"not in any figure, because nobody stated it: {', '.join(setting.left_out)}")
    if own is None:
        texts.append(_why_unknown(setting))
    if setting.endpoint is not None:
        like = "" if setting.value("endpoint-output-rate") else "as fast as one replica of yours, and "
        texts.append(f"an endpoint is taken to be {like}on at all hours")
    cached = setting.value("cache-hit")
    if cached:
        texts.append("cached input is counted at the API's price for it, and as read in full by your GPUs")
    return (*texts, OBJECTIVE, QUALITY)


def _why_unknown(setting: Setting) -> str:
    lacking = [name for name in ("gpus", "usd-per-gpu-hour", "mix") if setting.value(name) is None]
    if lacking:
        return f"not known: {', '.join(lacking)}"
    if setting.replica is None:
        return "the GPUs' capacity is not known: no minute under load was seen; give prefill and decode, or output-rate"
    return "the GPUs are too few for one replica of the model"

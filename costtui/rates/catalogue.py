"""The price catalogue as dated rows. It alone imports genai_prices (0.25 s of CPU), so only the child imports it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)

from costtui.domain.clean import clean
from costtui.domain.price import PriceTier, TokenPrice
from costtui.rates.models import why_same

CATALOGUE = f"genai-prices {genai_prices.__version__}"
_OTHER_NAMES = {"xai": "x-ai", "moonshot": "moonshotai", "bedrock": "aws"}
_RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
}
_FEES = {"usd_per_request": "requests_kcount", "usd_per_web_search": "web_searches_kcount"}
_LEFT_OUT = {"storage_searches_kcount", "cache_audio_read_mtok", "cache_image_read_mtok"}
"""What no answer of a chat reports, or only inside another kind."""
_CONTEXTS = {
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "fast": {"service_tier": "fast", "speed": "fast"},
    "batch": {"processing": "batch"},
}
"""Service tiers as answers name them, and as the catalogue does."""
_ANTHROPIC_BATCH = Decimal("0.5")
"""Anthropic's price list halves every token in a batch; the catalogue states it for some models only."""


def same_model(wanted: str) -> Iterator[tuple[str, list[TokenPrice]]]:
    """Every provider's offer of the same model, with the reason why it is the same."""
    for provider in get_snapshot().providers:
        for model in provider.models:
            reason = why_same(wanted, model.id)
            if reason is not None and (rows := dated_prices(provider, model)):
                yield f"{provider.id}: {reason}", rows


def of_provider(provider: str, model: str) -> tuple[list[TokenPrice], str]:
    """The prices of one model at one provider by the catalogue's own matching; without any, the reason."""
    name, wanted = _OTHER_NAMES.get(provider, provider), model
    if provider == "huggingface":
        wanted, colon, seller = model.partition(":")
        if not colon:
            return [], 'Hugging Face charges what its provider does: write model = "MODEL:PROVIDER"'
        name = f"huggingface_{seller}"
    known = next((known for known in get_snapshot().providers if known.id == name), None)
    if known is None:
        return [], f"the catalogue has no prices of {clean(name)}"
    found = known.find_model(wanted.lower(), all_providers=get_snapshot().providers)
    if found is None:
        return [], f"the catalogue has no price of {clean(wanted)} at {clean(name)}"
    if wanted.lower().endswith(":free"):
        return [], f"only `free = true` in [prices] makes {clean(wanted)} free"
    rows = dated_prices(known, found)
    return rows, "" if rows else _why_none(found)


def _why_none(model: ModelInfo) -> str:
    prices = model.prices if isinstance(model.prices, ModelPrice) else model.prices[-1].prices
    apart = sorted(key.rsplit("_", 1)[0].replace("_", " ") for key in _stated(prices) - _known())
    return f"{clean(model.id)} charges {', '.join(apart) or 'nothing by the token'}, which no answer tells apart"


def _known() -> set[str]:
    return {*_RATES.values(), *_FEES.values(), *_LEFT_OUT}


def _stated(prices: ModelPrice) -> set[str]:
    return {key for key, value in prices.__dict__.items() if value is not None}


def dated_prices(provider: Provider, model: ModelInfo) -> list[TokenPrice]:
    """A row per day on which something changed, and one more for each hours of the day that have their own price.

    Nothing for a model that is free, not priced by the token, or that charges for what no answer tells apart.
    """
    plain = replace(model, prices=_all_day(model))
    rows: list[TokenPrice] = []
    for day in (date(1970, 1, 1), *sorted(_starts(model))):
        if (row := _row(provider, plain, day)) is not None and not (rows and _same_but_day(rows[-1], row)):
            rows.append(row)
    return [each for row in rows for each in (row, *_by_hours(provider, model, row))]


def _by_hours(provider: Provider, model: ModelInfo, day: TokenPrice) -> Iterator[TokenPrice]:
    """The catalogue's hours have no day: they hold on all of them."""
    for each in model.prices if not isinstance(model.prices, ModelPrice) else ():
        if isinstance(each.constraint, TimeOfDateConstraint):
            hours = _minute(each.constraint.start_time), _minute(each.constraint.end_time)
            row = _row(provider, replace(model, prices=each.prices), date(1970, 1, 1))
            if row is not None:
                yield replace(row, from_ms=day.from_ms, source=f"{day.source}, by the hour", hours=hours)


def _minute(at: time) -> int:
    """Of the UTC day; a time without a zone is UTC."""
    offset = at.utcoffset()
    return (at.hour * 60 + at.minute - (int(offset.total_seconds()) // 60 if offset else 0)) % 1440


def _all_day(model: ModelInfo) -> list[ConditionalPrice]:
    dated = [ConditionalPrice(prices=model.prices)] if isinstance(model.prices, ModelPrice) else model.prices
    return [each for each in dated if not isinstance(each.constraint, TimeOfDateConstraint)]


def _starts(model: ModelInfo) -> set[date]:
    """Days on which a price or a service tier's price begins; the first price is for all days before, too."""
    constraints = [each.constraint for each in _all_day(model)[1:]]
    constraints += [variant.constraint for variant in model.price_variants or ()]
    return {each.start_date for each in constraints if isinstance(each, StartDateConstraint)}


def _same_but_day(one: TokenPrice, other: TokenPrice) -> bool:
    return replace(one, from_ms=0, source="") == replace(other, from_ms=0, source="")


def _row(provider: Provider, model: ModelInfo, day: date) -> TokenPrice | None:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    prices = model.get_prices(at)
    rates = _rates(prices, 0)
    if rates["input"] is None or _stated(prices) - _known():
        return None
    output = rates.pop("output")
    tiers = [PriceTier(above, **_rates(prices, above)) for above in _thresholds(prices)]
    for name, context in _CONTEXTS.items():
        special = model.get_prices(at, context)
        if _differs(prices, special):
            steps = [0, *_thresholds(special)]
            tiers += [PriceTier(above, **_rates(special, above), service_tier=name) for above in steps]
    halved = provider.id == "anthropic" and not any(tier.service_tier == "batch" for tier in tiers)
    fees: dict[str, Any] = {kind: _fee(prices, key) for kind, key in _FEES.items()}
    return TokenPrice(
        provider.id,
        model.id,
        output=Decimal(0) if output is None else output,
        from_ms=int(at.timestamp() * 1000),
        source=f"catalogue {CATALOGUE}" + (f", from {day:%Y-%m-%d}" if at.timestamp() else ""),
        tiers=tuple(tiers),
        factors=(("batch", _ANTHROPIC_BATCH),) if halved else (),
        input_only=output is None,
        **rates,
        **fees,
    )


def _differs(standard: ModelPrice, special: ModelPrice) -> bool:
    return any(standard.__dict__.get(key) != special.__dict__.get(key) for key in _RATES.values())


def _thresholds(prices: ModelPrice) -> list[int]:
    tiered = [value for key in _RATES.values() if isinstance(value := prices.__dict__.get(key), TieredPrices)]
    return sorted({tier.start for value in tiered for tier in value.tiers})


def _rates(prices: ModelPrice, above: int) -> dict[str, Any]:
    """Every kind's rate just above so many input tokens."""
    return {kind: _at(prices.__dict__.get(key), above) for kind, key in _RATES.items()}


def _at(value: object, above: int) -> Decimal | None:
    """Nine decimals, because some prices were once floats (1.0399999999999998)."""
    if isinstance(value, TieredPrices):
        value = next((tier.price for tier in reversed(value.tiers) if 0 < tier.start <= above), value.base)
    if value is None:
        return None
    amount = Decimal(str(value))
    return round(amount, 9).normalize() if amount.is_finite() else amount


def _fee(prices: ModelPrice, key: str) -> Decimal | None:
    """The catalogue's is per thousand."""
    value = _at(prices.__dict__.get(key), 0)
    return None if value is None else value / 1000

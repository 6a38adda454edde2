"""The price catalogue as dated rows. It alone imports genai_prices (0.25 s of CPU), so only the child imports it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, Provider, StartDateConstraint, TieredPrices, TimeOfDateConstraint

from costtui.domain.clean import clean
from costtui.domain.price import TokenPrice
from costtui.rates.models import why_same

CATALOGUE = f"genai-prices {genai_prices.__version__}"
_OTHER_NAMES = {"xai": "x-ai", "moonshot": "moonshotai", "bedrock": "aws"}


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
    rows = dated_prices(known, found) if found is not None else []
    return rows, "" if rows else f"the catalogue has no price of {clean(wanted)} at {clean(name)}"


def dated_prices(provider: Provider, model: ModelInfo) -> list[TokenPrice]:
    """A row per start date; hours of the day with a lower price are left out, and so is what is free or not text."""
    if isinstance(model.prices, ModelPrice):
        dated = [(0, model.prices)]
    else:
        dated = [
            (_start_ms(each.constraint) if index else 0, each.prices)
            for index, each in enumerate(model.prices)
            if not isinstance(each.constraint, TimeOfDateConstraint)
        ]
    rows = [_row(provider, model, from_ms, price) for from_ms, price in sorted(dated, key=lambda each: each[0])]
    return [row for row in rows if row is not None]


def _start_ms(constraint: object) -> int:
    if not isinstance(constraint, StartDateConstraint):
        return 0
    day = constraint.start_date
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _row(provider: Provider, model: ModelInfo, from_ms: int, price: ModelPrice) -> TokenPrice | None:
    paid, made, cached = (_base(price, key) for key in ("input_mtok", "output_mtok", "cache_read_mtok"))
    if paid is None or made is None or (not paid and not made):
        return None
    return TokenPrice(provider.id, model.id, paid, made, cached, from_ms, _source(from_ms, price))


def _base(price: ModelPrice, key: str) -> Decimal | None:
    """The first tier's price; nine decimals, because some rows were once floats (1.0399999999999998)."""
    value = price.__dict__.get(key)
    if isinstance(value, TieredPrices):
        value = value.base
    return None if value is None else round(Decimal(value), 9).normalize()


def _source(from_ms: int, price: ModelPrice) -> str:
    words = f"catalogue {CATALOGUE}"
    if from_ms:
        words += f", from {datetime.fromtimestamp(from_ms / 1000, UTC):%Y-%m-%d}"
    tiers = price.__dict__.get("input_mtok")
    if isinstance(tiers, TieredPrices) and tiers.tiers:
        words += f", base tier (up to {tiers.tiers[0].start} input tokens)"
    return words

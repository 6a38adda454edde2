"""The bundled list of token prices for what the catalogue lacks: every row with its source and date."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

from costtui.domain.price import TokenPrice

_ANY_SELLER = "; Hugging Face may choose a dearer seller"


@cache
def seeded_prices() -> tuple[TokenPrice, ...]:
    """The whole list."""
    text = files("costtui.rates").joinpath("token_prices.csv").read_text(encoding="utf-8")
    return tuple(_price(row) for row in csv.DictReader(text.splitlines()))


def seeded_for(provider: str, model: str) -> list[TokenPrice]:
    """The row of one model at one provider, in any spelling of its case."""
    wanted = (provider, model.lower())
    return [price for price in seeded_prices() if (price.provider, price.model.lower()) == wanted]


def _price(row: dict[str, str]) -> TokenPrice:
    day = datetime.strptime(row["from"], "%Y-%m-%d").replace(tzinfo=UTC)
    return TokenPrice(
        provider=row["provider"],
        model=row["model"],
        input=Decimal(row["input"]),
        output=Decimal(row["output"] or 0),
        cached_input=_amount(row["cached_input"]),
        cache_write=_amount(row["cache_write"]),
        from_ms=int(day.timestamp() * 1000),
        source=f"list {row['source']}, as of {day:%Y-%m}{_ANY_SELLER if row['provider'] == 'huggingface' else ''}",
        input_only=not row["output"],
    )


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None

"""Prices per million tokens, each with the day from which it holds."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """USD per million tokens of one model at one provider. `cached_input` None: charged as input."""

    provider: str
    model: str
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    from_ms: int = 0
    source: str = ""
    """`catalogue`, `config` or `list`, with its date."""


def cost_usd(price: TokenPrice, input_tokens: int, cached_input_tokens: int, output_tokens: int) -> Decimal:
    """Exact USD of a mix of tokens; `input_tokens` includes the cached ones."""
    cached = price.input if price.cached_input is None else price.cached_input
    fresh = input_tokens - cached_input_tokens
    return (price.input * fresh + cached * cached_input_tokens + price.output * output_tokens) / 1_000_000

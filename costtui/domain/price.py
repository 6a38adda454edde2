"""Prices per million tokens, each with the day from which it holds."""

from dataclasses import dataclass, replace
from decimal import Decimal

RATES = ("input", "output", "cached_input", "cache_write", "cache_write_1h", "input_audio", "output_audio")
"""Kinds of token that have a rate of their own."""


@dataclass(frozen=True, slots=True)
class PriceTier:
    """Rates that hold for the whole request once its input is larger than `above_input_tokens`; None: as without.

    With a `service_tier` they hold in it alone, from the first token on where `above_input_tokens` is 0, and instead
    of the price's factor for it.
    """

    above_input_tokens: int
    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    service_tier: str = ""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """USD per million tokens of one model at one provider. `cached_input` None: charged as input.

    Every other None is a price that nobody stated: usage of that kind makes the cost unknown, except that audio is
    charged as text where only text has a price, a cache write as input, and an hour's cache write as twice the input
    where the usual write has a price (Anthropic's rule).
    """

    provider: str
    model: str
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    from_ms: int = 0
    source: str = ""
    """`catalogue`, `config` or `list`, with its date."""
    cache_write: Decimal | None = None
    """Of the provider's usual cache time (Anthropic: 5 minutes)."""
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    usd_per_request: Decimal | None = None
    usd_per_image: Decimal | None = None
    usd_per_web_search: Decimal | None = None
    tiers: tuple[PriceTier, ...] = ()
    """Ascending by `above_input_tokens`."""
    factors: tuple[tuple[str, Decimal], ...] = ()
    """By service tier, what every rate is multiplied with: flex 0.5, priority 2, batch 0.5. Fees stay as they are."""
    free: bool = False
    """Declared free by the user: the one way to a cost of 0."""
    input_only: bool = False
    """Nothing is made (embeddings), so that `output` is no price: output tokens make the cost unknown."""
    hours: tuple[int, int] | None = None
    """From and until which minute of the UTC day it holds, over the same day's price without; may pass midnight."""
    discount_percent: Decimal | None = None
    """Off the price that the catalogue has at the time, of which the other fields then say nothing. Only while a
    configuration is read: a price that is in force has its discount taken off already."""


def just_above(price: TokenPrice, input_tokens: int) -> TokenPrice:
    """The price of a request whose input is just more than that: without tiers, those of services are left out."""
    reached = [tier for tier in price.tiers if not tier.service_tier and tier.above_input_tokens <= input_tokens]
    if not reached:
        return replace(price, tiers=())
    highest = max(reached, key=lambda tier: tier.above_input_tokens)
    stated = {kind: rate for kind in RATES if (rate := getattr(highest, kind)) is not None}
    return replace(price, tiers=(), **stated)


def cost_usd(price: TokenPrice, input_tokens: int, cached_input_tokens: int, output_tokens: int) -> Decimal:
    """Exact USD of a mix of tokens; `input_tokens` includes the cached ones."""
    cached = price.input if price.cached_input is None else price.cached_input
    fresh = input_tokens - cached_input_tokens
    return (price.input * fresh + cached * cached_input_tokens + price.output * output_tokens) / 1_000_000

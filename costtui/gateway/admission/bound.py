"""The most that one attempt can cost, settled per price once and then a few multiplications a request."""

from bisect import bisect_left
from typing import NamedTuple

from costtui.dialects.bounds import Bounds
from costtui.domain.card import PriceCard
from costtui.domain.money import NanoUsd

PICTURE_TOKENS = 50_000
"""gpt-4o-mini charges 48,169 for the largest picture, other models 85 to 3,000."""
TEMPLATE_TOKENS = 1_024
"""What a provider adds to a prompt: its template, and a page about tools where there are any (Anthropic: 735)."""
_MILLION = 1_000_000
_ROUNDED_UP = 2
"""Four kinds of tokens, each rounded up by half a nano-dollar at most."""
_MOST_NANO = 1 << 52
"""As an amount 4.5 million USD: the ledger keeps no larger one."""


class Dearest(NamedTuple):
    """Rates of the dearest service tier and kind of token, by the input from which they can apply."""

    above: tuple[int, ...]
    """Ascending; the first is 0."""
    input_rates: tuple[int, ...]
    """Nano-USD per million tokens, of input up to the next step, rounded up."""
    output_rates: tuple[int | None, ...]
    """None: output has no price."""
    flat_nano: int

    @classmethod
    def of(cls, card: PriceCard) -> "Dearest":
        """Of a price; made once."""
        above, input_rates, output_rates = zip(*card.dearest(), strict=True)
        return cls(above, input_rates, output_rates, card.fee_nano)

    def worst_nano(self, bounds: Bounds, body_bytes: int) -> NanoUsd | None:
        """The cost of every byte as a token, every picture at its largest and all output that may be made; None where
        there is no upper bound. Each byte of a body makes one token at most."""
        if bounds.output_tokens is None or bounds.opaque or bounds.server_calls != 0:
            return None
        tokens = body_bytes + TEMPLATE_TOKENS + bounds.pictures * PICTURE_TOKENS
        place = bisect_left(self.above, tokens) - 1
        output_rate = self.output_rates[place]
        made = bounds.output_tokens * bounds.answers
        if output_rate is None:
            if made:
                return None
            output_rate = 0
        scaled = tokens * self.input_rates[place] + made * output_rate
        nano = -(-scaled // _MILLION) + _ROUNDED_UP + self.flat_nano
        return NanoUsd(nano) if nano < _MOST_NANO else None

"""The most that one attempt can cost, settled per price once and then a few multiplications a request."""

from bisect import bisect_left
from typing import NamedTuple

from costtui.dialects.bounds import Bounds
from costtui.domain.card import PriceCard
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage

PICTURE_TOKENS = 50_000
"""gpt-4o-mini charges 48,169 for the largest picture, other models 85 to 3,000."""
TEMPLATE_TOKENS = 1_024
"""What a provider adds to a prompt: its template, and a page about tools where there are any (Anthropic: 735)."""
_PROBE = 1_000_000
_MOST_NANO = 1 << 52
"""As an amount 4.5 million USD: the ledger keeps no larger one."""
_OFFLINE = frozenset({"batch"})
"""Service tiers that no request through the gateway gets."""


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
        """Of a price; 0.2 ms."""
        price = card.price
        above = tuple(sorted({0, *(tier.above_input_tokens for tier in price.tiers)}))
        names = {"", *(name for name, _ in price.factors), *(tier.service_tier for tier in price.tiers)} - _OFFLINE
        flat = card.charge(Usage())
        steps = [(_input_rate(card, names, step), _output_rate(card, names, step)) for step in above]
        highest_in = tuple(max(rate for rate, _ in steps[: place + 1]) for place in range(len(steps)))
        made = [rate for _, rate in steps]
        highest_out = tuple(
            None if None in made else max(rate or 0 for rate in made[: place + 1]) for place in range(len(steps))
        )
        return cls(above, highest_in, highest_out, 0 if flat is None else flat.nano)

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
        nano = (tokens * self.input_rates[place] + made * output_rate) // _PROBE + 2 + self.flat_nano
        return NanoUsd(nano) if nano < _MOST_NANO else None


def _input_rate(card: PriceCard, names: set[str], above: int) -> int:
    """Of the dearest kind: fresh, cached, written for either time, or sound."""
    count = above + _PROBE
    kinds = (
        Usage(count),
        Usage(count, cached_input_tokens=count),
        Usage(count, cache_write_tokens=count),
        Usage(count, cache_write_1h_tokens=count),
        Usage(count, input_audio_tokens=count),
    )
    found = [card.charge(kind._replace(service_tier=name)) for kind in kinds for name in names]
    return max(_per_million(charge.nano, count) for charge in found if charge is not None)


def _output_rate(card: PriceCard, names: set[str], above: int) -> int | None:
    rates = []
    for name in names:
        for audio in (0, _PROBE):
            usage = Usage(above + 1, _PROBE, output_audio_tokens=audio, service_tier=name)
            charge = card.charge(usage)
            if charge is None:
                return None
            rates.append(charge.output_nano)
    return max(rates)


def _per_million(nano: int, count: int) -> int:
    return -(-nano * _PROBE // count)

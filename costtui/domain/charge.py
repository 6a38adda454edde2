"""What one attempt costs, by kind of token, each kind rounded once."""

from typing import NamedTuple

from costtui.domain.money import NanoUsd


class Charge(NamedTuple):
    """Nano-USD by kind; the cost is their sum."""

    input_nano: NanoUsd = NanoUsd(0)
    """Input that was neither read from nor written to a cache, audio included."""
    cached_input_nano: NanoUsd = NanoUsd(0)
    cache_write_nano: NanoUsd = NanoUsd(0)
    """Of both cache times."""
    output_nano: NanoUsd = NanoUsd(0)
    """With reasoning and audio."""
    flat_nano: NanoUsd = NanoUsd(0)
    """What is not by token: fees per request, image or search, a cost that the answer itself names, a share of rent."""

    @property
    def nano(self) -> NanoUsd:
        """All of it."""
        return NanoUsd(sum(self))


NO_CHARGE = Charge()

"""What a million served tokens really costs, on two named bases.

Allocation: all rent of the engine's GPUs in the window, idle and unobserved time included, and their power, over
all tokens of the window. Usage: the same GPUs' busy and low time alone, over the tokens of the observed time.
Tokens are input plus output; input includes cached tokens. GPUs that several engines share are split by the time
each of them worked; where none did there is nothing to split by and the cost of a token is unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from costtui.domain.money import NANO_PER_USD, NanoUsd, power_cost
from costtui.domain.terms import PowerTerms
from costtui.domain.tick import EngineTotals

PLACES = Decimal("0.000001")
SECONDS_PER_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class GpuCost:
    """What one GPU of an engine cost in the window. None: not known."""

    rent_nano: int | None
    worked_rent_nano: int | None
    """The busy and low parts of the rent."""
    power_nano: int | None
    engines_worked_ms: tuple[int, ...] = ()
    """Worked time of the other engines on it; empty when the engine has it for itself."""


@dataclass(frozen=True, slots=True)
class TokenCost:
    """USD per million tokens; None with a reason."""

    allocation: Decimal | None
    usage: Decimal | None
    reason: str = ""


def measure(gpus: Sequence[GpuCost] | None, totals: EngineTotals) -> TokenCost:
    """The measured cost of a million tokens; `gpus` None when it is not known which the engine holds."""
    observed = totals.input_tokens + totals.output_tokens
    served = observed + totals.gap_input_tokens + totals.gap_output_tokens
    if not gpus:
        return TokenCost(None, None, "its GPUs are not known: name them in the configuration")
    if served == 0:
        return TokenCost(None, None, "no tokens in the window")
    if any(gpu.rent_nano is None for gpu in gpus):
        return TokenCost(None, None, "the rate of its GPUs is not known")
    if any(gpu.power_nano is None for gpu in gpus):
        return TokenCost(None, None, "the price of electricity is not known")
    shares = [share(totals.worked_ms, gpu.engines_worked_ms) for gpu in gpus]
    if any(part is None for part in shares):
        return TokenCost(None, None, "shares its GPUs with an engine, and none of them worked")
    return _cost(gpus, [part or Fraction(0) for part in shares], served, observed)


def share(worked_ms: int, others_worked_ms: Sequence[int]) -> Fraction | None:
    """An engine's part of a GPU: its worked time over that of all engines on it; None if none worked."""
    if not others_worked_ms:
        return Fraction(1)
    everyone = worked_ms + sum(others_worked_ms)
    return Fraction(worked_ms, everyone) if everyone else None


def _cost(gpus: Sequence[GpuCost], shares: Sequence[Fraction], served: int, observed: int) -> TokenCost:
    pairs = list(zip(gpus, shares, strict=True))
    everything = sum(((gpu.rent_nano or 0) + (gpu.power_nano or 0)) * part for gpu, part in pairs)
    worked = sum(((gpu.worked_rent_nano or 0) + _worked_power(gpu)) * part for gpu, part in pairs)
    usage = usd_per_million(Fraction(worked), observed) if observed else None
    reason = "" if observed else "all tokens were served while nobody looked"
    return TokenCost(usd_per_million(Fraction(everything), served), usage, reason)


def _worked_power(gpu: GpuCost) -> Fraction:
    """Power of the worked time, in proportion to the rent: energy is not kept by state."""
    rent = gpu.rent_nano or 0
    return Fraction((gpu.power_nano or 0) * (gpu.worked_rent_nano or 0), rent) if rent else Fraction(0)


def usd_per_million(nano: Fraction, tokens: int) -> Decimal:
    """USD per million tokens, six decimals."""
    exact = nano * 1_000_000 / (tokens * NANO_PER_USD)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(PLACES)


def zero_load(rent_nano: int, idle_milliwatts: int | None, power: PowerTerms) -> NanoUsd | None:
    """What an hour costs when nothing is asked: all of the rent, and the power that resting takes.

    None where electricity is paid apart and its price or the resting power is not known.
    """
    if power.in_rent:
        return NanoUsd(rent_nano)
    if idle_milliwatts is None or power.usd_per_kwh is None:
        return None
    return NanoUsd(rent_nano + power_cost(idle_milliwatts * SECONDS_PER_HOUR, power.usd_per_kwh, power.pue))

"""From which volume own GPUs cost less than a price they replace.

With F what the GPUs cost a month, b what a million tokens cost where they are bought now, and K what the GPUs can make
in a month: the volume is V* = F / b, the utilisation u* = F / (b K). Above K there is no such volume: "never". A number
without the price that it replaces says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from costtui.analysis.tco import HOURS_PER_MONTH

SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600
DAYS_PER_MONTH = HOURS_PER_MONTH / 24
MILLION = Decimal(1_000_000)


def per_day(tokens_per_month: Decimal) -> Decimal:
    """To a millionth of a token: a month has 30.41666... days."""
    return round(tokens_per_month / DAYS_PER_MONTH, 6)


@dataclass(frozen=True, slots=True)
class Mix:
    """What a token is on average: so much input to one of output, and the share of the input that a cache knows."""

    input_per_output: Decimal
    cached_share: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens that are bought by the token. `cached_input` None: charged as input."""

    name: str
    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    source: str = ""

    def blended(self, mix: Mix) -> Decimal:
        """Of a million tokens of a mix: [r in (1 - h (1 - c)) + out] / (r + 1), with c = cached / input."""
        cached = self.input if self.cached_input is None else self.cached_input
        read = self.input * (1 - mix.cached_share) + cached * mix.cached_share
        return (read * mix.input_per_output + self.output) / (mix.input_per_output + 1)


@dataclass(frozen=True, slots=True)
class Replica:
    """The least number of GPUs that serve the model, and what they make together at full load."""

    gpus: int
    tokens_per_second: Decimal
    """Input and output together."""

    @classmethod
    def of_rates(cls, gpus: int, prefill: Decimal, decode: Decimal, mix: Mix) -> "Replica":
        """From how fast it reads and writes: (r + 1) / (r / P + 1 / D). Cached input is read again, to be cautious."""
        busy = mix.input_per_output / prefill + 1 / decode
        return cls(gpus, (mix.input_per_output + 1) / busy)

    @classmethod
    def of_output(cls, gpus: int, output_tokens_per_second: Decimal, mix: Mix) -> "Replica":
        """From the output of its best minute: its input came with it."""
        return cls(gpus, output_tokens_per_second * (mix.input_per_output + 1))

    @property
    def tokens_per_month(self) -> Decimal:
        """What it makes in a month without a pause."""
        return self.tokens_per_second * SECONDS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Own:
    """Capacity that is paid by time: own GPUs, or a dedicated endpoint. Volumes are tokens a month."""

    replica: Replica
    replicas: int
    usd_per_replica_month: Decimal
    fixed_usd_per_month: Decimal = Decimal(0)
    """Whatever does not grow with the replicas: staff, network, storage, software."""

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return self.replicas * self.replica.gpus

    @property
    def usd_per_month(self) -> Decimal:
        """F."""
        return self.fixed_usd_per_month + self.usd_per_replica_month * self.replicas

    @property
    def tokens_per_month(self) -> Decimal:
        """K."""
        return self.replica.tokens_per_month * self.replicas

    def usd_per_million(self, utilisation: Decimal) -> Decimal | None:
        """F / (K u): utilisation divides what is made, it never takes anything off the bill. None: nothing is made."""
        made = self.tokens_per_month * utilisation
        return self.usd_per_month * MILLION / made if made else None

    def replicas_for(self, volume: Decimal) -> int:
        """The staircase: whole replicas, never fewer than one."""
        made = self.replica.tokens_per_month
        return max(ceil(volume / made), 1)

    def usd_for(self, volume: Decimal) -> Decimal:
        """What a month of `volume` costs with as many replicas as it takes, and no fewer than there are."""
        steps = max(self.replicas_for(volume), self.replicas)
        return self.fixed_usd_per_month + self.usd_per_replica_month * steps


@dataclass(frozen=True, slots=True)
class Crossing:
    """Own capacity against one price."""

    price: Price
    blended: Decimal
    """USD per million tokens."""
    tokens_per_month: Decimal | None
    """V*; None where the price is 0: no volume ever pays."""
    utilisation: Decimal | None
    """u*, above 1 where even GPUs that never rest cost more."""

    @property
    def never(self) -> bool:
        """Whether the volume is more than the GPUs can make."""
        return self.utilisation is None or self.utilisation > 1

    @property
    def tokens_per_day(self) -> Decimal | None:
        """V* a day."""
        return None if self.tokens_per_month is None else per_day(self.tokens_per_month)


def crossing(own: Own, price: Price, mix: Mix) -> Crossing:
    """Where own capacity and a price cost the same."""
    blended = price.blended(mix)
    if blended <= 0:
        return Crossing(price, blended, None, None)
    volume = own.usd_per_month * MILLION / blended
    return Crossing(price, blended, volume, volume / own.tokens_per_month)


@dataclass(frozen=True, slots=True)
class Stair:
    """The fewest replicas that can pay, however many are bought, and from which volume they do."""

    replicas: int
    gpus: int
    tokens_per_month: Decimal


def stair(own: Own, price: Price, mix: Mix) -> Stair | None:
    """What is fixed spreads over more replicas: n >= fixed / (b K1 - c). None: a full replica earns less than it costs.

    From the volume on that needs so many of them, or that pays for so many, whichever is more.
    """
    made = own.replica.tokens_per_month
    worth = price.blended(mix) * made / MILLION
    surplus = worth - own.usd_per_replica_month
    if surplus < 0 or worth == 0 or (surplus == 0 and own.fixed_usd_per_month):
        return None
    replicas = max(ceil(own.fixed_usd_per_month / surplus), 1) if surplus else 1
    month = own.fixed_usd_per_month + own.usd_per_replica_month * replicas
    volume = max(month * made / worth, made * (replicas - 1))
    return Stair(replicas, replicas * own.replica.gpus, volume)


def growth_per_day(volumes: Sequence[Decimal]) -> Decimal | None:
    """By how many tokens a day the daily volume grows: the later half's mean less the earlier half's, over the days
    between their middles. None for fewer than four days, which tell no trend."""
    half = len(volumes) // 2
    if half < 2:
        return None
    earlier, later = volumes[:half], volumes[-half:]
    return (sum(later, Decimal(0)) - sum(earlier, Decimal(0))) / half / (len(volumes) - half)


def days_until(volume_per_day: Decimal, growth: Decimal | None, needed_per_day: Decimal) -> Decimal | None:
    """Days until a straight line reaches `needed_per_day`; 0 where it is reached; None: never at this growth."""
    if volume_per_day >= needed_per_day:
        return Decimal(0)
    if growth is None or growth <= 0:
        return None
    return (needed_per_day - volume_per_day) / growth

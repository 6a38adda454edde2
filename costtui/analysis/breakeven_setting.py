"""What a break-even is computed from: numbers with their sources, any of which can be tried otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from costtui.analysis.breakeven import Mix, Own, Price, Replica, per_day
from costtui.analysis.tco import HOURS_PER_MONTH, MONTHS_PER_YEAR, Input, Source, unknown

UNITS = {
    "volume": "tokens/day",
    "growth": "tokens/day more each day",
    "gpus": "GPUs",
    "gpus-per-replica": "GPUs",
    "usd-per-gpu-hour": "$/GPU-h",
    "fte": "positions",
    "usd-per-fte-year": "$/year",
    "other-usd-per-month": "$/month",
    "mix": "input per output",
    "cache-hit": "of input",
    "prefill": "tokens/s read",
    "decode": "tokens/s written",
    "output-rate": "output tokens/s",
    "endpoint-usd-per-hour": "$/h",
    "endpoint-output-rate": "output tokens/s",
}
"""Name of each number, which is also how `--what-if` calls it, and its unit."""


BESIDE = ("colocation", "network", "storage", "software", "setup")
"""Parts that `other-usd-per-month` stands for."""


def _covers(name: str, part: str) -> bool:
    """Whether a number by hand stands for a part that nobody had stated."""
    if name == "other-usd-per-month":
        return part in BESIDE
    return name == "usd-per-gpu-hour" and part not in BESIDE and part != "staff"


@dataclass(frozen=True, slots=True)
class Setting:
    """One model on its GPUs, and the prices that it might be bought at instead."""

    model: str
    inputs: Mapping[str, Input]
    """By the names of UNITS, all of them."""
    prices: tuple[Price, ...]
    left_out: tuple[str, ...] = ()
    """Parts of the cost that nobody has stated, and that are in no figure."""
    notes: tuple[str, ...] = ()
    """What else is to be known of the numbers."""

    def value(self, name: str) -> Decimal | None:
        """One number; None: not known."""
        return self.inputs[name].value

    def trying(self, name: str, value: Decimal) -> "Setting":
        """The same with one number by hand. Rates by hand replace a measured output, and the other way round."""
        inputs = {**self.inputs, name: replace(self.inputs[name], value=value, source=Source.WHAT_IF, note="")}
        for other in {
            "output-rate": ("prefill", "decode"),
            "prefill": ("output-rate",),
            "decode": ("output-rate",),
        }.get(name, ()):
            inputs[other] = unknown(other, UNITS[other])
        stated = [part for part in self.left_out if _covers(name, part)]
        if inputs["fte"].value is not None and inputs["usd-per-fte-year"].value is not None:
            stated.append("staff")
        return replace(self, inputs=inputs, left_out=tuple(part for part in self.left_out if part not in stated))

    def trying_utilisation(self, share: Decimal) -> "Setting":
        """The volume that makes the GPUs so busy; unchanged where their capacity is not known."""
        own = self.own
        if own is None:
            return self
        return self.trying("volume", per_day(own.tokens_per_month * share))

    @property
    def mix(self) -> Mix | None:
        """The mix of tokens; without a cache where none was measured."""
        ratio = self.value("mix")
        return None if ratio is None else Mix(ratio, self.value("cache-hit") or Decimal(0))

    @property
    def replica(self) -> Replica | None:
        """What the least number of GPUs (all, where it is not said) makes: from rates, else from the best minute."""
        mix, gpus = self.mix, self.value("gpus-per-replica") or self.value("gpus")
        if mix is None or not gpus:
            return None
        prefill, decode, output = (self.value(name) for name in ("prefill", "decode", "output-rate"))
        if prefill and decode:
            return Replica.of_rates(int(gpus), prefill, decode, mix)
        return Replica.of_output(int(gpus), output, mix) if output else None

    @property
    def fixed_usd_per_month(self) -> Decimal:
        """Staff and the rest, as far as they are known."""
        fte, salary = self.value("fte"), self.value("usd-per-fte-year")
        staff = fte * salary / MONTHS_PER_YEAR if fte is not None and salary is not None else Decimal(0)
        return staff + (self.value("other-usd-per-month") or Decimal(0))

    @property
    def usd_per_month(self) -> Decimal | None:
        """F; None where the GPUs' cost is not known."""
        gpus, hourly = self.value("gpus"), self.value("usd-per-gpu-hour")
        if gpus is None or hourly is None:
            return None
        return gpus * hourly * HOURS_PER_MONTH + self.fixed_usd_per_month

    @property
    def own(self) -> Own | None:
        """The GPUs as capacity; None where price or speed is not known, or they are too few for one replica."""
        replica, gpus, hourly = self.replica, self.value("gpus"), self.value("usd-per-gpu-hour")
        if replica is None or gpus is None or hourly is None or gpus < replica.gpus:
            return None
        replicas = int(gpus) // replica.gpus
        spare = int(gpus) - replicas * replica.gpus
        fixed = self.fixed_usd_per_month + spare * hourly * HOURS_PER_MONTH
        return Own(replica, replicas, hourly * replica.gpus * HOURS_PER_MONTH, fixed)

    @property
    def endpoint(self) -> Own | None:
        """A dedicated endpoint paid by the hour; as fast as an own replica where nobody says how fast it is."""
        hourly, output, mix = self.value("endpoint-usd-per-hour"), self.value("endpoint-output-rate"), self.mix
        replica = Replica.of_output(1, output, mix) if output and mix else self.replica
        if hourly is None or replica is None:
            return None
        return Own(replica, 1, hourly * HOURS_PER_MONTH)

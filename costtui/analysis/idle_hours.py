"""What idle GPUs cost by weekday and hour, and after how long a pause stopping one pays."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from costtui.domain.money import NANO_PER_USD, ZERO, NanoUsd, rent_for

DAYS, HOURS = 7, 24
Place = tuple[int, int]
"""Weekday (0 is Monday) and hour of the user's zone."""


@dataclass(frozen=True, slots=True)
class IdleTime:
    """One GPU in one hour of the week, while one rate held."""

    uuid: str
    place: Place
    idle_ms: int
    """A model resident and nobody asking, or nothing resident: never unknown, never unobserved."""
    usd_per_hour: Decimal | None
    """Of its contract then; None is unknown."""

    @property
    def nano(self) -> NanoUsd | None:
        """Rent of its idle time."""
        return None if self.usd_per_hour is None else rent_for(self.usd_per_hour, self.idle_ms)


@dataclass(frozen=True, slots=True)
class IdleSum:
    """Idle time and its rent. `unknown_ms` has no known rate and is in no amount."""

    idle_ms: int = 0
    nano: NanoUsd = ZERO
    unknown_ms: int = 0

    def plus(self, time: IdleTime) -> "IdleSum":
        """With one more."""
        nano = time.nano
        return IdleSum(
            self.idle_ms + time.idle_ms,
            NanoUsd(self.nano + (nano or 0)),
            self.unknown_ms + (time.idle_ms if nano is None else 0),
        )


def by_hour(times: Iterable[IdleTime]) -> dict[Place, IdleSum]:
    """The heat map."""
    found: dict[Place, IdleSum] = {}
    for time in times:
        found[time.place] = found.get(time.place, IdleSum()).plus(time)
    return found


def by_gpu(times: Iterable[IdleTime]) -> dict[str, IdleSum]:
    """By UUID."""
    found: dict[str, IdleSum] = {}
    for time in times:
        found[time.uuid] = found.get(time.uuid, IdleSum()).plus(time)
    return found


def tokens_for(nano: int, usd_per_million: Decimal) -> int | None:
    """How many tokens the money would have bought at a price; None where they are free."""
    if usd_per_million <= 0:
        return None
    return int(Decimal(nano) / NANO_PER_USD / usd_per_million * 1_000_000)


def stop_after_seconds(cold_start_seconds: int) -> int:
    """After how long a pause to stop capacity that is paid only while it is up.

    Renting it through a pause costs rate x pause, starting it anew rate x cold start. Who stops once the pause has
    cost as much as a new start never pays more than twice what somebody who knew the pause would have paid: the ski
    rental bound (Karlin et al., Competitive snoopy caching, Algorithmica 1988).
    """
    return cold_start_seconds

"""What idle GPUs cost by weekday and hour, and after how long a pause stopping one pays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from costtui.domain.money import NANO_PER_USD, ZERO, NanoUsd, rent_for

DAYS, HOURS = 7, 24
HOUR_MS, WEEK_MS = 3_600_000, 7 * 86_400_000
THURSDAY_MS = 3 * 86_400_000
"""Unix time begins on one, three days after a week does."""
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


def together(sums: Iterable[IdleSum]) -> IdleSum:
    """Of several."""
    kept = tuple(sums)
    nano = NanoUsd(sum(each.nano for each in kept))
    return IdleSum(sum(each.idle_ms for each in kept), nano, sum(each.unknown_ms for each in kept))


def by_hour(maps: Iterable[Mapping[Place, IdleSum]]) -> dict[Place, IdleSum]:
    """One heat map of several."""
    found: dict[Place, list[IdleSum]] = {}
    for places in maps:
        for place, each in places.items():
            found.setdefault(place, []).append(each)
    return {place: together(sums) for place, sums in found.items()}


def by_gpu_hour(times: Iterable[IdleTime]) -> dict[str, dict[Place, IdleSum]]:
    """A heat map of each GPU, by UUID."""
    found: dict[str, dict[Place, IdleSum]] = {}
    for time in times:
        places = found.setdefault(time.uuid, {})
        places[time.place] = places.get(time.place, IdleSum()).plus(time)
    return found


def hours_of(parts: Iterable[tuple[int, int, int]]) -> dict[Place, int]:
    """How many milliseconds of a span are in each hour of the week; `parts` as of `calendar.offsets`."""
    found: dict[Place, int] = {}
    for from_ms, to_ms, ahead_ms in parts:
        weeks = (to_ms - from_ms) // WEEK_MS
        for hour in range(DAYS * HOURS if weeks else 0):
            place = divmod(hour, HOURS)
            found[place] = found.get(place, 0) + weeks * HOUR_MS
        begin = from_ms + weeks * WEEK_MS
        while begin < to_ms:
            clock_ms = begin + ahead_ms + THURSDAY_MS
            end = min(begin + HOUR_MS - clock_ms % HOUR_MS, to_ms)
            place = divmod(clock_ms // HOUR_MS % (DAYS * HOURS), HOURS)
            found[place] = found.get(place, 0) + end - begin
            begin = end
    return found


def band(nano: int, most: int, bands: int) -> int:
    """0 where nothing was idle, else 1 to `bands`: which part of the dearest hour of the map it comes to."""
    return 0 if nano <= 0 or most <= 0 else max(1, -(-nano * bands // most))


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

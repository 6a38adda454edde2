"""Energy from the driver's counter, or from power where the counter cannot say.

A counter's difference is counted once, also over a gap: that energy was used, though the state in the gap stays
unobserved. What was integrated from power while the counter was missing is taken off when it comes back, and a
lost GPU keeps its last counter, so that nothing is billed twice.
"""

from dataclasses import dataclass, replace

from costtui.domain.reading import GpuReading

GAP_MS = 5_000
MW_MS_PER_MJ = 1_000


@dataclass(frozen=True, slots=True)
class EnergyCursor:
    """Where the energy of one GPU was counted up to."""

    at_ms: int
    counter_mj: int | None = None
    """The last known counter, however old."""
    counter_at_ms: int = 0
    power_mw: int | None = None
    """Power at `at_ms`; None when it was not known then."""
    credit_mj: int = 0
    """Energy integrated from power since the last counter: already counted."""


@dataclass(frozen=True, slots=True)
class EnergyStep:
    """Energy of one interval; None when neither counter nor power could say."""

    millijoules: int | None
    estimated: bool
    cursor: EnergyCursor


def advance(cursor: EnergyCursor | None, reading: GpuReading, at_ms: int) -> EnergyStep:
    """Energy that the GPU used between `cursor` and `at_ms`. The first reading is only a starting point."""
    if cursor is None:
        return EnergyStep(None, False, _started(reading, at_ms))
    if reading.lost:
        return EnergyStep(None, False, replace(cursor, at_ms=at_ms, power_mw=None))
    moved = replace(cursor, at_ms=at_ms, power_mw=reading.power_milliwatts)
    if reading.energy_millijoules is None:
        used = _integral(cursor, reading.power_milliwatts, at_ms)
        return EnergyStep(used, used is not None, replace(moved, credit_mj=cursor.credit_mj + (used or 0)))
    return _counted(cursor, reading.energy_millijoules, moved)


def _started(reading: GpuReading, at_ms: int) -> EnergyCursor:
    return EnergyCursor(at_ms, reading.energy_millijoules, at_ms, reading.power_milliwatts)


def _counted(cursor: EnergyCursor, counter_mj: int, moved: EnergyCursor) -> EnergyStep:
    here = replace(moved, counter_mj=counter_mj, counter_at_ms=moved.at_ms, credit_mj=0)
    if cursor.counter_mj is None:
        used = _integral(cursor, moved.power_mw, moved.at_ms)
        return EnergyStep(used, used is not None, here)
    if counter_mj < cursor.counter_mj:
        return _after_reset(cursor, counter_mj, here)
    due = counter_mj - cursor.counter_mj - cursor.credit_mj
    return EnergyStep(max(due, 0), False, replace(here, credit_mj=max(-due, 0)))


def _after_reset(cursor: EnergyCursor, counter_mj: int, here: EnergyCursor) -> EnergyStep:
    """The driver was reloaded: power over a watched span, else what the new counter holds, bounded by power.

    The bound keeps a counter that merely stumbled from billing its whole past again.
    """
    if used := _integral(cursor, here.power_mw, here.at_ms):
        return EnergyStep(used, True, here)
    powers = [power for power in (cursor.power_mw, here.power_mw) if power is not None]
    if not powers:
        return EnergyStep(None, False, here)
    bound = max(powers) * max(here.at_ms - cursor.counter_at_ms, 0) // MW_MS_PER_MJ
    return EnergyStep(max(min(counter_mj, bound) - cursor.credit_mj, 0), True, here)


def _integral(cursor: EnergyCursor, power_mw: int | None, at_ms: int) -> int | None:
    """Trapezoid of power over a watched span; one known end stands for both; None over a gap."""
    span_ms = at_ms - cursor.at_ms
    ends = [power for power in (cursor.power_mw, power_mw) if power is not None]
    if not ends or not 0 < span_ms <= GAP_MS:
        return None
    return sum(ends) * span_ms // (len(ends) * MW_MS_PER_MJ)

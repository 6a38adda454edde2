"""The agent adds up who holds the GPUs and writes it down once a minute."""

from costtui.agent.clock import Beat
from costtui.agent.holders import Holders
from costtui.domain.holder import Holder, HolderTick
from costtui.domain.reading import GpuProcess, GpuReading

NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 UTC, a whole quarter of an hour."""
ADA = GpuReading("GPU-a", 0, "H100", processes=(GpuProcess(7, None, "ada"),))


def beat(seconds: int) -> Beat:
    return Beat(NOON_MS + seconds * 1_000, 1_000, fresh=True)


def test_seconds_are_written_once_another_minute_begins() -> None:
    holders = Holders()
    told = [holders.take(beat(second), (ADA,)) for second in range(1, 121)]
    assert [number for number, ticks in enumerate(told, 1) if ticks] == [1, 60, 120]
    whole = [tick for ticks in told for tick in ticks]
    assert {tick[:3] for tick in whole} == {("GPU-a", NOON_MS, Holder("ada"))}
    assert sum(tick.held_ms for tick in whole) == 120_000


def test_what_is_left_at_the_end_is_told_once() -> None:
    holders = Holders()
    holders.take(beat(1), (ADA,))
    holders.take(beat(2), (ADA,))
    assert holders.rest() == (HolderTick("GPU-a", NOON_MS, Holder("ada"), 1_000),)
    assert holders.rest() == ()


def test_a_silent_driver_and_a_lost_gpu_say_nothing_of_holders() -> None:
    holders = Holders()
    holders.take(beat(1), None)
    holders.take(beat(2), (GpuReading("GPU-a", 0, "H100", processes=(), lost=True),))
    holders.take(beat(3), (GpuReading("GPU-a", 0, "H100"),))
    assert holders.rest() == ()

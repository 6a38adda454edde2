"""A host whose October 2026 can be worked by hand: a ledger, two GPUs with contracts, and who held them."""

from decimal import Decimal
from pathlib import Path

from costtui.domain.amount import Provenance, RateSource
from costtui.domain.attempt import Attempt, Lane
from costtui.domain.charge import Charge
from costtui.domain.gpu import GpuState
from costtui.domain.holder import NOBODY, UNKNOWN, Holder, HolderTick
from costtui.domain.money import NanoUsd
from costtui.domain.terms import Adjustment, GpuTerms, PowerTerms, Rate
from costtui.domain.tick import GpuTick
from costtui.domain.usage import Usage
from costtui.store.ledger.writer import LedgerWriter
from costtui.store.rows import KnownGpu, Second
from costtui.store.writer import TelemetryWriter
from tests.store.ledger.made import attempt

HOUR, QUARTER = 3_600_000, 900_000
OCTOBER = (1_790_812_800_000, 1_793_491_200_000)
"""2026-10-01 00:00 to 2026-11-01 00:00 UTC: 744 hours."""
NOON = OCTOBER[0] + 12 * HOUR
OPENAI = Lane("code", "gpt-5", "openai", False, "gpt-5", "chat", "k-ci", "gpt-5", "h")
BATCH = OPENAI._replace(key_id="k-shop", tag="batch")
NOVITA = Lane("chat", "novita", "novita", False, "llama-3.3-70b", "chat", "k-shop", "", "")
OWN_USER = NOVITA._replace(key_id="", tag="team=night")
LLAMA = Lane("chat", "llama", "vllm", True, "llama-3.3-70b", "chat", "k-ci", "", "")
USAGE = Usage(1_000, 100, 300, 50)
"""650 fresh, 300 cached and 50 written tokens in, 100 out."""


def charge(*nano: int) -> Charge:
    """Input, cached input, cache write, output, flat."""
    return Charge(*(NanoUsd(each) for each in nano))


def attempts() -> list[tuple[Lane, Attempt]]:
    """Metered 2 USD and 5 nano-USD, estimated 0.3 USD, one without a price, one of an own engine for 42 nano-USD."""
    first = attempt(1, 0, NOON, usage=USAGE, charge=charge(1_000_000_000, 1, 0, 250_000_000, 0))
    second = attempt(2, 0, NOON + 1, usage=USAGE, charge=charge(0, 0, 0, 749_999_999, 0))
    guessed = attempt(
        3, 0, NOON + HOUR, usage=USAGE, charge=charge(0, 0, 0, 300_000_000, 0), provenance=Provenance.ESTIMATED
    )
    dear = attempt(4, 0, NOON + HOUR, usage=USAGE, charge=None, provenance=Provenance.UNKNOWN)
    night = attempt(5, 0, NOON + 2 * HOUR, usage=USAGE, charge=charge(5, 0, 0, 0, 0))
    own = attempt(6, 0, NOON + 2 * HOUR, usage=USAGE, charge=charge(0, 0, 0, 0, 42), provenance=Provenance.ACCRUED)
    after = attempt(7, 0, OCTOBER[1], usage=USAGE, charge=charge(7, 7, 7, 7, 7))
    lanes = (OPENAI, BATCH, BATCH, NOVITA, OWN_USER, LLAMA, OPENAI)
    return list(zip(lanes, (first, second, guessed, dear, night, own, after), strict=True))


def keep_ledger(state_dir: Path, rows: list[tuple[Lane, Attempt]], now_ms: int) -> None:
    """A closed ledger with these attempts."""
    writer = LedgerWriter.open(state_dir, now_ms=now_ms, clock_ms=lambda: now_ms)
    for lane, row in rows:
        writer.settle(row._replace(lane=writer.lane(lane)))
    assert writer.committed(30)
    writer.close()


def terms(
    usd: str, from_ms: int = 0, source: RateSource = RateSource.CONTRACT, power: PowerTerms | None = None
) -> GpuTerms:
    """One rate for ever."""
    rates = (Rate(from_ms, Decimal(usd)),) if usd else ()
    return GpuTerms(rates, source, "always", power or PowerTerms(True))


def known(index: int) -> KnownGpu:
    """A GPU that was there before October."""
    return KnownGpu(f"GPU-{index}", index, "NVIDIA H100", OCTOBER[0] - HOUR, OCTOBER[1], GpuState.BUSY, OCTOBER[0])


def ticks(uuid: str, *states: GpuState) -> tuple[GpuTick, ...]:
    """Quarters of an hour from noon on, one after the other."""
    return tuple(
        GpuTick(uuid, NOON + (place + 1) * QUARTER, QUARTER, state, 50, 1, 400_000, 40, 360_000_000)
        for place, state in enumerate(states)
    )


def held(uuid: str, *holders: Holder | None) -> tuple[HolderTick, ...]:
    """The same quarters by holder; None: nothing was written down."""
    return tuple(
        HolderTick(uuid, NOON + place * QUARTER, each, QUARTER)
        for place, each in enumerate(holders)
        if each is not None
    )


def keep_gpus(state_dir: Path) -> None:
    """GPU 0 for 2.50 USD an hour all month, GPU 1 for 1 USD an hour from the 16th on, bought.

    On the first, from noon: GPU 0 busy, other, empty, lost and other for a quarter each; held by ada, by bob's job 4711
    and by nobody, and after it was lost by someone hidden. A correction of 1.25 USD on GPU 0.
    """
    writer = TelemetryWriter.open(state_dir, now_ms=OCTOBER[0])
    writer.keep_terms("GPU-0", terms("2.50"), OCTOBER[0] - HOUR)
    sixteenth = OCTOBER[0] + 15 * 24 * HOUR
    writer.keep_terms("GPU-1", terms("1.00", sixteenth, RateSource.OWNED), OCTOBER[0] - HOUR)
    states = (GpuState.BUSY, GpuState.OTHER, GpuState.EMPTY, GpuState.LOST, GpuState.OTHER)
    holders = (Holder("ada"), Holder("bob", "4711"), NOBODY, None, UNKNOWN)
    seen = ticks("GPU-0", *states)
    writer.record(Second(seen[-1].at_ms, seen, known=(known(0), known(1)), holders=held("GPU-0", *holders)))
    writer.keep_adjustments([Adjustment("GPU-0", NOON, 1_250_000_000, "contract edited")]).result(30)
    writer.close()

"""A small ledger for the commands that read it; every sum is worked by hand."""

from pathlib import Path

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage
from costtui.store.ledger.writer import LedgerWriter
from tests.store.ledger.made import attempt

OPENAI = Lane("code", "gpt-5", "openai", False, "gpt-5", "chat", "k-11111111", "gpt-5", "h")
NOVITA = Lane("chat", "novita", "novita", False, "llama-3.3-70b", "chat", "k-22222222", "", "")
LLAMA = Lane("chat", "llama", "vllm", True, "llama-3.3-70b", "chat", "k-22222222", "", "")


def charge(*nano: int) -> Charge:
    """Input, cached input, cache write, output, flat."""
    return Charge(*(NanoUsd(each) for each in nano))


def keep(state_dir: Path, rows: list[tuple[Lane, Attempt]], now_ms: int) -> None:
    """A closed ledger with these attempts."""
    writer = LedgerWriter.open(state_dir, now_ms=now_ms, clock_ms=lambda: now_ms)
    for lane, row in rows:
        writer.settle(row._replace(lane=writer.lane(lane)))
    assert writer.committed(30)
    writer.close()


def keep_four(state_dir: Path, now_ms: int) -> None:
    """Two of openai for 1,250,000,001 and 749,999,999 nano-USD, one of novita without a price, one of an own engine."""
    usage = Usage(1_000, 100, 300, 50)
    first = attempt(1, 0, now_ms - 60_000, usage=usage, charge=charge(1_000_000_000, 1, 0, 250_000_000, 0))
    second = attempt(2, 0, now_ms - 50_000, usage=usage, charge=charge(0, 0, 0, 749_999_999, 0))
    third = attempt(3, 0, now_ms - 40_000, usage=usage, charge=None, provenance=Provenance.UNKNOWN)
    own = attempt(4, 0, now_ms - 30_000, usage=usage, charge=charge(0, 0, 0, 0, 42), provenance=Provenance.ACCRUED)
    keep(state_dir, [(OPENAI, first), (OPENAI, second), (NOVITA, third), (LLAMA, own)], now_ms)

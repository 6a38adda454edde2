"""Attempts for tests, and a ledger to put them in."""

from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Lane, Outcome
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.usage import Usage, UsageSource
from costtui.store.ledger.writer import LedgerWriter

NOON_MS = 1_795_435_200_000
"""2026-11-23 12:00 UTC."""
LANES = tuple(
    Lane(f"route-{number % 3}", f"target-{number}", provider, hosted, f"model-{number % 4}", "chat", "key-1", "m", "h")
    for number, (provider, hosted) in enumerate(
        [("openai", False), ("openai", False), ("anthropic", False), ("vllm", True), ("vllm", True)]
    )
)


def attempt(attempt_id: int, lane: int = 1, at_ms: int = NOON_MS, **changes: object) -> Attempt:
    """An ordinary one that ended at `at_ms`."""
    made = Attempt(
        attempt_id=attempt_id,
        request_id=attempt_id,
        lane=lane,
        started_ms=at_ms - 800,
        duration_ms=800,
        ttft_ms=120,
        outcome=Outcome.OK,
        status=200,
        stream=True,
        usage=Usage(812, 240, 100),
        usage_source=UsageSource.REPORTED,
        disputed=False,
        charge=Charge(NanoUsd(812_000), NanoUsd(1_000), NanoUsd(0), NanoUsd(240_000), NanoUsd(0)),
        provenance=Provenance.METERED,
        saved_nano=None,
        user_id="u_3f2a9b1c",
        reason="weighted: 70 % of chat",
    )
    return made._replace(**changes)  # type: ignore[arg-type]  # names are checked by the tuple itself


def any_attempt(attempt_id: int, lane: int, at_ms: int, dice: Random) -> Attempt:
    """One of every kind, by chance."""
    unknown = dice.random() < 0.2
    charge = Charge(*(NanoUsd(dice.randrange(10**7)) for _ in range(5)))
    return attempt(
        attempt_id,
        lane,
        at_ms,
        request_id=attempt_id - (dice.random() < 0.1),
        outcome=dice.choice(list(Outcome)),
        usage=Usage._make((*(dice.randrange(5_000) for _ in range(10)), dice.choice(["", "flex"]), None)),
        usage_source=dice.choice(list(UsageSource)),
        charge=None if unknown else charge,
        provenance=Provenance.UNKNOWN if unknown else dice.choice([Provenance.METERED, Provenance.ESTIMATED]),
        ttft_ms=dice.choice([None, dice.randrange(9_000)]),
        saved_nano=dice.choice([None, NanoUsd(dice.randrange(1_000))]),
        user_id=f"u_{dice.randrange(9)}",
        disputed=dice.random() < 0.1,
        stream=dice.random() < 0.5,
    )


def begin(state_dir: Path, at_ms: int = NOON_MS, clock_ms: Callable[[], int] | None = None) -> LedgerWriter:
    """A writer whose clock stands still."""
    return LedgerWriter.open(state_dir, now_ms=at_ms, clock_ms=clock_ms or (lambda: at_ms))


def written(state_dir: Path, attempts: Iterable[Attempt], at_ms: int = NOON_MS) -> None:
    """A ledger with these attempts, closed again; their lanes are numbers of LANES."""
    writer = begin(state_dir, at_ms)
    numbers = [writer.lane(lane) for lane in LANES]
    for each in attempts:
        writer.settle(each._replace(lane=numbers[each.lane]))
    assert writer.committed(30)
    writer.close()

"""What an attempt may cost at most, written down before it is sent: a hold whose process died becomes an attempt."""

from collections.abc import Iterable
from typing import NamedTuple

from costtui.domain.amount import Provenance
from costtui.domain.attempt import Attempt, Outcome
from costtui.domain.charge import Charge
from costtui.domain.money import NanoUsd
from costtui.domain.usage import NO_USAGE, UsageSource
from costtui.store.ledger.epoch import COUNTER_BITS


class SpooledHold(NamedTuple):
    """As a spool keeps it."""

    attempt_id: int
    request_id: int
    lane: int
    started_ms: int
    nano: NanoUsd
    """The worst case."""


def lost(hold: SpooledHold) -> Attempt:
    """The attempt that nobody settled, charged in full. It counts when it began: the same however often it is made."""
    return Attempt(
        attempt_id=hold.attempt_id,
        request_id=hold.request_id,
        lane=hold.lane,
        started_ms=hold.started_ms,
        duration_ms=0,
        ttft_ms=None,
        outcome=Outcome.LOST,
        status=0,
        stream=False,
        usage=NO_USAGE,
        usage_source=UsageSource.ESTIMATED,
        disputed=False,
        charge=Charge(flat_nano=hold.nano),
        provenance=Provenance.ESTIMATED,
        saved_nano=None,
        user_id="",
        reason="costtui ended while it ran: charged at the most it may have cost",
    )


class HoldsOfOthers:
    """Holds read out of other processes' spool files, until they settle or their process has ended."""

    def __init__(self) -> None:
        self._open: dict[int, SpooledHold] = {}

    def opened(self, hold: SpooledHold) -> None:
        """One that was read; the same one may be read again."""
        self._open[hold.attempt_id] = hold

    def settled(self, attempt_id: int) -> None:
        """Its attempt was read."""
        self._open.pop(attempt_id, None)

    def lost_outside(self, living: Iterable[int]) -> list[SpooledHold]:
        """Those of processes whose epochs are not among `living`."""
        if not self._open:
            return []
        alive = frozenset(living)
        return [hold for hold in self._open.values() if hold.attempt_id >> COUNTER_BITS not in alive]

    def of(self, epoch: int) -> bool:
        """Whether a process has holds that are open."""
        return any(attempt_id >> COUNTER_BITS == epoch for attempt_id in self._open)

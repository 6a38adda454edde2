"""What the host's GPUs cost in a window that is over, and how much of it whoever held them had."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from costtui.analysis.rent import edges, owed_ms, terms_at
from costtui.domain.amount import RateSource
from costtui.domain.gpu import GpuState
from costtui.domain.holder import LOST, Holder
from costtui.domain.money import NanoUsd, apportion
from costtui.domain.terms import Adjustment, KeptTerms, Session
from costtui.domain.tick import StateTotals
from costtui.report.accounts import Account, Segment, account
from costtui.store.rows import KnownGpu

SECOND_MS = 1_000
"""A contract may change within a second; what was observed is kept by whole ones."""


class Telemetry(Protocol):
    """The part of telemetry's reader that is asked here."""

    def gpu_totals(self, from_ms: int, to_ms: int) -> dict[str, StateTotals]:
        """Time by state and energy, by UUID."""

    def holder_totals(self, from_ms: int, to_ms: int) -> dict[str, dict[Holder, int]]:
        """Milliseconds by UUID and holder."""

    def known_gpus(self) -> dict[str, KnownGpu]:
        """Every GPU that was ever introduced."""

    def terms(self) -> dict[str, tuple[KeptTerms, ...]]:
        """Terms by UUID."""

    def sessions(self, from_ms: int, to_ms: int) -> list[Session]:
        """Stretches of the host being on."""

    def adjustments(self, from_ms: int, to_ms: int) -> list[Adjustment]:
        """Corrections dated within the window."""


@dataclass(frozen=True, slots=True)
class Gpus:
    """The host's GPUs, by index, and what there is to know of them beside their readings."""

    known: tuple[KnownGpu, ...]
    kept: Mapping[str, Sequence[KeptTerms]]
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One GPU over a stretch in which no contract changes."""

    gpu: KnownGpu
    from_ms: int
    to_ms: int
    source: RateSource
    """Of the terms in force."""
    owed_ms: int
    """For how much of the stretch rent is owed."""
    account: Account


def gpus_of(telemetry: Telemetry, to_ms: int) -> Gpus:
    """Those that were there before `to_ms`, or that a contract names; sessions from the first on, as rent adds up."""
    kept = telemetry.terms()
    known = tuple(gpu for gpu in telemetry.known_gpus().values() if gpu.uuid in kept or gpu.first_seen_ms < to_ms)
    return Gpus(known, kept, tuple(telemetry.sessions(0, to_ms)))


def stretches(telemetry: Telemetry, gpus: Gpus, from_ms: int, to_ms: int) -> Iterator[Stretch]:
    """The window of every GPU, cut wherever a contract changes; adjacent windows add up to the nano-dollar.

    Before its contract begins, and as long as nobody sees it, a GPU is not there.
    """
    marks = {from_ms, to_ms}.union(*(edges(rows, from_ms, to_ms) for rows in gpus.kept.values()))
    for start, end in pairwise(sorted(marks)):
        segment = Segment(start, end, telemetry.gpu_totals(*(mark // SECOND_MS * SECOND_MS for mark in (start, end))))
        found = (_stretch(gpus, gpu, segment) for gpu in gpus.known)
        yield from (each for each in found if each.owed_ms or each.account.rent != 0 or each.account.totals)


def _stretch(gpus: Gpus, gpu: KnownGpu, segment: Segment) -> Stretch:
    rows = gpus.kept.get(gpu.uuid, ())
    terms = terms_at(rows, segment.from_ms)
    return Stretch(
        gpu,
        segment.from_ms,
        segment.to_ms,
        RateSource.UNKNOWN if terms is None else terms.source,
        owed_ms(rows, gpus.sessions, segment.from_ms, segment.to_ms),
        account(gpu.uuid, rows, gpus.sessions, [segment]),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """What one holder had of a stretch. `holder` None: who held it was not written down; money None: unknown."""

    holder: Holder | None
    rent: NanoUsd | None
    power: NanoUsd | None


def shares(stretch: Stretch, held: Mapping[Holder, int]) -> Iterator[Share]:
    """A stretch by holder, in proportion to time; the shares sum to it exactly."""
    rest_ms = max(stretch.to_ms - stretch.from_ms - sum(held.values()), 0)
    totals = stretch.account.totals
    lost_ms = min(totals.milliseconds.get(GpuState.LOST, 0), rest_ms) if totals else 0
    holders = [*held, LOST, None]
    weights = [*held.values(), lost_ms, rest_ms - lost_ms]
    rents, powers = (_parts(nano, weights) for nano in (stretch.account.rent, stretch.account.power.nano))
    for holder, weight, rent, power in zip(holders, weights, rents, powers, strict=True):
        if weight or rent or power:
            yield Share(holder, rent, power)


def _parts(nano: NanoUsd | None, weights: Sequence[int]) -> Sequence[NanoUsd | None]:
    return [None] * len(weights) if nano is None else apportion(nano, weights)

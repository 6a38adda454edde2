"""What earlier runs of the agent left in the store, so that a restart counts nothing twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from costtui.domain.alert import OpenAlert
from costtui.domain.terms import KeptTerms, Session
from costtui.domain.tick import EngineCursor
from costtui.store.reader import TelemetryReader
from costtui.store.rows import KnownGpu


@dataclass(frozen=True, slots=True)
class Past:
    """GPUs, contracts, counters, sessions and open alerts as last stored."""

    gpus: Mapping[str, KnownGpu]
    terms: Mapping[str, Sequence[KeptTerms]]
    cursors: Mapping[str, EngineCursor]
    sessions: tuple[Session, ...]
    alerts: tuple[OpenAlert, ...]

    @property
    def written_until_ms(self) -> int:
        """The last moment of which anything is stored."""
        gpus = (gpu.last_seen_ms for gpu in self.gpus.values())
        return max((*gpus, *(cursor.at_ms for cursor in self.cursors.values())), default=0)


def past(reader: TelemetryReader, now_ms: int) -> Past:
    """Read it once, at the start."""
    return Past(
        gpus=dict(reader.known_gpus()),
        terms=dict(reader.terms()),
        cursors=dict(reader.cursors()),
        sessions=tuple(reader.sessions(0, now_ms + 1)),
        alerts=tuple(reader.open_alerts()),
    )


def session_of(boot_id: str | None, boot_ms: int | None, earlier: Sequence[Session], now_ms: int) -> Session | None:
    """The present session; its beginning stays as first written, because a clock step would move it."""
    if boot_id is None or boot_ms is None:
        return None
    begun = next((session.boot_ms for session in earlier if session.boot_id == boot_id), boot_ms)
    return Session(boot_id, min(begun, now_ms), now_ms)
